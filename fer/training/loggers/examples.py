"""This file chooses the predictions that loggers show one by one: the surest mistakes first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.results.predictions import Predictions, concatenate
from fer.results.stored_run import StoredRun

COLUMNS = ("fold", "test_set", "id", "subject", "target", "predicted", "probability")


@dataclass(frozen=True)
class Examples:
    """Some of the predictions of a run; `rows` have the values of COLUMNS, and `of` is how many predictions there are."""

    rows: Sequence[tuple[Any, ...]]
    of: int

    @property
    def note(self) -> str:
        """How many are shown, in words."""
        if len(self.rows) == self.of:
            return f"all {self.of:,} predictions, the surest mistakes first"
        return f"{len(self.rows):,} of {self.of:,} predictions, the surest mistakes first; all of them are in predictions.csv"


def examples(run: StoredRun, most: int) -> Examples:
    """At most so many predictions: the mistakes, the surest first, then the right ones, the least sure first."""
    predictions = concatenate([fold.predictions for fold in run.folds])
    chosen = predictions.select(in_order_of_interest(predictions)[:most])
    names = np.array(chosen.labels)
    columns = (
        chosen.fold.tolist(),
        chosen.test_set.tolist(),
        chosen.id.tolist(),
        chosen.subject.tolist(),
        names[chosen.target].tolist(),
        names[chosen.predicted].tolist(),
        [round(float(top), 4) for top in chosen.probabilities.max(axis=1)],
    )
    return Examples(tuple(zip(*columns, strict=True)), len(predictions))


def in_order_of_interest(predictions: Predictions) -> NDArray[np.int64]:
    """The rows (N,) int64, by how sure the mistake or unsure the right answer is; equal ones by their ids."""
    top = predictions.probabilities.max(axis=1)
    right = predictions.predicted == predictions.target
    return np.lexsort((predictions.id, np.where(right, top, -top), right)).astype(np.int64)
