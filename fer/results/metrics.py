"""This file computes scores from confusion matrices and probabilities; pure functions of numpy arrays.

A confusion matrix counts images, rows by target and columns by predicted label. The first three scores take any number of
matrices at once, (..., K, K), and give NaN where nothing was counted.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Below this a probability counts as this in the log likelihood, so that one sure mistake costs 15.9 nats and not
#: infinity: the resolution of the float32 that the probabilities are computed in.
SMALLEST_PROBABILITY = float(np.finfo(np.float32).eps)
CALIBRATION_BINS = 15  # Guo et al. 2017, section 5


def confusion(target: Ints, predicted: Ints, *, labels: int) -> Ints:
    """The confusion matrix, (K, K) int64: rows target, columns predicted."""
    return np.bincount(target * labels + predicted, minlength=labels * labels).reshape(labels, labels)


def grouped_confusions(group: Ints, target: Ints, predicted: Ints, *, groups: int, labels: int) -> Ints:
    """One confusion matrix a group, (G, K, K) int64; `group` is (N,) with values below `groups`."""
    cells = (group * labels + target) * labels + predicted
    return np.bincount(cells, minlength=groups * labels * labels).reshape(groups, labels, labels)


def ratio(part: Floats | Ints, whole: Floats | Ints) -> Floats:
    """part / whole, NaN where whole is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    found = np.full(np.broadcast(part, whole).shape, np.nan)
    np.divide(part, whole, out=found, where=whole != 0)
    return found


def diagonal(matrices: Floats | Ints) -> Floats:
    """The counts of right predictions by label, (..., K)."""
    return np.diagonal(matrices, axis1=-2, axis2=-1).astype(np.float64)


def recall(matrices: Floats | Ints) -> Floats:
    """The share of each label's images that were recognised, (..., K) in [0, 1]; NaN for labels without images."""
    return ratio(diagonal(matrices), matrices.sum(axis=-1))


def precision(matrices: Floats | Ints) -> Floats:
    """The share of each label's predictions that are right, (..., K) in [0, 1]; NaN for labels never predicted."""
    return ratio(diagonal(matrices), matrices.sum(axis=-2))


def f1(matrices: Floats | Ints) -> Floats:
    """Twice the hits over targets plus predictions, (..., K) in [0, 1]; NaN for labels in neither."""
    return ratio(2 * diagonal(matrices), matrices.sum(axis=-1) + matrices.sum(axis=-2))


def mean_of_defined(values: Floats) -> Floats:
    """The mean over the last axis of what is not NaN."""
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0).sum(axis=-1), defined.sum(axis=-1))


def accuracy(matrices: Floats | Ints) -> Floats:
    """The share of right predictions, (...,) in [0, 1]."""
    return ratio(diagonal(matrices).sum(axis=-1), matrices.sum(axis=(-2, -1)))


def uar(matrices: Floats | Ints) -> Floats:
    """Unweighted average recall, (...,) in [0, 1]: the mean recall of the labels that occur among the targets.

    Also called balanced accuracy; the challenge score of Schuller et al. (INTERSPEECH 2009).
    """
    return mean_of_defined(recall(matrices))


def macro_f1(matrices: Floats | Ints) -> Floats:
    """The mean F1, (...,) in [0, 1], of the labels that occur among the targets or the predictions.

    The mean of the labels' F1, not the F1 of mean precision and recall (Opitz & Burst 2019, arXiv:1911.03347).
    """
    return mean_of_defined(f1(matrices))


def nll(probabilities: NDArray[np.float32], target: Ints) -> float:
    """The mean negative log likelihood of the targets in nats, from 0 to 15.9; see SMALLEST_PROBABILITY."""
    of_target = probabilities[np.arange(len(target)), target].astype(np.float64)
    return float(-np.log(np.clip(of_target, SMALLEST_PROBABILITY, 1)).mean())


@dataclass(frozen=True)
class Calibration:
    """Images by their top probability in equal-width bins (lower, upper]; all arrays are (bins,), NaN in empty bins."""

    count: Ints
    confidence: Floats
    accuracy: Floats

    @property
    def error(self) -> float:
        """Expected calibration error in [0, 1]: the mean gap of confidence and accuracy, weighted by images."""
        gaps = np.where(self.count > 0, np.abs(self.confidence - self.accuracy), 0)
        return float((gaps * self.count).sum() / self.count.sum())


def calibration(probabilities: NDArray[np.float32], target: Ints, *, bins: int = CALIBRATION_BINS) -> Calibration:
    """How far the top probability can be taken at its word (Guo et al., On Calibration of Modern Neural Networks, 2017)."""
    top = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == target
    index = np.clip(np.ceil(top * bins).astype(np.int64) - 1, 0, bins - 1)
    count = np.bincount(index, minlength=bins)
    confidence = ratio(np.bincount(index, weights=top, minlength=bins), count)
    return Calibration(count, confidence, ratio(np.bincount(index, weights=right, minlength=bins), count))


def ece(probabilities: NDArray[np.float32], target: Ints) -> float:
    """Expected calibration error in [0, 1] over 15 equal-width bins of the top probability (Guo et al. 2017)."""
    return calibration(probabilities, target).error
