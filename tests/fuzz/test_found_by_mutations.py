"""This file keeps what damaged files have shown to be wrong from coming back, one test a defect."""

import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from isolated import Job, run_all
from PIL import Image

from fer.cli.main import main
from fer.data.databases.affectnet import AffectNet
from fer.data.databases.affectnet_sample import EMPTY
from fer.data.databases.expw import ExpW
from fer.data.databases.fer2013 import Fer2013
from fer.data.databases.folder import Folder
from fer.data.databases.table import Table
from fer.data.digest import files_digest
from fer.deploy.export import in_time
from fer.deploy.model import open_model, require_same_labels
from fer.errors import DatabaseDamaged, RunError, WeightsError
from fer.results.stored_run import find_runs, read_run

MADE_UP: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[1] / "unit" / "results" / "made_up_run.py"))


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small copies of the databases of this file."""
    folder = tmp_path_factory.mktemp("samples")
    for cls, name in ((AffectNet, "affectnet"), (ExpW, "expw"), (Fer2013, "fer2013"), (Table, "table"), (Folder, "folder")):
        cls.write_sample(folder / name, subjects=2)
    return folder


@pytest.fixture
def copy(samples: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of one that a test may damage."""
    return lambda name: Path(shutil.copytree(samples / name, tmp_path / name))


def change(path: Path, before: str, after: str) -> None:
    """Put a text in place of the first one like it in a file."""
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def cell(path: Path, line: int, column: int, value: str, *, separator: str = ",") -> None:
    """Change one cell of a table; lines count from 0."""
    lines = path.read_text().split("\n")
    cells = lines[line].split(separator)
    cells[column] = value
    lines[line] = separator.join(cells)
    path.write_text("\n".join(lines))


@pytest.mark.parametrize("count", ["9" * 5000, "99999999999999999999", "٣", "²", "-1", "1.5"])
def test_a_vote_count_that_nobody_gives_is_refused(copy: Callable[[str], Path], count: str) -> None:
    root = copy("fer2013")
    cell(root / "fer2013new.csv", 3, 4, count)
    with pytest.raises(DatabaseDamaged, match=r"fer2013new\.csv line 4: found the vote count"):
        Fer2013(root).records()


def test_a_cell_too_long_for_a_table_is_refused(copy: Callable[[str], Path]) -> None:
    root = copy("fer2013")
    cell(root / "fer2013new.csv", 3, 1, '"' + "x" * 200_000)
    with pytest.raises(DatabaseDamaged, match=r"fer2013new\.csv line 4"):
        Fer2013(root).records()


def test_pixels_that_wrap_around_are_refused(copy: Callable[[str], Path]) -> None:
    root = copy("fer2013")
    lines = (root / "fer2013.csv").read_text().split("\n")
    label, pixels, split = lines[1].split(",")
    lines[1] = f"{label},{' '.join(['4294967298', *pixels.split()[1:]])},{split}"
    (root / "fer2013.csv").write_text("\n".join(lines))
    database = Fer2013(root)
    with pytest.raises(DatabaseDamaged, match=r"fer2013\.csv line 2"):
        database.read(database.records()[0])


@pytest.mark.parametrize("value", ["1u2", "nan", "9" * 400, "1.5"])
def test_a_damaged_face_box_is_no_missing_one(copy: Callable[[str], Path], value: str) -> None:
    root = copy("affectnet")
    lists = next(root.rglob("training.csv"))
    cell(lists, 1, 1, value)
    database = AffectNet(root, omit=[EMPTY])
    damaged = f"affectnet/{lists.read_text().splitlines()[1].split(',')[0].rpartition('.')[0]}"
    record = next(record for record in database.records() if record.id == damaged)
    with pytest.raises(DatabaseDamaged, match=r"training\.csv: the face box of"):
        database.read(record)
    cell(lists, 1, 1, "NULL")
    assert AffectNet(root, omit=[EMPTY]).read(record).shape[0] > database.read(database.records()[-1]).shape[0]


