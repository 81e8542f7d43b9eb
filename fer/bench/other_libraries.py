"""This file says the changes of conf/augment/batched.yaml in the words of other libraries, to be compared with."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from torch import Tensor
from torchvision.transforms import v2

from fer.data.batched import BatchChanges

Change = Callable[[Any], Any]


def in_torchvision(changes: BatchChanges) -> tuple[Change, Change]:
    """What mirrors and moves a face, a PIL image or a tensor, and what covers a part of a tensor; one face at a time."""
    affine = v2.RandomAffine(changes.turn, translate=(changes.shift, changes.shift), scale=tuple(changes.scale))
    moved = v2.Compose([v2.RandomHorizontalFlip(), v2.RandomApply([affine], p=changes.moved)])
    return moved, v2.RandomErasing(p=changes.covered, scale=areas(changes))


def in_kornia(changes: BatchChanges) -> Callable[[Tensor], Tensor] | None:
    """What changes a whole batch; None where kornia is not installed, which nothing here needs."""
    if find_spec("kornia") is None:
        return None
    from kornia import augmentation

    shift = (changes.shift, changes.shift)
    moved = augmentation.RandomAffine(changes.turn, shift, tuple(changes.scale), padding_mode="border", p=changes.moved)
    covered = augmentation.RandomErasing(scale=areas(changes), p=changes.covered)
    mirrored = augmentation.RandomHorizontalFlip()
    changed: Callable[[Tensor], Tensor] = augmentation.AugmentationSequential(mirrored, moved, covered, data_keys=["input"])
    return changed


def areas(changes: BatchChanges) -> tuple[float, float]:
    """The smallest and the largest share of a face that is covered."""
    low, high = changes.cover
    return low**2, high**2
