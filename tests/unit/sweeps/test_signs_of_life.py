"""This file tests who counts as dead: a worker whose trial shows no other sign for a while, whatever any clock says."""

import time
from pathlib import Path

import pytest
from optuna.pruners import NopPruner
from small_sweep import write_sweep

from fer.sweeps import signs_of_life, storage
from fer.sweeps.signs_of_life import BEAT
from fer.sweeps.study import Study
from fer.sweeps.sweep_file import read_sweep


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the steady clock shows."""
    shown = [0.0]
    monkeypatch.setattr(signs_of_life.time, "monotonic", lambda: shown[0])
    return shown


def joined(path: Path) -> Study:
    url = storage.sqlite_file(path.parent / "sweep.db")
    return Study(read_sweep(path), url, trials=1, pruner=NopPruner(), retries=1)


def test_a_trial_whose_signs_go_on_stays_its_worker_s_and_one_without_is_taken_up(tmp_path: Path, seconds: list[float]) -> None:
    path = write_sweep(tmp_path)
    trial, other = joined(path).claim(), joined(path)
    assert trial is not None
    for beat in range(4):
        trial.set_user_attr(BEAT, beat)
        assert other.claim() is None
        seconds[0] += signs_of_life.GRACE
    assert other.claim() is None  # as long as it may be between two signs
    seconds[0] += 1
    taken = other.claim()
    assert taken is not None
    assert taken.params == trial.params


def test_a_clock_that_is_set_back_an_hour_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_sweep(tmp_path)
    assert joined(path).claim() is not None
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - 3600)
    other = joined(path)
    assert other.claim() is None
    monkeypatch.setattr(signs_of_life, "GRACE", 0)
    assert other.claim() is not None


def test_a_trial_that_is_carried_out_shows_signs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fer.sweeps.study.HEARTBEAT", 0.02)
    study = joined(write_sweep(tmp_path))
    trial = study.claim()
    assert trial is not None
    with study.alive(trial):
        deadline = time.monotonic() + 10
        while BEAT not in study.trials[0].user_attrs:
            assert time.monotonic() < deadline
            time.sleep(0.01)
