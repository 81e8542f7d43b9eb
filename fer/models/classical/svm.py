"""This file defines LinearSvm, the linear support vector machine, one label against the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fer.errors import ConfigError
from fer.models.classical.classifier import Classifier, Examples, FittedClassifier, Floats
from fer.models.classical.linear import LinearScores, Standardisation, fit_temperature
from fer.models.classical.squared_hinge import fit_machines, slacks
from fer.models.classical.validation import Monitor, score


class LinearSvm(Classifier):
    """Linear support vector machines with squared hinge loss, one label against the rest, on standardised features.

    `costs` are what a training face beyond its margin may cost relative to the width of the margins, in units of
    1 / number of training faces, so that one list suits 200 faces and 30,000: LIBLINEAR's C is cost / n. Validation
    chooses the one with the best `monitor`, the smallest among equals. Where it refits, the machines are then trained again
    on training and validation faces together.
    """

    source: ClassVar[str] = "Cortes & Vapnik, Machine Learning 1995; Fan et al., LIBLINEAR, JMLR 2008"

    def __init__(self, costs: Sequence[float] = (0.1, 1, 10), monitor: Monitor = "macro_f1", refit: bool | None = None) -> None:
        if not costs or min(costs) <= 0:
            raise ConfigError(f"model.costs: found {list(costs)}, expected one or several numbers above 0")
        self.costs, self.monitor, self.refit = sorted(costs), monitor, refit

    def fit(self, train: Examples, val: Examples, *, val_reserved: bool = False, seed: int) -> "FittedSvm":
        """Train at each cost and keep the best on `val`; the problem is convex, so that nothing is left to chance."""
        candidates = [(cost, machines, self.judge(machines.scores, val)) for cost, machines in path(train, self.costs)]
        cost, machines, value = max(candidates, key=lambda candidate: candidate[2])
        temperature = fit_temperature(machines.scores.scores(val.features), val.targets)
        refit = self.refits(val_reserved=val_reserved)
        if refit:
            [(_, machines)] = path(train.joined(val), [cost])
        scores = LinearScores(machines.scores.weights, machines.scores.bias, temperature)
        selection = {"rule": self.rule(refit), "monitor": f"val_{self.monitor}", "value": value, "on": "validation"}
        tried = {f"{cost:g}": round(value, 6) for cost, _, value in candidates}
        return FittedSvm(scores, {**selection, "chosen": {"cost": cost}, "tried": tried}, machines.support)

    def judge(self, scores: LinearScores, val: Examples) -> float:
        """The score of these machines on the validation faces."""
        return score(self.monitor, val.targets, scores.scores(val.features).argmax(axis=1))

    def rule(self, refit: bool) -> str:
        """How the cost is chosen, in words."""
        faces = "then on training and validation faces together" if refit else "on the training faces alone"
        return f"the cost with the best val_{self.monitor} on validation, trained {faces}"


@dataclass(frozen=True)
class Machines:
    """Trained machines, and how many training faces carry them: those within a margin or beyond it."""

    scores: LinearScores
    support: int


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


@dataclass(frozen=True)
class FittedSvm(FittedClassifier):
    """Machines with the temperature of their probabilities, which validation faces chose before any refit."""

    scores: LinearScores
    selection: Mapping[str, Any]
    support: int

    def probabilities(self, features: Floats) -> Floats:
        """The softmax (N, K) of the scores at the temperature; the highest score decides."""
        return self.scores.probabilities(features)

    def facts(self) -> dict[str, Any]:
        """The cost and how it was chosen, the number of faces that carry the machines, and the temperature."""
        facts = {"support": self.support, "temperature": round(self.scores.temperature, 6)}
        return {"selection": dict(self.selection), "parameters": self.parameters, **facts}

    @property
    def parameters(self) -> int:
        """How many numbers were learned."""
        return self.scores.weights.size + self.scores.bias.size

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Weights, biases and temperature."""
        return self.scores.arrays()
