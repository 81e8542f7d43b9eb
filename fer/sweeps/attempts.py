"""This file groups Optuna's trials, each of which is one attempt, by the trial of the sweep that they are attempts at."""

from collections.abc import Sequence
from dataclasses import dataclass

from optuna.trial import FrozenTrial, TrialState

#: What Optuna stores of an attempt by these names: its trial's place in the sweep, who carries it out, its run folder, and
#: where it failed why, whether trying again is of no use, and whether it was the user who stopped it.
PLACE, WORKER, RUN, ERROR, FOR_GOOD, STOPPED = "place", "worker", "run", "error", "for_good", "stopped"


@dataclass(frozen=True)
class Attempts:
    """The attempts at one trial of a sweep, in order; the last one says how it stands."""

    all: Sequence[FrozenTrial]

    @property
    def last(self) -> FrozenTrial:
        """The attempt that counts."""
        return self.all[-1]

    @property
    def failures(self) -> list[FrozenTrial]:
        """Those that failed of themselves; one that the user stopped did not."""
        return [attempt for attempt in self.all if attempt.state == TrialState.FAIL and STOPPED not in attempt.user_attrs]

    def to_be_retried(self, retries: int) -> bool:
        """Whether the trial failed and may be tried once more."""
        if self.last.state != TrialState.FAIL:
            return False
        if STOPPED in self.last.user_attrs:
            return True
        return not self.last.user_attrs.get(FOR_GOOD, False) and len(self.failures) <= retries

    @property
    def errors(self) -> list[str]:
        """What was wrong with each attempt that failed."""
        return [error_of(attempt) for attempt in self.all if attempt.state == TrialState.FAIL]


def error_of(attempt: FrozenTrial) -> str:
    """Why an attempt failed; who dies cannot say it."""
    worker = attempt.user_attrs.get(WORKER, "its worker")
    return str(attempt.user_attrs.get(ERROR, f"the worker ({worker}) was killed, or lost its storage"))


def attempts_by_place(trials: Sequence[FrozenTrial]) -> dict[int, Attempts]:
    """The attempts at each trial of a sweep, by its place."""
    places: dict[int, list[FrozenTrial]] = {}
    for trial in sorted(trials, key=lambda trial: trial.number):
        places.setdefault(int(trial.user_attrs[PLACE]), []).append(trial)
    return {place: Attempts(places[place]) for place in sorted(places)}
