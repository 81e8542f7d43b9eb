"""Tests of the trials of a sweep: who gets which, what is tried again, and what is found again."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from optuna.pruners import NopPruner
from small_sweep import write_sweep

from fer.errors import ConfigError, OutputError
from fer.sweeps import storage
from fer.sweeps.attempts import PLACE
from fer.sweeps.preview import next_settings
from fer.sweeps.search_space import settings_of
from fer.sweeps.status import status
from fer.sweeps.study import Study, read_trials
from fer.sweeps.sweep_file import read_sweep


def joined(path: Path, *, trials: int = 4, retries: int = 1) -> Study:
    url = storage.sqlite_file(path.parent / "sweep.db")
    return Study(read_sweep(path), url, trials=trials, pruner=NopPruner(), retries=retries)


def states(study: Study) -> dict[str, int]:
    return {str(state): count for state, count in status(study.sweep, study.trials, planned=0).counts.items()}


def test_workers_never_claim_the_same_trial(tmp_path: Path) -> None:
    path = write_sweep(tmp_path, parameters={"x": {"min": 1, "max": 8}})
    with ThreadPoolExecutor(3) as pool:
        studies = list(pool.map(lambda _: joined(path, trials=8), range(3)))  # begun at the same time, once
        claimed = list(pool.map(lambda i: studies[i % 3].claim(), range(9)))
    found = [trial.params["x"] for trial in claimed if trial is not None]
    assert sorted(found) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_failed_trial_is_tried_again_with_the_same_settings_and_its_error_is_kept(tmp_path: Path) -> None:
    study = joined(write_sweep(tmp_path), trials=1)
    first = study.claim()
    assert first is not None
    study.failed(first, "MemoryError", for_good=False)
    second = study.claim()
    assert second is not None
    assert (second.params, second.user_attrs[PLACE]) == (first.params, 0)
    study.failed(second, "MemoryError again", for_good=False)
    assert study.claim() is None
    (trial,) = status(study.sweep, study.trials, planned=1).trials
    assert (trial.state, list(trial.errors)) == ("failed", ["MemoryError", "MemoryError again"])


def test_a_mistake_is_not_tried_again_unless_asked_for(tmp_path: Path) -> None:
    study = joined(write_sweep(tmp_path), trials=1)
    trial = study.claim()
    assert trial is not None
    study.failed(trial, "ConfigError", for_good=True)
    assert study.claim() is None
    assert study.try_failed_again() == 1
    assert study.claim() is not None


def test_an_interrupted_trial_waits_for_the_next_worker_and_does_not_count(tmp_path: Path) -> None:
    study = joined(write_sweep(tmp_path), trials=1, retries=0)
    for _ in range(3):
        trial = study.claim()
        assert trial is not None
        study.stopped(trial)
    assert states(study) == {"not started": 1}


def test_the_trial_of_a_dead_worker_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_sweep(tmp_path)
    dead = joined(path, trials=1).claim()
    assert dead is not None
    study = joined(path, trials=1)
    assert study.claim() is None  # it may be alive
    monkeypatch.setattr("fer.sweeps.signs_of_life.GRACE", 0)
    taken = study.claim()
    assert taken is not None
    assert taken.params == dead.params
    study.done(taken, 1.0)
    (trial,) = status(study.sweep, study.trials, planned=1).trials
    assert trial.state == "done"
    assert "was killed" in trial.errors[0]


def test_a_worker_that_dies_while_it_claims_loses_no_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_sweep(tmp_path)

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("optuna.trial.Trial.set_user_attr", die)
        with pytest.raises(KeyboardInterrupt):
            joined(path, trials=1).claim()
    taken = joined(path, trials=1).claim()
    assert taken is not None
    assert taken.params == {"x": "1"}


def test_who_was_only_slow_changes_nothing_that_is_decided(tmp_path: Path) -> None:
    study = joined(write_sweep(tmp_path), trials=1)
    slow = study.claim()
    assert slow is not None
    study._study.tell(slow.number, state=study.trials[0].state.FAIL)  # as another worker does that has lost patience
    study.done(slow, 3.0)
    study.failed(slow, "too late", for_good=True)
    assert study.claim() is not None


@pytest.mark.parametrize("method", ["grid", "random", "bayes"])
def test_a_dry_run_foretells_what_is_claimed(tmp_path: Path, method: str) -> None:
    space = {"x": {"values": [1, 2, 3]}} if method == "grid" else {"x": {"min": 0.0, "max": 9.0}, "y": {"values": ["a", "b"]}}
    sweep = read_sweep(write_sweep(tmp_path, method=method, parameters=space, run_cap=3))
    foretold = next_settings(sweep, [], planned=3)
    study = joined(sweep.path, trials=3)
    claimed = [study.claim() for _ in range(3)]
    assert foretold == [settings_of(sweep.parameters, trial.params) for trial in claimed if trial is not None]
    assert len({tuple(settings.values()) for settings in foretold}) == 3


def test_more_trials_may_be_asked_for_later(tmp_path: Path) -> None:
    path = write_sweep(tmp_path, method="random", parameters={"x": {"min": 0.0, "max": 9.0}})
    study = joined(path, trials=2)
    trial = study.claim()
    assert trial is not None
    study.failed(trial, "no memory", for_good=False)
    assert study.claim() is not None  # number 1; the second attempt at 0 has number 2
    assert states(joined(path, trials=4)) == {"running": 1, "not started": 3}


def test_an_edited_file_is_another_sweep_in_the_same_storage(tmp_path: Path) -> None:
    first = joined(write_sweep(tmp_path))
    assert first.before == []
    second = joined(write_sweep(tmp_path, parameters={"x": {"values": [7]}}), trials=1)
    assert second.before == [first.sweep.name]
    assert states(second) == {"not started": 1}
    assert joined(write_sweep(tmp_path)).before == []


def test_reading_never_writes(tmp_path: Path) -> None:
    sweep, url = read_sweep(write_sweep(tmp_path)), storage.sqlite_file(tmp_path / "sweep.db")
    (tmp_path / "sweep.db").unlink()
    assert read_trials(storage.open_for_reading(url), sweep) == []
    assert not (tmp_path / "sweep.db").exists()
    joined(sweep.path)
    before = (tmp_path / "sweep.db").read_bytes()
    assert len(read_trials(storage.open_for_reading(url), sweep)) == 4
    assert (tmp_path / "sweep.db").read_bytes() == before


@pytest.mark.parametrize("text", ["nonsense", "sqlite://", "sqlite:///:memory:", "mysql://user:secret@host/base"])
def test_a_storage_that_workers_cannot_share_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected sqlite:///FILE or postgresql://") as error:
        storage.parse(text)
    assert "secret" not in str(error.value)


def test_a_missing_driver_is_one_message() -> None:
    with pytest.raises(ConfigError, match=r"needs a driver .*pip install 'ferlab\[sweep\]'"):
        storage.parse("postgresql+nonsense://host/base")


def test_a_storage_out_of_reach_is_one_message_without_the_password() -> None:
    url = storage.parse("postgresql://me:secret@127.0.0.1:1/sweeps?connect_timeout=2")
    with pytest.raises(OutputError, match="cannot be used") as error, storage.reachable(url):
        storage.open_for_reading(url)
    assert "secret" not in str(error.value)


def test_a_damaged_storage_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "sweep.db").write_text("no database " * 100)
    url = storage.sqlite_file(tmp_path / "sweep.db")
    with pytest.raises(OutputError, match="not a database"), storage.reachable(url):
        storage.open_storage(url)
