"""This file defines Study, the trials of a sweep in its storage, which any number of workers take from and add to."""

import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from threading import Event, Thread
from typing import Any

import optuna
from optuna.exceptions import OptunaError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from fer.errors import ConfigError
from fer.sweeps.attempts import ERROR, FOR_GOOD, PLACE, STOPPED, WORKER, Attempts, attempts_by_place
from fer.sweeps.search_space import distributions, grid, sampler
from fer.sweeps.signs_of_life import BEAT, HEARTBEAT, SignsOfLife
from fer.sweeps.storage import open_storage, turns
from fer.sweeps.sweep_file import SweepFile


def number_of_trials(sweep: SweepFile, asked: int | None, *, already: int) -> int:
    """How many trials a sweep has: `asked`, or as the file says, or as it has `already`; a grid no more than its points."""
    most = asked or sweep.run_cap
    if sweep.method == "grid":
        points = len(grid(sweep.parameters))
        return max(already, min(points, most or points))
    if most is None and not already:
        raise ConfigError(f"{sweep.path}: method {sweep.method} has no end; give run_cap in the file, or --trials N")
    return max(already, most or 0)


class Study:
    """The trials of a sweep: planned when it is begun, claimed one by one, and tried again where a worker or program failed.

    A trial of the sweep is one or several trials of Optuna's, its attempts, which have its place in the sweep in common.
    `retries` says how often a failed trial is tried again. Everything that two workers could do twice happens in turns.
    """

    def __init__(self, sweep: SweepFile, url: URL, *, trials: int, pruner: optuna.pruners.BasePruner, retries: int) -> None:
        self.sweep, self.retries = sweep, retries
        self.space = distributions(sweep.parameters)
        self._turn, self._signs = turns(url), SignsOfLife()
        with self._turn():
            self._storage = open_storage(url)
            self.before = [name for name in optuna.get_all_study_names(self._storage) if is_other_version(name, sweep)]
            self._study = self.made(pruner)
            self._study_id = self._storage.get_study_id_from_name(sweep.name)
            if self.trials:
                self.before = []
            self.fill(trials)

    def made(self, pruner: optuna.pruners.BasePruner) -> optuna.Study:
        """Optuna's study of this name, made where there is none."""
        objective = self.sweep.objective
        study = optuna.create_study(
            storage=self._storage,
            study_name=self.sweep.name,
            pruner=pruner,
            direction="maximize" if objective and objective.maximise else "minimize",
            load_if_exists=True,
        )
        if objective and not study.metric_names:
            study.set_metric_names([objective.metric])
        return study

    def fill(self, trials: int) -> None:
        """Plan the trials that are not planned yet, which is all of them where the sweep is new."""
        planned = self.attempts()
        points = grid(self.sweep.parameters) if self.sweep.method == "grid" else [{}] * trials
        for place in range(trials):
            if place not in planned:
                self._study.enqueue_trial(points[place], user_attrs={PLACE: place})

    def attempts(self) -> dict[int, Attempts]:
        """The attempts at each trial, by its place."""
        return attempts_by_place(self.trials)

    @property
    def trials(self) -> Sequence[FrozenTrial]:
        """What is stored of all attempts."""
        return self._study.get_trials(deepcopy=False)

    @property
    def left(self) -> int:
        """How many trials are not started."""
        return len(self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))

    @property
    def unfinished(self) -> bool:
        """Whether a trial is waiting, or running in this worker or another one."""
        return bool(self._study.get_trials(deepcopy=False, states=(TrialState.WAITING, TrialState.RUNNING)))

    def claim(self) -> Trial | None:
        """The next trial, which is this worker's from now on; None where none is waiting."""
        with self._turn():
            self.take_up_lost()
            waiting = self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
            if not waiting:
                return None
            self._study.sampler = sampler(self.sweep, waiting[0].number)
            trial = self._study.ask(self.space)
            trial.set_user_attr(WORKER, f"{platform.node()}, process {os.getpid()}")
            return trial

    def take_up_lost(self) -> None:
        """Fail the trials of workers that show no sign of life, and plan what failed once more, as often as it may be."""
        running = self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        claimed = [trial for trial in running if WORKER in trial.user_attrs]
        dead_in_their_turn = [trial for trial in running if WORKER not in trial.user_attrs]
        for trial in (*dead_in_their_turn, *self._signs.missing(claimed)):
            self._study.tell(trial.number, state=TrialState.FAIL)
        for attempts in self.attempts().values():
            if attempts.to_be_retried(self.retries):
                self.plan_again(attempts.last)

    def try_failed_again(self) -> int:
        """Plan every trial that failed for good once more, and say how many they are."""
        with self._turn():
            failed = [attempts.last for attempts in self.attempts().values() if attempts.last.state == TrialState.FAIL]
            for attempt in failed:
                self.plan_again(attempt)
        return len(failed)

    def plan_again(self, attempt: FrozenTrial) -> None:
        """Plan another attempt with the same settings."""
        place = attempt.user_attrs[PLACE]
        point = grid(self.sweep.parameters)[place] if self.sweep.method == "grid" else attempt.params
        self._study.enqueue_trial(point, user_attrs={PLACE: place})

    @contextmanager
    def alive(self, trial: Trial) -> Iterator[None]:
        """Give signs of life of a trial while the block runs."""
        over, number = Event(), self.id_of(trial)

        def beat() -> None:
            for beats in count(1):
                if over.wait(HEARTBEAT):
                    return
                with suppress(SQLAlchemyError, OptunaError):  # the next one may get through; none is needed any more
                    self._storage.set_trial_user_attr(number, BEAT, beats)

        thread = Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def id_of(self, trial: Trial) -> int:
        """The number of a trial among those of all sweeps of the storage."""
        return self._storage.get_trial_id_from_study_id_trial_number(self._study_id, trial.number)

    def done(self, trial: Trial, value: float) -> None:
        """A trial has ended with this value."""
        self._study.tell(trial, value, skip_if_finished=True)

    def pruned(self, trial: Trial) -> None:
        """A trial was stopped early, because others did better."""
        self._study.tell(trial, state=TrialState.PRUNED, skip_if_finished=True)

    def failed(self, trial: Trial, error: str, *, for_good: bool) -> None:
        """A trial failed; `for_good` where trying again would change nothing."""
        self.conclude(trial, {ERROR: error, FOR_GOOD: for_good})

    def stopped(self, trial: Trial) -> None:
        """The user stopped the worker; the trial waits for the next one, and this attempt does not count."""
        self.conclude(trial, {ERROR: "its worker was stopped", STOPPED: True})
        with self._turn():
            self.take_up_lost()

    def conclude(self, trial: Trial, remarks: dict[str, Any]) -> None:
        """End a failed attempt with remarks, unless another worker has taken it for lost meanwhile."""
        with self._turn():
            if self.stored(trial).state == TrialState.RUNNING:
                for name, value in remarks.items():
                    trial.set_user_attr(name, value)
                self._study.tell(trial, state=TrialState.FAIL)

    def stored(self, trial: Trial) -> FrozenTrial:
        """A trial as it is stored."""
        return self._storage.get_trial(self.id_of(trial))


def is_other_version(name: str, sweep: SweepFile) -> bool:
    """Whether a sweep is of another version of the same file."""
    stem, _, digest = name.rpartition("-")
    return stem == sweep.path.stem and digest != sweep.digest


def read_trials(storage: RDBStorage | None, sweep: SweepFile) -> Sequence[FrozenTrial]:
    """The trials of a sweep in its storage; none where it was not begun."""
    if storage is None or sweep.name not in optuna.get_all_study_names(storage):
        return []
    return optuna.load_study(study_name=sweep.name, storage=storage).get_trials(deepcopy=False)
