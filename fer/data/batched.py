"""This file defines BatchChanges, the random changes of a whole batch of training faces at once, on the device that trains."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from fer.errors import ConfigError

Flip = Literal["alternating", "random", "never"]

#: What covers a part of a face: the middle of the grey values.
GREY = 0.5


@dataclass(frozen=True)
class BatchChanges:
    """Mirrors, moves, turns, scales and partly covers every face of a batch by random numbers of its own.

    One resampling by torch does all but the covering, so that a face costs no Python of its own. `flip` mirrors at random,
    or `alternating`: a face that was mirrored in one epoch is not in the next, so that two epochs show both (Jordan 2024,
    arXiv 2404.00498). `moved` is the share of faces that are scaled by `scale`, shifted by up to `shift` of their size and
    turned by up to `turn` degrees; the edge is repeated where nothing was. `covered` is the share that lose a rectangle with
    sides in the range `cover` of theirs (random erasing, Zhong et al. 2020). `sizes` are those of the faces in equal parts
    of the training, relative to the prepared ones: (0.75, 1.0) trains the first half of the epochs on smaller faces, faster.
    """

    flip: Flip = "alternating"
    moved: float = 0.0
    scale: Sequence[float] = (1.0, 1.0)
    shift: float = 0.0
    turn: float = 0.0
    covered: float = 0.0
    cover: Sequence[float] = (0.1, 0.3)
    sizes: Sequence[float] = (1.0,)

    def __post_init__(self) -> None:
        if self.flip not in ("alternating", "random", "never"):
            raise ConfigError(f"augment.batched.flip: found {self.flip!r}, expected alternating, random or never")
        for name, high in (("moved", 1), ("covered", 1), ("shift", 1), ("turn", 180)):
            require(name, [getattr(self, name)], from_to=(0, high))
        for name, low, high in (("scale", 0.1, 10), ("cover", 0, 1)):
            require(name, getattr(self, name), from_to=(low, high), numbers=2)
        require("sizes", self.sizes, from_to=(0.1, 1))

    def __call__(self, faces: Tensor, positions: Tensor, *, epoch: int, epochs: int) -> Tensor:
        """Changed faces (B, C, s, s) of faces (B, C, S, S) in [0, 1], which lie at `positions` (B,) of the training part."""
        drawn = torch.rand(len(faces), 11, device=faces.device)
        mirrored = self.mirrored(positions, drawn[:, 0], epoch)
        changed = resampled(faces, self.maps(mirrored, drawn[:, 1:6]), size=self.size_in(epoch, epochs, whole=faces.shape[-1]))
        return self.partly_covered(changed, drawn[:, 6:])

    def size_in(self, epoch: int, epochs: int, *, whole: int) -> int:
        """The size of the faces in an epoch, in pixels; `whole` is that of the prepared ones."""
        return round(whole * self.sizes[min(epoch * len(self.sizes) // epochs, len(self.sizes) - 1)])

    def mirrored(self, positions: Tensor, drawn: Tensor, epoch: int) -> Tensor:
        """Which faces are mirrored: (B,) bool."""
        if self.flip == "alternating":
            scattered = (positions * 2654435761 >> 16) + epoch  # Knuth's multiplicative hash: half of the faces begin mirrored
            return scattered % 2 == 1
        return drawn < (0.5 if self.flip == "random" else 0.0)

    def maps(self, mirrored: Tensor, drawn: Tensor) -> Tensor:
        """From places in the changed faces to places in the faces themselves, both from -1 to 1: (B, 2, 3)."""
        moved = drawn[:, 0] < self.moved
        low, high = self.scale
        scale = torch.where(moved, low + (high - low) * drawn[:, 1], 1.0)
        turn = torch.where(moved, (2 * drawn[:, 2] - 1) * self.turn, 0.0).deg2rad()
        shift = torch.where(moved[:, None], (2 * drawn[:, 3:5] - 1) * 2 * self.shift, 0.0)
        along, across = turn.cos() / scale, turn.sin() / scale
        side = torch.where(mirrored, -1.0, 1.0)
        rows = (torch.stack([side * along, -side * across], 1), torch.stack([across, along], 1))
        return torch.cat([torch.stack(rows, 1), shift[:, :, None]], 2)

    def partly_covered(self, faces: Tensor, drawn: Tensor) -> Tensor:
        """The faces, some of them with a grey rectangle."""
        if not self.covered:
            return faces
        low, high = self.cover
        places = torch.linspace(0, 1, faces.shape[-1], device=faces.device)
        sides = torch.where(drawn[:, :1] < self.covered, low + (high - low) * drawn[:, 1:3], -1.0)
        down, right = ((places - drawn[:, i + 3 : i + 4]).abs() <= sides[:, i : i + 1] / 2 for i in (0, 1))
        return faces.masked_fill((down[:, :, None] & right[:, None, :])[:, None], GREY)


def require(name: str, found: Sequence[float], *, from_to: tuple[float, float], numbers: int = 0) -> None:
    """Raise ConfigError unless all are numbers in a range, and, where a number of them is asked for, that many in order."""
    low, high = from_to
    right = all(isinstance(one, int | float) and low <= one <= high for one in found)
    if not right or not found or (numbers and (len(found) != numbers or list(found) != sorted(found))):
        several = f"{numbers} numbers in order, each " if numbers else ""
        shown = found[0] if len(found) == 1 else list(found)
        raise ConfigError(f"augment.batched.{name}: found {shown}, expected {several}from {low:g} to {high:g}")


def resampled(faces: Tensor, maps: Tensor, *, size: int) -> Tensor:
    """Faces (B, C, size, size) looked up by bilinear interpolation where the maps (B, 2, 3) point to."""
    with torch.autocast(faces.device.type, enabled=False):  # bf16 is too coarse for places
        return F.grid_sample(faces, looked_up(maps, size), padding_mode="border", align_corners=False)


def looked_up(maps: Tensor, size: int) -> Tensor:
    """Where every pixel of a changed face is looked up: (B, size, size, 2), across and down, as torch's affine_grid says it.

    A map is a part for the column and a part for the row; each is made once and not for every pixel.
    """
    middles = ((torch.arange(size, device=maps.device) * 2 + 1) / size - 1)[:, None]
    across, down, shift = maps[:, None].unbind(3)
    return (middles * down + shift)[:, :, None] + (middles * across)[:, None]
