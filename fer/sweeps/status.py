"""This file says how a sweep stands: the state of each trial, its value on validation, and which one is chosen."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from optuna.trial import FrozenTrial, TrialState

from fer.sweeps.attempts import RUN, Attempts, attempts_by_place
from fer.sweeps.search_space import Settings, grid, settings_of, varies
from fer.sweeps.sweep_file import SweepFile

State = Literal["done", "running", "pruned", "failed", "not started"]

STATES: dict[TrialState, State] = {
    TrialState.COMPLETE: "done",
    TrialState.RUNNING: "running",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.WAITING: "not started",
}

#: The order of a table: what is done by rank, then the others.
ORDER: tuple[State, ...] = ("done", "running", "pruned", "failed", "not started")


@dataclass(frozen=True, slots=True)
class TrialStatus:
    """How one trial stands: its value on validation and the epoch of it, where it has one, and what went wrong on the way.

    `settings` are those that vary; `run` is the name of its run folder, once it was begun.
    """

    number: int
    state: State
    value: float | None
    settings: Settings
    run: str | None
    errors: Sequence[str]


@dataclass(frozen=True)
class Status:
    """How a sweep stands: its trials by rank, those without one behind."""

    sweep: SweepFile
    trials: Sequence[TrialStatus]

    @property
    def counts(self) -> dict[State, int]:
        """The number of trials in each state that there is."""
        found = Counter(trial.state for trial in self.trials)
        return {state: found[state] for state in ORDER if found[state]}

    @property
    def over(self) -> bool:
        """Whether nothing is left to be run."""
        return not {"running", "not started"} & self.counts.keys()

    @property
    def chosen(self) -> TrialStatus | None:
        """The best trial on validation, the first among equals; None where nothing is done, or nothing was to be measured."""
        best = self.trials[0] if self.trials else None
        return best if best and best.state == "done" and self.sweep.objective else None


def status(sweep: SweepFile, stored: Sequence[FrozenTrial], *, planned: int) -> Status:
    """How a sweep stands of which this is stored, and so many trials are planned."""
    attempts = attempts_by_place(stored)
    points = grid(sweep.parameters) if sweep.method == "grid" else []
    trials = [
        trial_status(sweep, place, attempts.get(place), points[place] if points else {})
        for place in range(max(planned, len(attempts)))
    ]
    return Status(sweep, sorted(trials, key=lambda trial: rank(sweep, trial)))


def trial_status(sweep: SweepFile, place: int, attempts: Attempts | None, point: Settings) -> TrialStatus:
    """How one trial stands; without attempts it is merely planned."""
    if attempts is None:
        return TrialStatus(place, "not started", None, varying(sweep, point), None, ())
    last = attempts.last
    has_value = sweep.objective is not None and last.state in (TrialState.COMPLETE, TrialState.PRUNED)
    return TrialStatus(
        number=place,
        state=STATES[last.state],
        value=last.value if has_value else None,
        settings=varying(sweep, {**point, **last.params}),
        run=last.user_attrs.get(RUN),
        errors=attempts.errors,
    )


def varying(sweep: SweepFile, drawn: Settings) -> Settings:
    """The settings in which trials differ."""
    return {key: value for key, value in settings_of(sweep.parameters, drawn).items() if varies(sweep.parameters[key])}


def rank(sweep: SweepFile, trial: TrialStatus) -> tuple[int, float, int]:
    """Where a trial stands among the others: by state, then by value, then by number."""
    value = trial.value if trial.value is not None else 0.0
    better_first = -value if sweep.objective and sweep.objective.maximise else value
    return ORDER.index(trial.state), better_first, trial.number
