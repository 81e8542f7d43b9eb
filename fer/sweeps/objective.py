"""This file reads what a sweep judges by out of a run folder: values on the validation part, never a test score."""

import math
from collections.abc import Iterator
from contextlib import suppress
from statistics import fmean

from fer.errors import RunError
from fer.results.store import RunStore
from fer.results.stored_run import Epoch, read_history


def measured(store: RunStore, metric: str) -> float:
    """The metric at the epoch, or the settings, that validation chose: the mean over folds and seeds of a complete run."""
    value = fmean(value_of(store, fold.name, metric) for fold in store.folds())
    if not math.isfinite(value):
        raise RunError(f"{store.folder.name}: {metric} is {value}, expected a number; the training has diverged")
    return value


def value_of(store: RunStore, fold: str, metric: str) -> float:
    """The metric of one fold."""
    selection = store.card(fold).get("selection", {})
    if selection.get("monitor") == metric:
        return float(selection["value"])
    history = read_history(store.folds_folder / fold / "history.csv")
    chosen = next((row for row in history if row["epoch"] + 1 == selection.get("epoch")), {})
    if metric not in chosen:
        known = selection.get("monitor") or "no value at all"
        raise RunError(f"{store.folder.name}: fold {fold} has no {metric}; validation left {known}. Rank by another metric.")
    return chosen[metric]


class Epochs:
    """The metric after each epoch of the first fold of a run, as long as it is trained."""

    def __init__(self, store: RunStore, metric: str) -> None:
        self.store, self.metric = store, metric
        self.seen = 0

    def new(self) -> Iterator[tuple[int, float]]:
        """The epochs that have ended since the last call, counted from 1, with their values."""
        for row in self.history()[self.seen :]:
            self.seen += 1
            if self.metric in row:
                yield int(row["epoch"]) + 1, row[self.metric]

    def history(self) -> tuple[Epoch, ...]:
        """The epochs so far; none while the folder of a fold that has just ended gets its name."""
        for fold in self.store.folds()[:1]:
            with suppress(FileNotFoundError):
                done = self.store.folds_folder / fold.name
                return read_history((done if done.is_dir() else self.store.working(fold.name)) / "history.csv")
        return ()
