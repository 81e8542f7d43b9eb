"""This file tests `fer ensemble` and `fer evaluate` as a user calls them."""

import runpy
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fer.cli import train
from fer.cli.main import main
from fer.files import read_json

ROOT = Path(__file__).parents[2]
MADE_UP = runpy.run_path(str(ROOT / "tests" / "unit" / "results" / "made_up_run.py"))
write_run: Callable[..., Path] = MADE_UP["write_run"]
made_up_predictions = MADE_UP["made_up_predictions"]
SMALL = ["data.synthetic.subjects=8", "data.synthetic.takes=1", "data.synthetic.size=24", "protocol.folds=2", "run.threads=1"]
TINY = [*SMALL, "model.size=24", "model.stem=4", "model.widths=[8]", "trainer.epochs=1", "trainer.batch_size=8"]


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three runs on the same 600 images of 30 people, each wrong about other ones."""
    monkeypatch.setenv("COLUMNS", "80")
    rows = made_up_predictions(600, subjects=30, skill=2.0)
    for seed in range(3):
        noise = np.random.default_rng(seed).dirichlet(np.ones(7), 600).astype(np.float32)
        answers = replace(rows, probabilities=0.4 * rows.probabilities + 0.6 * noise)
        write_run(tmp_path / f"cnn-{seed}", [answers], seed=seed)
    return tmp_path


def fer(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([*map(str, arguments)])
    return status, *capsys.readouterr()


def members(outputs: Path) -> list[Path]:
    return [outputs / f"cnn-{seed}" for seed in range(3)]


def ensemble_in(outputs: Path) -> Path:
    (found,) = outputs.glob("synthetic-ensemble-*")
    return found


def test_an_ensemble_is_a_run_whose_table_ends_with_its_members(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown, errors = fer(capsys, "ensemble", *members(outputs))
    assert (status, errors) == (0, "")
    lines = shown.splitlines()
    assert "subject_independent · 1 fold · ensemble of 3" in lines
    below = [line.split() for line in lines[lines.index(next(line for line in lines if "Accuracy %  " in line)) + 2 :]]
    listed = {row[0]: row[1:] for row in below if row and row[0].startswith("cnn-")}
    assert listed.keys() == {"cnn-0", "cnn-1", "cnn-2"}
    for accuracy, gain in listed.values():
        assert float(accuracy) > 20
        assert gain.startswith("−")
    assert max(map(len, (line for line in lines if str(outputs) not in line))) <= 80
    assert str(ensemble_in(outputs) / "index.html") in shown


def test_the_same_command_again_shows_the_same_at_once(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, first, _ = fer(capsys, "ensemble", *members(outputs))
    before = {path: path.read_bytes() for path in ensemble_in(outputs).rglob("*") if path.is_file()}
    _, second, _ = fer(capsys, "ensemble", *members(outputs)[::-1])
    assert second == f"This ensemble is complete; nothing was averaged.\n\n{first}"
    assert {path: path.read_bytes() for path in ensemble_in(outputs).rglob("*") if path.is_file()} == before


def test_it_stands_apart_in_the_report_and_can_be_compared_with_a_member(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fer(capsys, "ensemble", *members(outputs), "--output", outputs / "sub")
    _, board, _ = fer(capsys, "report", outputs)
    assert "\nsynthetic · ensemble\n" in board
    status, compared, _ = fer(capsys, "compare", ensemble_in(outputs / "sub"), outputs / "cnn-0")
    assert status == 0
    assert "A is better than B on synthetic by " in " ".join(compared.split())


def test_what_does_not_fit_together_is_one_message_and_status_2(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(outputs / "half", [made_up_predictions(300, subjects=30)], model="half")
    for runs in (["cnn-0"], ["cnn-0", "half"], ["cnn-0", "cnn-0"], ["cnn-0", "nowhere"]):
        status, shown, errors = fer(capsys, "ensemble", *(outputs / run for run in runs))
        assert (status, shown) == (2, "")
        assert errors.startswith("RunError: ")
    assert not list(outputs.glob("*ensemble*"))


def test_an_ensemble_needs_neither_torch_nor_lightning(outputs: Path) -> None:
    code = (
        "import sys; from fer.cli.main import main; status = main(sys.argv[1:]); "
        "print(status, [m for m in ('torch', 'lightning') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, "ensemble", *map(str, members(outputs))]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr


def test_a_trained_run_is_evaluated_in_several_views_and_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    asked = [*TINY, "seed=[0,1]", "run.folds=[00-seed0]", f"run.output={tmp_path}/o"]
    monkeypatch.setattr(sys, "argv", ["train.py", *asked])
    train.main()
    capsys.readouterr()
    (run,) = (tmp_path / "o").iterdir()
    status, shown, errors = fer(capsys, "evaluate", run, "--tta", "flip")
    assert (status, errors) == (0, "")
    for words in ("test-time augmentation: flip", "INCOMPLETE", "one look at each face"):
        assert words in shown
    assert f"Missing  folds that {run.name} has not trained yet: 01-seed0, 00-seed1, 01-seed1" in shown
    (made,) = (tmp_path / "o").glob("*+flip-*")
    assert read_json(made / "report.json")["folds_done"] == 1
    assert fer(capsys, "evaluate", run, "--tta", "flip")[1].startswith("All trained folds are evaluated already; nothing was")
    assert fer(capsys, "evaluate", run, "--tta", "all")[0] == 2
    status, _, errors = fer(capsys, "ensemble", run, made)
    assert (status, errors.splitlines()[0].split(":")[0]) == (2, "RunError")
