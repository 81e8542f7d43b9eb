"""This file computes class weights, by which rare labels count as much as frequent ones, from the faces that are trained on."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Weighting = Literal["balanced", "effective"]


def class_weights(targets: NDArray[np.int64], num_labels: int, *, rule: Weighting, beta: float) -> NDArray[np.float32]:
    """A weight for each label (K,) from the labels of all training faces (N,); a label without faces has weight 0.

    `balanced` is one over a label's number of faces, `effective` one over its effective number (1 - beta^n) / (1 - beta)
    (Cui et al., CVPR 2019), which stops growing at 1 / (1 - beta). Both are scaled so that the training faces weigh 1 on
    average and the learning rate keeps its meaning; Cui et al. let the weights add up to the number of labels.
    """
    counts = np.bincount(targets, minlength=num_labels).astype(np.float64)
    sizes = counts if rule == "balanced" else (1 - beta**counts) / (1 - beta)
    weights = np.divide(1, sizes, out=np.zeros(num_labels), where=counts > 0)
    return np.asarray(weights * counts.sum() / (weights @ counts), np.float32)
