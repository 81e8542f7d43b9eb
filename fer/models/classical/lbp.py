"""This file defines Lbp, histograms of local binary patterns on a grid."""

import math

import numpy as np
from numpy.typing import NDArray
from skimage.feature import local_binary_pattern

from fer.errors import ConfigError
from fer.models.classical.features import Features, require_size


class Lbp(Features):
    """Histograms of uniform local binary patterns (Ojala et al., TPAMI 2002), one a cell (Shan et al., IVC 2009).

    Each pixel is compared with `points` neighbours on a circle of `radius` pixels. The circles that change at most twice
    between darker and lighter are a bin each, all others share one: points · (points - 1) + 3 bins, 59 for 8 points. With
    the defaults 6 × 6 cells × 59 bins = 2,124 numbers, the shares of each cell's pixels. Beyond the border the outermost
    pixels go on, where scikit-image alone would compare with black. Shan et al. divide faces of 110 × 150 pixels into
    6 × 7 cells; here the face is square and its cells are too.
    """

    def __init__(self, size: int = 48, cell: int = 8, points: int = 8, radius: float = 1) -> None:
        self.size = require_size(size)
        if not 4 <= points <= 16 or radius <= 0:
            raise ConfigError(f"features: found points={points}, radius={radius}, expected 4 to 16 points and a radius above 0")
        self.cell, self.points, self.radius = require_cells(cell, size), points, radius

    @property
    def bins(self) -> int:
        """How many kinds of patterns are told apart."""
        return self.points * (self.points - 1) + 3

    def compute(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The histograms (n, cells² · bins) float32 of faces (n, size, size) uint8, each cell's summing to 1."""
        cells, pixels = (self.size // self.cell) ** 2, self.cell**2
        codes = np.stack([self.codes(face) for face in faces]).astype(np.int64)
        first = np.arange(len(faces) * cells) * self.bins
        counts = np.bincount((in_cells(codes, self.cell) + first[:, None]).ravel(), minlength=len(first) * self.bins)
        return (counts.reshape(len(faces), -1) / pixels).astype(np.float32)

    def codes(self, face: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The kind of pattern round each pixel of a face, (size, size) whole numbers below `bins`."""
        margin = math.ceil(self.radius)
        larger = np.pad(face, margin, mode="edge")
        codes = local_binary_pattern(larger, self.points, self.radius, "nri_uniform")  # type: ignore[no-untyped-call]
        within: NDArray[np.float64] = codes[margin:-margin, margin:-margin]
        return within


def in_cells(values: NDArray[np.int64], cell: int) -> NDArray[np.int64]:
    """Values (n, size, size) as (n · cells², cell²), cell by cell."""
    n, size = values.shape[0], values.shape[1]
    blocks = values.reshape(n, size // cell, cell, size // cell, cell)
    return blocks.transpose(0, 1, 3, 2, 4).reshape(-1, cell * cell)


def require_cells(cell: int, size: int) -> int:
    """The side of a cell, which fits into the face without a rest."""
    if cell < 2 or size % cell:
        raise ConfigError(f"features.cell: found {cell}, expected at least 2 pixels and a face of {size} pixels in whole cells")
    return cell
