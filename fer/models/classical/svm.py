"""This file defines LinearSvm, the linear support vector machine, one label against the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fer.models.classical.chosen import ChosenClassifier, Setting, require_positive
from fer.models.classical.classifier import Examples, Floats
from fer.models.classical.linear import LinearScores, Standardisation
from fer.models.classical.squared_hinge import fit_machines, slacks
from fer.models.classical.validation import Monitor


class LinearSvm(ChosenClassifier):
    """Linear support vector machines with squared hinge loss, one label against the rest, on standardised features.

    `costs` are what a training face beyond its margin may cost relative to the width of the margins, in units of
    1 / number of training faces, so that one list suits 200 faces and 30,000: LIBLINEAR's C is cost / n.
    """

    source: ClassVar[str] = "Cortes & Vapnik, Machine Learning 1995; Fan et al., LIBLINEAR, JMLR 2008"

    chosen = "the cost"

    def __init__(self, costs: Sequence[float] = (0.1, 1, 10), monitor: Monitor = "macro_f1", refit: bool | None = None) -> None:
        self.costs, self.monitor, self.refit = require_positive("costs", costs), monitor, refit

    @property
    def settings(self) -> Sequence[Setting]:
        """Each cost, the widest margins first."""
        return [{"cost": cost} for cost in self.costs]

    def train(self, examples: Examples, settings: Sequence[Setting], *, seed: int) -> "Iterator[Machines]":
        """The machines at each cost; the problem is convex, so that nothing is left to chance."""
        for _, machines in path(examples, [setting["cost"] for setting in settings]):
            yield machines


@dataclass(frozen=True)
class Machines:
    """Trained machines, and how many training faces carry them: those within a margin or beyond it."""

    linear: LinearScores
    support: int

    def scores(self, features: Floats) -> Floats:
        """The score of each label, (N, K) float32."""
        return self.linear.scores(features)

    def facts(self) -> dict[str, Any]:
        """How many numbers were learned, and the number of faces that carry the machines."""
        return {"parameters": self.linear.parameters, "support": self.support}

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Weights and biases."""
        return self.linear.arrays()


def path(train: Examples, costs: Sequence[float]) -> Iterator[tuple[float, Machines]]:
    """The machines at each cost, each started from the one before; a label without faces has a score of -inf."""
    standardisation = Standardisation.of(train.features)
    features = standardisation(train.features)
    signs = np.where(train.targets[:, None] == np.arange(train.num_labels), 1, -1).astype(np.float32)
    untrained = (signs < 0).all(axis=0)
    weights = np.zeros((features.shape[1] + 1, train.num_labels), np.float32)
    for cost in costs:
        weights = fit_machines(features, signs, cost=cost, start=weights)
        scores = standardisation.undone(weights)
        support = int((slacks(features, signs, weights) > 0)[:, ~untrained].any(axis=1).sum())
        bias = np.where(untrained, -np.inf, scores.bias).astype(np.float32)
        yield cost, Machines(LinearScores(scores.weights, bias), support)
