"""This file defines Pixels, the grey values of a face as they are: the baseline that every feature has to beat."""

import numpy as np
from numpy.typing import NDArray

from fer.models.classical.features import Features, require_size


class Pixels(Features):
    """The grey values of a face in [0, 1], row by row: size² numbers.

    `standardise` shifts and scales each face to mean 0 and deviation 1, which takes its brightness and contrast away; a
    blank face becomes zeros.
    """

    def __init__(self, size: int = 48, standardise: bool = False) -> None:
        self.size, self.standardise = require_size(size), standardise

    def compute(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The grey values (n, size²) float32 of faces (n, size, size) uint8."""
        values = faces.reshape(len(faces), -1).astype(np.float32) / np.float32(255)
        return standardised(values) if self.standardise else values


def standardised(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row with mean 0 and deviation 1; zeros where all of its values are equal."""
    deviation = values.std(axis=1, keepdims=True)
    centred: NDArray[np.float32] = values - values.mean(axis=1, keepdims=True)
    varied = np.ptp(values, axis=1, keepdims=True) > 0
    unit: NDArray[np.float32] = np.divide(centred, deviation, out=np.zeros_like(centred), where=varied)
    return unit
