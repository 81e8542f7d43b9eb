"""This file says how long a training took to each percent of accuracy on its validation part, from the stored histories."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isfinite, nan
from statistics import fmean

from fer.results.stored_run import Epoch

MOST = 10  # levels that are named: the highest
ROUNDING = 1e-9  # 100 * 0.29 is a little less than 29


@dataclass(frozen=True)
class Reached:
    """The accuracy on validation, whole percent, that every fold had reached after so many epochs and seconds: their means.

    The seconds are those of epochs, validation included, on the machine that trained; preparation and testing come on top.
    """

    percent: int
    epochs: float
    seconds: float


def time_to_accuracy(histories: Sequence[Sequence[Epoch]]) -> list[Reached]:
    """The highest levels that all folds reached, ascending; of those that came with the same epochs the highest alone.

    Empty where a fold was not trained in epochs, or no accuracy was taken.
    """
    reached = [levels(history) for history in histories]
    if not reached or not all(reached):
        return []
    means: dict[float, Reached] = {}
    for percent in range(1, min(max(of) for of in reached) + 1):
        when = [min((n, s) for level, (n, s) in of.items() if level >= percent) for of in reached]
        epochs = fmean(n for n, _ in when)
        means[epochs] = Reached(percent, epochs, fmean(s for _, s in when))
    return list(means.values())[-MOST:]


def levels(history: Sequence[Epoch]) -> dict[int, tuple[int, float]]:
    """For each whole percent that an epoch was the first to reach: its number, from 1, and the seconds until its end."""
    found: dict[int, tuple[int, float]] = {}
    seconds = 0.0
    for i, epoch in enumerate(history, 1):
        seconds += epoch.get("seconds", 0.0)
        if isfinite(accuracy := epoch.get("val_accuracy", nan)):
            found.setdefault(floor(100 * accuracy + ROUNDING), (i, seconds))
    return found