@pytest.mark.parametrize(("column", "value"), [(6, "nan"), (6, "inf"), (2, "9" * 400), (3, "-1000000")])
def test_a_face_without_confidence_or_beyond_every_photograph_is_refused(
    copy: Callable[[str], Path], column: int, value: str
) -> None:
    root = copy("expw")
    cell(next(root.rglob("label.lst")), 0, column, value, separator=" ")
    with pytest.raises(DatabaseDamaged, match=r"label\.lst line 1"):
        ExpW(root).records()


def test_a_column_that_stands_twice_is_refused(copy: Callable[[str], Path]) -> None:
    root = copy("table")
    change(root / "faces.csv", "group", "expression")
    with pytest.raises(DatabaseDamaged, match="found the column expression twice"):
        Table(root).records()


def test_a_cell_of_a_table_with_control_characters_is_named_with_its_row(copy: Callable[[str], Path]) -> None:
    root = copy("table")
    change(root / "faces.csv", "s00,", "s\x1b00,")
    with pytest.raises(DatabaseDamaged, match=r"faces\.csv: row 2.*control characters"):
        Table(root).records()


def test_an_image_of_fer2013_in_no_expressions_folder_is_refused(tmp_path: Path) -> None:
    for path in ("train/angry/Training_1.png", "train/Training_2.png"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((48, 48), np.uint8)).save(tmp_path / path)
    with pytest.raises(DatabaseDamaged, match=r"found Training_2\.png in no expression's folder"):
        Fer2013(tmp_path).records()


def test_files_that_are_no_images_by_their_names_are_counted(copy: Callable[[str], Path]) -> None:
    root = copy("folder")
    before = Folder(root).count(Folder(root).records())
    assert "other files" not in before
    next(root.rglob("*.png")).rename(root / "train" / "x.tmp")
    assert Folder(root).count(Folder(root).records())["other files"] == 1


@pytest.mark.parametrize("instead", [os.mkdir, os.mkfifo, lambda path: os.symlink(path.name, path), lambda path: None])
def test_a_digest_waits_for_no_pipe_and_names_what_is_no_file(tmp_path: Path, instead: Callable[[Path], None]) -> None:
    instead(tmp_path / "x.png")
    with pytest.raises(DatabaseDamaged, match=r"x\.png"):
        files_digest([tmp_path / "x.png"])


