"""This file defines what validation decides for a classical model: a setting, by a score, and how sure it may be."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from fer.results import metrics

Monitor = Literal["macro_f1", "accuracy"]


def score(monitor: Monitor, targets: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    """The score of predictions, a share in [0, 1], by the definitions of the report."""
    matrix = metrics.confusion(targets, predicted, labels=int(max(targets.max(), predicted.max())) + 1)
    return float(getattr(metrics, monitor)(matrix))


def least_surprised(
    probabilities: Callable[[float], NDArray[np.float32]], targets: NDArray[np.int64], *, low: float, high: float
) -> float:
    """The positive number between `low` and `high` whose probabilities (N, K) make the targets likeliest.

    Found on a logarithmic scale by bounded minimisation of the negative log likelihood (Brent 1973).
    """
    found = minimize_scalar(
        lambda log: metrics.nll(probabilities(float(np.exp(log))), targets),
        bounds=(np.log(low), np.log(high)),
        method="bounded",
    )
    return float(np.exp(found.x))
