"""Tests of carrying out trials: programs that end well, badly, early or never, and workers that are killed."""

import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import small_sweep
from small_sweep import foresee, work_on, write_sweep

from fer.errors import DatabaseNotFound, RunError
from fer.files import write_json
from fer.results.store import locked
from fer.sweeps.objective import measured
from fer.sweeps.status import status
from fer.sweeps.storage import open_for_reading, parse
from fer.sweeps.study import read_trials
from fer.sweeps.sweep_file import read_sweep
from fer.sweeps.table import print_status, short_names


def starts(folder: Path) -> Counter[str]:
    """How often the program was started for each x."""
    return Counter((folder / "out" / "starts").read_text().split())


def until(happened: Callable[[], bool]) -> None:
    """Wait, not forever."""
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def lives(process: int) -> bool:
    """Whether a process is there and no zombie."""
    state = Path(f"/proc/{process}/stat")
    return state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_a_sweep_ends_with_its_trials_by_rank_and_the_best_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    standing = work_on(write_sweep(tmp_path), workers=2)
    assert [(trial.settings["x"], trial.value) for trial in standing.trials] == [("3", 0), ("2", 1), ("4", 1), ("1", 4)]
    assert standing.chosen is standing.trials[0]
    assert starts(tmp_path) == {"1": 1, "2": 1, "3": 1, "4": 1}
    print_status(standing, tmp_path / "nowhere")
    assert "Chosen   trial 2, val_loss 0.0000 on validation" in capsys.readouterr().out


def test_a_run_that_is_complete_already_is_not_started_again(tmp_path: Path) -> None:
    work_on(write_sweep(tmp_path))
    again = work_on(write_sweep(tmp_path, parameters={"x": {"values": [3, 2, 5]}}))
    assert again.counts == {"done": 3}
    assert starts(tmp_path) == {"1": 1, "2": 1, "3": 1, "4": 1, "5": 1}


def test_two_trials_that_are_the_same_run_take_turns(tmp_path: Path) -> None:
    parameters = {"x": {"value": 1}, "seed": {"values": ["0", "00", "000"]}}  # which the program does not look at
    standing = work_on(write_sweep(tmp_path, words=["pause=0.1"], parameters=parameters), workers=3)
    assert standing.counts == {"done": 3}
    assert starts(tmp_path) == {"1": 1}


def test_a_mistake_of_the_user_is_kept_and_not_tried_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    standing = work_on(write_sweep(tmp_path, words=["end=error"], parameters={"x": {"value": 1}}))
    assert [list(trial.errors) for trial in standing.trials] == [["ConfigError: x: found 1\n    expected 2"]]
    assert starts(tmp_path) == {"1": 1}
    capsys.readouterr()
    print_status(standing, tmp_path)
    assert "trial 0 failed: ConfigError: x: found 1" in capsys.readouterr().out


def test_a_program_that_was_killed_is_tried_again(tmp_path: Path) -> None:
    standing = work_on(write_sweep(tmp_path, words=["end=crash"], parameters={"x": {"values": [1, 2]}}))
    assert standing.counts == {"done": 2}
    assert all("SIGKILL" in trial.errors[0] for trial in standing.trials)
    assert set(starts(tmp_path).values()) == {2}


def test_a_program_that_leaves_no_run_has_failed(tmp_path: Path) -> None:
    standing = work_on(write_sweep(tmp_path, words=["end=nothing"], parameters={"x": {"value": 1}}))
    assert "left no complete run" in standing.trials[0].errors[0]


@pytest.mark.parametrize(("finished", "programs"), [(True, 1), (False, 2)])
def test_a_run_that_a_command_of_the_user_s_is_at_is_waited_for_and_finished(
    tmp_path: Path, finished: bool, programs: int
) -> None:
    parameters = {"x": {"value": 1}}
    work_on(write_sweep(tmp_path, words=[f"run.output={tmp_path}/elsewhere"], parameters=parameters))
    store, complete = (foresee([f"run.output={tmp_path / name}", "x=1"]) for name in ("out", "elsewhere"))
    store.folds_folder.mkdir(parents=True)
    for name in ("folds.json", "config.json"):
        shutil.copy(complete.folder / name, store.folder)

    def end_later(user: ExitStack) -> None:
        """The user's command ends, its fold done or not, when the sweep's own program has left the fold to it."""
        until(lambda: any("Taken" in log.read_text() for log in tmp_path.rglob("*.log")))
        time.sleep(0.1)
        assert starts(tmp_path) == {"1": 1}
        if finished:
            shutil.copytree(complete.folds_folder / "00", store.folds_folder / "00")
        user.close()

    with ExitStack() as user, ThreadPoolExecutor(1) as pool:
        user.enter_context(locked(store.lock("00"), "fold 00"))
        ended = pool.submit(end_later, user)
        standing = work_on(write_sweep(tmp_path, words=["end=taken"], parameters=parameters))
        ended.result()
    assert [(trial.state, trial.value, list(trial.errors)) for trial in standing.trials] == [("done", 4, [])]
    assert starts(tmp_path) == {"1": programs}


