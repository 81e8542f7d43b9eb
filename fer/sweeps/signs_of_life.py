"""This file tells trials whose worker is dead by watching them: no clock is compared with another one, or with itself later."""

import time
from collections.abc import Iterable, Iterator

from optuna.trial import FrozenTrial

#: What is counted up in the storage as long as a trial is worked on.
BEAT = "beat"

#: Seconds between two signs of life of a trial, and after how many without one its worker counts as dead. One that was only
#: slow loses nothing: the trial that takes its place waits until the run folder is free, and finds the run done.
HEARTBEAT, GRACE = 2, 8


class SignsOfLife:
    """What this process has seen of running trials: the last sign of each, and since when there was no other.

    Clocks of several machines differ, and that of one may be set back; the time since something was seen here does not.
    """

    def __init__(self) -> None:
        self._seen: dict[int, tuple[object, float]] = {}

    def missing(self, trials: Iterable[FrozenTrial]) -> Iterator[FrozenTrial]:
        """Those of the running trials that were seen with the same sign longer ago than GRACE."""
        now = time.monotonic()
        for trial in trials:
            sign = trial.user_attrs.get(BEAT)
            last, since = self._seen.get(trial.number, (None, now))
            if trial.number not in self._seen or sign != last:
                self._seen[trial.number] = (sign, now)
            elif now - since > GRACE:
                yield trial
