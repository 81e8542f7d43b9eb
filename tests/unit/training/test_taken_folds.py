"""This file tests that a command leaves to other processes the folds that they work on or have finished, and runs the rest."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from composing import composed

from fer.files import write_atomically
from fer.results.store import RunStore, Taken, locked
from fer.training.experiment import RunSettings, open_run
from fer.training.run import run_experiment

CONFIG = composed(
    "model=nearest_neighbour",
    "features=pixels",
    "preprocess=none",
    "data.synthetic.subjects=6",
    "data.synthetic.takes=1",
    "data.synthetic.size=24",
    "protocol.folds=3",
)


def run(output: Path, *folds: str, workers: int = 1) -> RunStore:
    """Run what is left of these folds."""
    settings = RunSettings(output=str(output), workers=workers, threads=1, folds=folds)
    return run_experiment(CONFIG, title="run", run=settings, loggers={})[0]


@contextmanager
def taken(output: Path, *folds: str) -> Iterator[RunStore]:
    """The run, of which other processes hold the locks of these folds."""
    store, _ = open_run(CONFIG, title="run", run=RunSettings(output=str(output)))
    store.folds_folder.mkdir(parents=True)
    with ExitStack() as held:
        for fold in folds:
            held.enter_context(locked(store.lock(fold), fold))
        yield store


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_fold_that_another_process_works_on_is_left_to_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], workers: int
) -> None:
    with taken(tmp_path, "00") as store:
        run(tmp_path, "00", "01", workers=workers)
        assert [fold.name for fold in store.todo()] == ["00", "02"]
        assert "Left to other processes, which are running them or have just finished: 00" in capsys.readouterr().err
    run(tmp_path)
    assert store.complete
    assert sorted(path.name for path in store.folds_folder.iterdir()) == ["00", "01", "02"]


def test_where_others_work_on_all_that_is_left_the_command_says_so(tmp_path: Path) -> None:
    with taken(tmp_path, "00", "01"), pytest.raises(Taken, match=r"00, 01: every fold that is left of .* is being run"):
        run(tmp_path, "00", "01")


def test_a_fold_that_was_finished_meanwhile_is_not_run_again(tmp_path: Path) -> None:
    store = run(tmp_path, "00")
    before = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")}
    with pytest.raises(Taken, match="was just finished by another process"), store.work("00"):
        write_atomically(store.working("00") / "predictions.csv", "anything else")
    assert {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")} == before
