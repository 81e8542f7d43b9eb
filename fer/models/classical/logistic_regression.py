"""This file defines LogisticRegression, the multinomial linear model: on features of a network, the linear probe."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression as Multinomial

from fer.models.classical.chosen import ChosenClassifier, Setting, require_positive
from fer.models.classical.classifier import Examples, Floats
from fer.models.classical.linear import LinearScores, Standardisation
from fer.models.classical.validation import Monitor

#: L-BFGS takes at most so many steps; the card says how many it took.
STEPS = 1000


class LogisticRegression(ChosenClassifier):
    """Multinomial logistic regression with a squared penalty on the weights, on standardised features (scikit-learn).

    `costs` are what the mean loss of the training faces may cost relative to ½‖w‖², so that one list suits 200 faces and
    30,000: scikit-learn's C is cost / number of training faces. Solved by L-BFGS, each cost starting from the one before.
    """

    source: ClassVar[str] = "Cox, Journal of the Royal Statistical Society B 1958; L-BFGS of Liu & Nocedal 1989"
    chosen = "the cost"

    def __init__(self, costs: Sequence[float] = (1, 10, 100), monitor: Monitor = "macro_f1", refit: bool | None = None) -> None:
        self.costs, self.monitor, self.refit = require_positive("costs", costs), monitor, refit

    @property
    def settings(self) -> Sequence[Setting]:
        """Each cost, the strongest penalty first."""
        return [{"cost": cost} for cost in self.costs]

    def train(self, examples: Examples, settings: Sequence[Setting], *, seed: int) -> "Iterator[LogisticScores]":
        """The model at each cost; the problem is convex, so that nothing is left to chance."""
        standardisation = Standardisation.of(examples.features)
        features = standardisation(examples.features)
        model = Multinomial(solver="lbfgs", max_iter=STEPS, warm_start=True)
        for setting in settings:
            model.set_params(C=setting["cost"] / len(examples)).fit(features, examples.targets)
            own = standardisation.undone(weights_of(model, examples.num_labels))
            untrained = np.isin(np.arange(examples.num_labels), model.classes_, invert=True)
            bias = np.where(untrained, -np.inf, own.bias).astype(np.float32)
            yield LogisticScores(LinearScores(own.weights, bias), int(model.n_iter_[0]))


def weights_of(model: Multinomial, num_labels: int) -> Floats:
    """Weights (D + 1, K) float32 of a fitted model, the bias in the last row, zeros for labels that it does not know."""
    known = np.vstack([model.coef_.T, model.intercept_])
    if known.shape[1] == 1:  # of two labels scikit-learn keeps the difference alone
        known = np.hstack([-known / 2, known / 2])
    weights = np.zeros((len(known), num_labels), np.float32)
    weights[:, model.classes_] = known
    return weights


@dataclass(frozen=True)
class LogisticScores:
    """Linear scores, and how many steps it took to find them."""

    linear: LinearScores
    steps: int

    def scores(self, features: Floats) -> Floats:
        """The score of each label, (N, K) float32."""
        return self.linear.scores(features)

    def facts(self) -> dict[str, Any]:
        """How many numbers were learned, in how many steps, and whether that was all that it needed."""
        return {"parameters": self.linear.parameters, "steps": self.steps, "converged": self.steps < STEPS}

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Weights and biases."""
        return self.linear.arrays()