def test_what_may_not_be_read_is_one_message_of_every_command(
    copy: Callable[[str], Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = copy("folder")
    run: Path = MADE_UP["write_run"](tmp_path / "outputs" / "run", MADE_UP["made_up_folds"](2, n=40))
    commands = [["data", "folder", "--root", str(root)], ["report", str(run)], ["compare", str(run), str(run)]]

    def asked() -> str:
        next(root.rglob("*.png")).parent.chmod(0)
        (run / "folds" / "00" / "card.json").chmod(0)
        return f"loaded {[main(command) for command in commands]}"

    (ended,) = run_all([Job("asked", tmp_path / "asked", asked, patience=120)], at_once=1)
    assert ended.said == "loaded [2, 2, 2]"
    said = capfd.readouterr().err + (tmp_path / "asked" / "output.txt").read_text()
    assert said.count("cannot be read (Permission denied)") == 3
    assert "Traceback" not in said


def test_a_run_folder_that_may_not_be_entered_is_named_and_hides_no_other(tmp_path: Path) -> None:
    for name in ("open", "closed"):
        MADE_UP["write_run"](tmp_path / "outputs" / name, MADE_UP["made_up_folds"](2, n=40))
    (tmp_path / "outputs" / "closed").chmod(0)

    def asked() -> str:
        found = [path.name for path in find_runs(tmp_path / "outputs")]
        with pytest.raises(RunError, match=r"closed: cannot be read \(Permission denied\)"):
            read_run(tmp_path / "outputs" / "closed")
        return f"loaded {found}"

    (ended,) = run_all([Job("asked", tmp_path / "asked", asked)], at_once=1)
    as_anybody = "import sys, isolated; from fer.cli.main import main; isolated.obey_permissions(); sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", as_anybody, "report", str(tmp_path / "outputs")]  # charts: no fork has their thread
    reported = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    (tmp_path / "outputs" / "closed").chmod(0o755)
    assert ended.said == "loaded ['open', 'closed']"
    assert reported.returncode == 2, reported.stderr
    assert "closed: cannot be read (Permission denied)" in reported.stderr
    assert "Traceback" not in reported.stderr
    assert (tmp_path / "outputs" / "index.html").is_file()


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        *(("folds.json", "labels", value) for value in ("abc", [1, 2], None, ["a\x1b"])),
        *(("folds.json", "leaky", value) for value in ("no", 1)),
        *(("folds.json", "dropped", value) for value in ([], {"contempt": "many"}, {"contempt": -1})),
        *(("folds.json", "folds", value) for value in ({}, ["00"], [{"name": "../../x"}])),
        *(("config.json", "data", value) for value in ([], "x", {"x": 1})),
        *(("config.json", "model", value) for value in (True, 3)),
        *(("provenance.json", "roots", value) for value in ([], {"x": 1})),
        *(("provenance.json", "continued", value) for value in ([], {"10:00": {}}, {"10:00": {"done": [], "versions": "2"}})),
        *(("folds/00/card.json", "seconds", value) for value in ("long", None, True)),
        *(("folds/00/card.json", "input", value) for value in ({}, {"size": 48}, [])),
    ],
)
def test_a_file_of_a_run_that_holds_something_else_is_refused_with_its_name(
    name: str, key: str, value: Any, tmp_path: Path
) -> None:
    run: Path = MADE_UP["write_run"](tmp_path / "run", MADE_UP["made_up_folds"](2, n=40))
    read_run(run)
    content = json.loads((run / name).read_text())
    (run / name).write_text(json.dumps({**content, key: value}))
    with pytest.raises(RunError, match=rf"{name.replace('.', '[.]')} is damaged"):
        read_run(run)


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5000, '{"a": ' + "9" * 5000 + "}", "null", "\ufeff{}"])
def test_json_that_python_chokes_on_is_refused(text: str, tmp_path: Path) -> None:
    run: Path = MADE_UP["write_run"](tmp_path / "run", MADE_UP["made_up_folds"](1, n=40))
    (run / "folds" / "00" / "card.json").write_text(text)
    with pytest.raises(RunError, match=r"card[.]json is damaged"):
        read_run(run)


def test_a_pipe_in_a_run_is_not_waited_for(tmp_path: Path) -> None:
    run: Path = MADE_UP["write_run"](tmp_path / "run", MADE_UP["made_up_folds"](1, n=40))
    (run / "provenance.json").unlink()
    os.mkfifo(run / "provenance.json")
    with pytest.raises(RunError, match=r"provenance[.]json is no file"):
        read_run(run)


def test_labels_in_another_order_than_those_of_the_weights_are_refused() -> None:
    require_same_labels(["a", "b"], ("a", "b"), Path("run"))
    for said in (["b", "a"], ["a"], None, "ab"):
        with pytest.raises(WeightsError, match="run is damaged: found the labels"):
            require_same_labels(said, ("a", "b"), Path("run"))


def test_a_network_of_the_box_with_labels_swapped_on_its_card_is_refused(tmp_path: Path) -> None:
    from fer.models.boxed import in_the_box

    folder = Path(shutil.copytree(in_the_box("fer2013_small"), tmp_path / "small"))
    assert open_model(folder).labels
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "labels": card["labels"][::-1]}))
    with pytest.raises(WeightsError, match="is damaged: found the labels"):
        open_model(folder)


def test_a_turn_reads_once_however_short_it_is() -> None:
    assert in_time(lambda faces: faces.astype(np.float32), np.zeros((3, 8, 8), np.uint8), seconds=0.0) == 3
