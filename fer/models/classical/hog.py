"""This file defines Hog, histograms of oriented gradients."""

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.errors import ConfigError
from fer.models.classical.features import Features, require_size


class Hog(Features):
    """Histograms of oriented gradients (Dalal & Triggs 2005), computed by OpenCV.

    A face is divided into cells of `cell` × `cell` pixels with a histogram of `orientations` unsigned directions each.
    Blocks of `block` × `block` cells, one cell apart, are weighted by a Gaussian and normalised (L2-Hys, clipped at 0.2).
    With the defaults 5 × 5 blocks × 4 cells × 9 directions = 900 numbers. OpenCV rather than scikit-image, whose `hog` has
    neither the Gaussian nor the interpolation between cells: a linear SVM on FER2013 reads 45.8 % of PrivateTest instead of
    44.0 % (n = 3,589), and the features of all 35,887 faces take 11 s instead of 115 s on one core.
    """

    def __init__(self, size: int = 48, cell: int = 8, block: int = 2, orientations: int = 9) -> None:
        self.size = require_size(size)
        if cell < 2 or block < 1 or orientations < 2:
            raise ConfigError(
                f"features: found cell={cell}, block={block}, orientations={orientations}, "
                f"expected cells of at least 2 pixels, blocks of at least 1 cell and at least 2 orientations"
            )
        if size % cell or size < block * cell:
            raise ConfigError(f"features.cell: found cells of {cell} pixels and blocks of {block} cells, "
                              f"expected a face of {size} pixels to be whole cells and to hold a block")  # fmt: skip
        side, step = (block * cell, block * cell), (cell, cell)
        self._descriptor = cv2.HOGDescriptor((size, size), side, step, step, orientations)

    def compute(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The histograms (n, blocks² · block² · orientations) float32 of faces (n, size, size) uint8."""
        return np.stack([self._descriptor.compute(face) for face in faces]).astype(np.float32, copy=False)
