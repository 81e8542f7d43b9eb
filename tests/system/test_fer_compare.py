"""This file tests `fer compare` as a user calls it."""

import json
import runpy
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fer.cli.main import main

ROOT = Path(__file__).parents[2]
MADE_UP = runpy.run_path(str(ROOT / "tests" / "unit" / "results" / "made_up_run.py"))
write_run: Callable[..., Path] = MADE_UP["write_run"]
made_up_predictions = MADE_UP["made_up_predictions"]


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four runs on the same 600 images of 30 people: two seeds of cnn, resnet, and one that is hardly better than chance."""
    monkeypatch.setenv("COLUMNS", "200")
    rows = made_up_predictions(600, subjects=30)
    for name, model, seed, share in (("cnn-0", "cnn", 0, 0.02), ("cnn-1", "cnn", 1, 0.03), ("resnet", "resnet", 0, 0.0)):
        write_run(tmp_path / name, [worse(rows, share, seed)], model=model, seed=seed)
    write_run(tmp_path / "bad", [worse(rows, 0.8, 5)], model="bad")
    return tmp_path


def worse(rows: object, share: float, seed: int) -> object:
    changed = rows.probabilities.copy()  # type: ignore[attr-defined]
    which = np.random.default_rng(seed).random(len(changed)) < share
    changed[which] = np.roll(changed[which], 1, axis=1)
    return replace(rows, probabilities=changed)  # type: ignore[type-var]


def fer(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main(["compare", *map(str, arguments)])
    return status, *capsys.readouterr()


def test_runs_are_compared_in_a_table_and_in_sentences(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown, errors = fer(capsys, outputs / "cnn-0", outputs / "resnet", outputs / "bad")
    assert (status, errors) == (0, "")
    assert "A  cnn-0" in shown
    assert "• A is better than C on synthetic by " in shown
    assert shown.count("after Holm") == 3
    assert "paired bootstrap over 30 people" in shown


def test_seeds_of_one_experiment_are_taken_together(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, shown, _ = fer(capsys, outputs / "cnn-0", outputs / "cnn-1", outputs / "bad")
    assert "seeds 0, 1 (2 runs taken together)" in shown
    assert "• A is better than B on synthetic by " in shown


def test_versus_sets_seeds_of_one_experiment_against_each_other(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown, _ = fer(capsys, outputs / "cnn-0", "--versus", outputs / "cnn-1")
    assert status == 0
    assert "B  cnn-1" in shown


def test_a_baseline_is_compared_with_every_other_run(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [outputs / name for name in ("resnet", "bad", "cnn-0")]
    _, shown, _ = fer(capsys, *runs, "--baseline", outputs / "bad", "--json")
    found = json.loads(shown)
    assert found["systems"]["A"]["runs"] == ["bad"]
    assert [(c["a"], c["b"], c["decided"]) for c in found["comparisons"]] == [("B", "A", True), ("C", "A", True)]
    assert found["comparisons"][0]["sentence"].startswith("B is better than A")


def test_wilcoxon_can_be_chosen(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, shown, _ = fer(capsys, outputs / "cnn-0", outputs / "bad", "--test", "wilcoxon", "--json")
    assert json.loads(shown)["comparisons"][0]["test"]["name"] == "exact Wilcoxon signed-rank test"


def test_the_same_command_twice_prints_the_same_and_writes_nothing(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(outputs.rglob("*"))
    first, second = (fer(capsys, outputs / "cnn-0", outputs / "bad", "--json") for _ in range(2))
    assert first == second
    assert sorted(outputs.rglob("*")) == before


def test_what_cannot_be_compared_is_one_message_and_status_2(outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(outputs / "half", [made_up_predictions(300, subjects=30)], model="half")
    for runs in (["cnn-0", "half"], ["cnn-0"], ["cnn-0", "cnn-1"], ["cnn-0", "nowhere"], ["cnn-0", "cnn-0"]):
        status, shown, errors = fer(capsys, *(outputs / run for run in runs))
        assert (status, shown) == (2, "")
        assert errors.startswith("RunError: ")
        assert errors.count("RunError") == 1


def test_the_command_imports_neither_torch_nor_hydra_nor_scipy_for_many_people(outputs: Path) -> None:
    code = (
        "import sys; from fer.cli.main import main; status = main(sys.argv[1:]); "
        "print(status, [m for m in ('torch', 'lightning', 'hydra', 'scipy') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, "compare", str(outputs / "cnn-0"), str(outputs / "bad")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr
