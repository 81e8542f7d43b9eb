"""This file defines Batch, what a DataLoader hands to a network."""

from typing import NamedTuple

from torch import Tensor

#: The target of a face that only fills up a rank's share of the validation part; it counts nowhere.
IGNORED = -100


class Batch(NamedTuple):
    """Faces (B, S, S) or (B, S, S, 3) uint8, and targets: indices (B,) int64 or distributions (B, K) float32.

    `positions` (B,) int64 are those of the faces in their part, so that a face can be told again in another epoch.
    """

    faces: Tensor
    targets: Tensor
    positions: Tensor
