"""This file lines up the answers that the trainings of several seeds gave to the same test images."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.results.metrics import Floats, Ints, grouped_confusions
from fer.results.predictions import Predictions

#: The answer of a seed that has not tested an image yet.
NOT_YET = -1


@dataclass(frozen=True)
class Repeats:
    """What R trainings said about N images, sorted by id.

    `target` is (N,), `predicted` (R, N) with NOT_YET where a training is still to come, `subject` (N,) and empty where the
    person is unknown.
    """

    seeds: tuple[int, ...]
    id: NDArray[np.str_]
    subject: NDArray[np.str_]
    target: Ints
    predicted: Ints
    labels: tuple[str, ...]

    @classmethod
    def line_up(cls, by_seed: Mapping[int, Predictions]) -> "Repeats":
        """The answers of each seed to one test set, whatever the order of the rows."""
        ids, first = np.unique(np.concatenate([rows.id for rows in by_seed.values()]), return_index=True)
        subject = np.concatenate([rows.subject for rows in by_seed.values()])[first]
        target = np.concatenate([rows.target for rows in by_seed.values()])[first]
        predicted = np.full((len(by_seed), len(ids)), NOT_YET, np.int64)
        for r, rows in enumerate(by_seed.values()):
            predicted[r, np.searchsorted(ids, rows.id)] = rows.predicted
        labels = next(iter(by_seed.values())).labels
        return cls(tuple(by_seed), ids, subject, target, predicted, labels)

    def confusions(self, group: Ints, groups: int) -> Ints:
        """A confusion matrix for each group of images and seed, (G, R, K, K); `group` is (N,) with values below G."""
        matrices = []
        for predicted in self.predicted:
            known = predicted != NOT_YET
            matrices.append(
                grouped_confusions(group[known], self.target[known], predicted[known], groups=groups, labels=len(self.labels))
            )
        return np.stack(matrices, axis=1)

    def patterns(self) -> tuple[Floats, Ints]:
        """Every combination of target and answers as one-image matrices (P, R, K, K), and how often it occurs, (P,)."""
        combinations, counts = np.unique(np.vstack([self.target, self.predicted]), axis=1, return_counts=True)
        labels, repeats = len(self.labels), len(self.seeds)
        matrices = np.zeros((len(counts), repeats, labels, labels))
        for r in range(repeats):
            answered = np.flatnonzero(combinations[1 + r] != NOT_YET)
            matrices[answered, r, combinations[0, answered], combinations[1 + r, answered]] = 1
        return matrices, counts
