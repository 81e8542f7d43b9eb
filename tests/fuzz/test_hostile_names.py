"""This file gives every name that a user or a stranger can choose a shape that pages, terminals and spreadsheets would obey."""

import csv
import io
import re
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer.cli.main import main
from fer.data.databases.folder import Folder
from fer.data.databases.sample_faces import sample_faces, save
from fer.deploy.listing import Csv, JsonLines, Table
from fer.deploy.predictor import Prediction
from fer.errors import ConfigError, DatabaseDamaged
from fer.records import FaceRecord
from fer.results.predictions import Predictions

MADE_UP: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[1] / "unit" / "results" / "made_up_run.py"))

HTML = "<img src=x onerror=alert(1)>\"'&amp;"
MARKUP = "[/] [bold]x[/red] [link=file:///etc]"
FORMULA = "=cmd|' /C calc'!A0"


def run_named(folder: Path, text: str) -> Path:
    """A run folder in which everything that has a name has this one: itself, labels, people, test set and images."""
    made: Predictions = MADE_UP["made_up_predictions"](60, labels=(f"a{text}", f"b{text}"), subjects=8, test_set=f"t{text}")
    named = Predictions(
        fold=made.fold,
        test_set=made.test_set,
        id=np.array([f"synthetic/{text}{i}" for i in range(len(made))], np.str_),
        subject=np.array([f"{text}{person}" for person in made.subject], np.str_),
        target=made.target,
        probabilities=made.probabilities,
        labels=made.labels,
    )
    run: Path = MADE_UP["write_run"](folder / f"run {text}".replace("/", "∕"), [named])
    return run


@pytest.mark.parametrize("text", [HTML, MARKUP, FORMULA], ids=["html", "markup", "formula"])
def test_names_are_shown_as_they_are_on_pages_and_in_the_terminal(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    run, other = run_named(tmp_path / "outputs", text), run_named(tmp_path / "others", text)
    assert main(["report", str(run)]) == 0
    assert main(["report", str(tmp_path / "outputs")]) == 0
    assert main(["compare", str(run), "--versus", str(other)]) == 0
    said = capsys.readouterr()
    assert f"a{text}" in said.out
    assert "Traceback" not in said.err
    for page in (run / "index.html", tmp_path / "outputs" / "index.html"):
        content = page.read_text(encoding="utf-8")
        assert "<img src=x" not in content
        assert not re.search(r"<script[^>]*>[^<]*onerror", content)


def test_a_name_that_a_terminal_would_obey_is_refused_where_it_is_read(tmp_path: Path) -> None:
    for face in sample_faces(("anger", "fear"), subjects=2, takes=1, size=32, seed=0):
        save(face.image, tmp_path / face.expression / f"{face.subject}.png")
    (tmp_path / "anger" / "0.png").rename(tmp_path / "anger" / "\x1b]0;owned\x07.png")
    with pytest.raises(DatabaseDamaged, match=r"\\x1b\]0;owned\\x07") as raised:
        Folder(tmp_path).records()
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\x1bb", "a\udcffb", "a\u2028b"])
@pytest.mark.parametrize("field", ["id", "subject", "group", "split"])
def test_no_record_has_a_name_of_several_lines_or_none_that_can_be_written(name: str, field: str) -> None:
    fields = {"id": "a/1", "source": "1.png", "expression": "anger"} | {field: name}
    with pytest.raises(DatabaseDamaged, match="expected a name that is text on one line"):
        FaceRecord(**fields)


def test_an_error_shows_what_a_terminal_would_obey_and_keeps_its_lines() -> None:
    assert str(ConfigError("a\x1b[31mb\n    c\x07\udcff")) == r"ConfigError: a\x1b[31mb" + "\n    c" + r"\x07\udcff"


@pytest.mark.parametrize("name", ["=1+1.png", "+1.png", "-1.png", "@SUM(1).png", "\t=1.png"])
def test_no_picture_is_a_formula_in_a_spreadsheet(name: str) -> None:
    listing = Csv(["anger", "fear"])
    (line,) = listing.lines(Prediction(name, (), size=(1, 1)))
    cell = next(csv.reader(io.StringIO(line)))[0]
    assert cell[0] not in "=+-@\t\r"
    assert Path(cell).name == name.replace("\t", r"\t")


def test_a_picture_of_any_name_is_one_line_in_every_listing() -> None:
    prediction = Prediction("a\nb\x1b[31m\udcff.png", (), size=(1, 1))
    for listing in (Table(["anger"]), JsonLines(["anger"]), Csv(["anger"])):
        (line,) = listing.lines(prediction)
        assert line.encode("utf-8").isascii()
        assert "\n" not in line
        assert "\x1b" not in line