def test_what_cannot_begin_has_failed_with_its_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(overrides: Any) -> Any:
        if "x=2" in overrides:
            raise DatabaseNotFound("CK+ is not here")
        return foresee(overrides)

    monkeypatch.setattr(small_sweep, "foresee", missing)
    standing = work_on(write_sweep(tmp_path))
    assert standing.counts == {"done": 3, "failed": 1}
    assert standing.trials[-1].errors == ["DatabaseNotFound: CK+ is not here"]


def test_hyperband_ends_what_is_worse_after_as_many_epochs(tmp_path: Path) -> None:
    path = write_sweep(
        tmp_path,
        words=["epochs=9", "pause=0.03"],  # and ten times as long where x is above 100
        parameters={"x": {"values": [3, 103]}},
        early_terminate={"type": "hyperband", "min_iter": 4},  # of nine, which is one bracket
    )
    standing = work_on(path)
    assert [(trial.settings["x"], trial.state) for trial in standing.trials] == [("3", "done"), ("103", "pruned")]
    assert not foresee([f"run.output={tmp_path}/out", "x=103"]).complete


def test_a_grid_without_a_metric_is_run_and_not_ranked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    standing = work_on(write_sweep(tmp_path, metric=None))
    assert [trial.number for trial in standing.trials] == [0, 1, 2, 3]
    assert standing.chosen is None
    print_status(standing, tmp_path / "out")
    shown = capsys.readouterr().out
    assert "run-4" in shown
    assert f"fer report {tmp_path / 'out'}" in " ".join(shown.split())


def test_a_killed_worker_takes_its_program_and_the_children_with_it(tmp_path: Path) -> None:
    path = write_sweep(tmp_path, words=["end=never", "pause=0.1"])
    url = f"sqlite:///{tmp_path}/out/sweeps/small.db"
    worker = subprocess.Popen([sys.executable, small_sweep.__file__, str(path), url], stdout=subprocess.DEVNULL)
    written = tmp_path / "out" / "children"
    until(lambda: written.exists() and len(written.read_text().split()) == 2)
    processes = [int(text) for text in written.read_text().split()]
    assert all(map(lives, processes))
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    until(lambda: not any(map(lives, processes)))


def test_an_interrupted_sweep_ends_its_program_and_puts_the_trial_back(tmp_path: Path) -> None:
    path = write_sweep(tmp_path, words=["end=never", "pause=0.1"])
    url = f"sqlite:///{tmp_path}/out/sweeps/small.db"
    worker = subprocess.Popen([sys.executable, small_sweep.__file__, str(path), url], stderr=subprocess.DEVNULL)
    written = tmp_path / "out" / "children"
    until(lambda: written.exists() and len(written.read_text().split()) == 2)
    worker.send_signal(signal.SIGINT)
    worker.wait(timeout=20)
    assert not any(map(lives, map(int, written.read_text().split())))
    sweep = read_sweep(path)
    assert status(sweep, read_trials(open_for_reading(parse(url)), sweep), planned=4).counts == {"not started": 4}


def test_the_value_of_a_run_is_the_mean_over_folds_at_the_chosen_epochs(tmp_path: Path) -> None:
    store = foresee([f"run.output={tmp_path}", "x=1"])
    folds = [{"name": name, "seed": 0, "train": [], "val": [], "tests": {}} for name in ("00", "01")]
    write_json(store.folder / "folds.json", {"folds": folds})
    write_json(store.folder / "config.json", {})
    for name, value, epoch in (("00", 0.5, 1), ("01", 0.9, 2)):
        folder = store.folds_folder / name
        write_json(folder / "card.json", {"selection": {"monitor": "val_macro_f1", "value": value, "epoch": epoch}})
        (folder / "history.csv").write_text("epoch,val_loss,val_macro_f1\n0,4,0.5\n1,2,0.9\n2,1,0.1\n")
    assert measured(store, "val_macro_f1") == pytest.approx(0.7)
    assert measured(store, "val_loss") == pytest.approx(3)
    with pytest.raises(RunError, match="fold 00 has no val_accuracy; validation left val_macro_f1"):
        measured(store, "val_accuracy")


def test_a_training_that_diverged_has_no_value(tmp_path: Path) -> None:
    store = foresee([f"run.output={tmp_path}", "x=1"])
    write_json(store.folder / "folds.json", {"folds": [{"name": "00", "seed": 0, "train": [], "val": [], "tests": {}}]})
    write_json(store.folder / "config.json", {})
    write_json(store.folds_folder / "00" / "card.json", {"selection": {"monitor": "val_macro_f1", "value": 0.1, "epoch": 1}})
    (store.folds_folder / "00" / "history.csv").write_text("epoch,val_loss\n0,nan\n")
    with pytest.raises(RunError, match="has diverged"):
        measured(store, "val_loss")


def test_columns_are_named_as_shortly_as_they_differ() -> None:
    assert short_names(["optim.optimizer.lr", "model"]) == ["lr", "model"]
    assert short_names(["optim.optimizer.lr", "other.lr"]) == ["optimizer.lr", "other.lr"]
    assert short_names([]) == []
