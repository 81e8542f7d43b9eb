"""This file draws random numbers by key and counter, the same for an image whichever images are drawn beside it.

Everything from here to the pixels keeps to + − × ÷, square roots and integers, whose results IEEE 754 fixes to the last
bit: no sine, exponential or matrix product, which differ between processors, libraries and sizes of a batch.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: The two sides of a face along axis 0 where they differ, the points of a curve along axis 1, the images of a batch along
#: axis 2: last, because an operation runs fastest along many values that lie side by side.
Array = NDArray[np.floating[Any]]  # float32 all along; numpy's own annotations lose sight of it
Keys = NDArray[np.uint64]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # SplitMix64's increment (Steele, Lea and Flood 2014)

BLOCK = 64  # numbers that are computed at a time, because one operation for many is faster


def mixed(bits: Keys) -> Keys:
    """SplitMix64's finaliser: every bit of the result hangs on every bit of the argument."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def keys(parts: Sequence[ArrayLike]) -> Keys:
    """One key an image from whole numbers such as (stream, seed, subject), whose order counts."""
    key: Keys = np.zeros(1, np.uint64)
    for part in parts:
        key = mixed((key ^ np.asarray(part, np.uint64)) * GOLDEN + GOLDEN)
    return key


class Draws:
    """The random numbers of a batch of images, each (1, 1, B), or (2, 1, B) where the two sides of a face differ."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._drawn = 0
        self._block: Array

    def uniform(self) -> Array:
        """Evenly distributed in [0, 1)."""
        if self._drawn % BLOCK == 0:
            counters = np.arange(self._drawn + 1, self._drawn + 1 + BLOCK, dtype=np.uint64)[:, None] * GOLDEN
            self._block = (mixed(self._keys + counters) >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)
        self._drawn += 1
        return self._block[(self._drawn - 1) % BLOCK, None, None]

    def between(self, low: float, high: float) -> Array:
        """Evenly distributed from `low` to `high`."""
        return low + (high - low) * self.uniform()

    def about(self, middle: float, spread: float) -> Array:
        """Triangular around `middle`, never further away than `spread`: most people are near the middle."""
        return middle + spread * (self.uniform() + self.uniform() - 1.0)

    def sides(self, low: float, high: float) -> Array:
        """Evenly distributed from `low` to `high`, for each side of the face by itself."""
        return np.concatenate([self.between(low, high), self.between(low, high)])

    def chance(self, probability: float) -> Array:
        """1 with this probability, else 0."""
        return (self.uniform() < probability).astype(np.float32)

    def pick(self, count: int) -> NDArray[np.int64]:
        """An index below `count` for each image, (B,)."""
        index: NDArray[np.int64] = (self.uniform()[0, 0] * count).astype(np.int64)
        return index
