"""This file defines Features, the contract of everything that turns faces into numbers without being trained."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fer.errors import ConfigError


class Features(ABC):
    """Fixed features of faces; `size` is the side in pixels of the faces that they are computed from, `channels` 1 or 3.

    One file here and one YAML in conf/features/. The features of a face depend on this face and the constructor's
    arguments alone, which is why they are computed once for all folds and runs. `version` counts up when the same face
    would get other numbers.
    """

    version: ClassVar[int] = 1
    size: int
    channels: int = 1

    @abstractmethod
    def compute(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The features (n, D) float32 of faces (n, size, size) uint8; those for 3 channels take (n, size, size, 3) as well."""

    def identity(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """All that the features of a face depend on, as plain JSON, which names their cache; `spec` is their configuration."""
        return dict(spec)


def require_size(size: int) -> int:
    """The size, which is at least 8 pixels."""
    if size < 8:
        raise ConfigError(f"features.size: found {size}, expected at least 8 pixels")
    return size
