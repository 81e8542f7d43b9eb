"""This file tests the `fer` command and `fer report` as a user calls them."""

import csv
import json
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fer.cli.main import main

ROOT = Path(__file__).parents[2]
MADE_UP = runpy.run_path(str(ROOT / "tests" / "unit" / "results" / "made_up_run.py"))
write_run: Callable[..., Path] = MADE_UP["write_run"]
made_up_folds = MADE_UP["made_up_folds"]


def fer(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fer", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, timeout=60)


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    write_run(tmp_path / "outputs" / "synthetic-cnn", made_up_folds(2))
    write_run(tmp_path / "outputs" / "sweep" / "synthetic-svm", made_up_folds(2, skill=1.0), epochs=0)
    return tmp_path / "outputs"


def test_help_starts_without_anything_heavy() -> None:
    heavy = "('torch', 'lightning', 'hydra', 'numpy', 'scipy', 'rich', 'jinja2', 'cv2')"
    code = f"import sys; from fer.cli.main import parser; parser(); print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert found.stdout.strip() == "[]", found.stderr
    assert "report" in fer("--help").stdout


def test_results_need_neither_torch_nor_hydra_and_scipy_only_for_intervals() -> None:
    heavy = "('torch', 'lightning', 'hydra', 'scipy')"
    code = f"import sys; import fer.results.publish; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert found.stdout.strip() == "[]", found.stderr


def test_everything_is_rebuilt_from_the_predictions(outputs: Path) -> None:
    done = fer("report", cwd=outputs.parent)  # outputs is the default
    assert (done.returncode, done.stderr) == (0, "")
    assert "synthetic-cnn" in done.stdout
    assert "outputs/index.html" in done.stdout
    for run in (outputs / "synthetic-cnn", outputs / "sweep" / "synthetic-svm"):
        assert json.loads((run / "report.json").read_text())["complete"]
        assert (run / "index.html").is_file()
    with (outputs / "leaderboard.csv").open(newline="") as file:
        assert [row["run"] for row in csv.DictReader(file)] == ["synthetic-cnn", "synthetic-svm"]


def test_twice_gives_the_same_files(outputs: Path) -> None:
    fer("report", str(outputs))
    before = {path: path.read_bytes() for path in outputs.rglob("*") if path.is_file()}
    fer("report", str(outputs))
    assert {path: path.read_bytes() for path in outputs.rglob("*") if path.is_file()} == before


def test_many_runs_are_rebuilt_beside_one_another_with_the_same_end(
    outputs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("fer.cli.report.MANY", 2)
    (outputs / "sweep" / "synthetic-svm" / "folds.json").write_text("{")
    assert main(["report", str(outputs)]) == 2
    assert "folds.json is damaged" in capsys.readouterr().err
    with (outputs / "leaderboard.csv").open(newline="") as file:
        assert [row["run"] for row in csv.DictReader(file)] == ["synthetic-cnn"]


def test_a_single_run_is_printed_in_full(outputs: Path) -> None:
    done = fer("report", str(outputs / "synthetic-cnn"))
    assert done.returncode == 0
    assert "bootstrap over" in done.stdout
    assert not (outputs / "leaderboard.csv").exists()


@pytest.mark.parametrize("folder", ["empty", "missing"])
def test_no_run_is_one_message_and_status_2(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    done = fer("report", str(tmp_path / folder))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("RunError: ")
    assert "train.py" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_that_cannot_be_written_is_named_and_the_others_are_rebuilt(outputs: Path) -> None:
    (outputs / "synthetic-cnn" / "report.json").mkdir()
    done = fer("report", str(outputs))
    assert done.returncode == 2
    assert done.stderr.startswith("RunError: 1 of 2 runs are left out:")
    assert "synthetic-cnn/report.json" in done.stderr
    assert (outputs / "sweep" / "synthetic-svm" / "report.json").is_file()
    assert (outputs / "index.html").is_file()


def test_a_damaged_run_is_named_and_the_others_are_rebuilt(outputs: Path) -> None:
    path = outputs / "synthetic-cnn" / "folds" / "00" / "predictions.csv"
    path.write_bytes(path.read_bytes()[:-7])
    done = fer("report", str(outputs))
    assert done.returncode == 2
    assert done.stderr.count("RunError") == 1
    assert str(path) in done.stderr
    assert "Traceback" not in done.stderr
    assert (outputs / "sweep" / "synthetic-svm" / "index.html").is_file()
    with (outputs / "leaderboard.csv").open(newline="") as file:
        assert [row["run"] for row in csv.DictReader(file)] == ["synthetic-svm"]


def test_a_reader_that_has_seen_enough_is_no_error(outputs: Path) -> None:
    first, second = str(outputs / "synthetic-cnn"), str(outputs / "sweep" / "synthetic-svm")
    command = [sys.executable, "-m", "fer", "compare", first, "--versus", second, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_an_unknown_command_is_status_2() -> None:
    assert fer("rapport").returncode == 2
