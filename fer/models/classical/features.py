"""This file defines Features, the contract of everything that turns faces into numbers without being trained."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fer.errors import ConfigError


class Features(ABC):
    """Fixed features of grey faces; `size` is the side in pixels of the faces that they are computed from.

    One file here and one YAML in conf/features/. The features of a face depend on this face and the constructor's
    arguments alone, which is why they are computed once for all folds and runs. `version` counts up when the same face
    would get other numbers.
    """

    version: ClassVar[int] = 1
    size: int

    @abstractmethod
    def compute(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The features (n, D) float32 of grey faces (n, size, size) uint8."""


def require_size(size: int) -> int:
    """The size, which is at least 8 pixels."""
    if size < 8:
        raise ConfigError(f"features.size: found {size}, expected at least 8 pixels")
    return size
