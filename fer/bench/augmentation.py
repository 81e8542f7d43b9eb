"""This file measures how fast libraries change training faces in the same way: mirrored, moved, turned and partly covered."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from torchvision.transforms import v2

from fer.bench.measurement import Measurement, by_turns
from fer.build import build
from fer.data.augment import Augmentation
from fer.data.faces import Faces

BATCH = 128


def measure_augmentation(faces: Faces, configs: Mapping[str, Mapping[str, Any]], *, rounds: int, threads: int) -> Measurement:
    """Change batches of faces by conf/augment/faces.yaml and batched.yaml, and by the same in the words of other libraries."""
    torch.set_num_threads(threads)
    pixels = faces.take(np.arange(BATCH) % len(faces))
    images = torch.from_numpy(pixels).reshape(BATCH, -1, *pixels.shape[1:3]).float() / 255
    positions = torch.arange(BATCH)
    alone: Augmentation = build(configs["faces"], "augment")
    at_once: Augmentation = build(configs["batched"], "augment")
    assert at_once.batched is not None, "that is what augment=batched is for"
    change = at_once.batched
    one_by_one, together = in_torchvision(), in_kornia()
    ways: dict[str, Callable[[], object]] = {
        "albumentations": lambda: alone(pixels.copy(), seed=0),
        "torchvision": lambda: [one_by_one(image) for image in images],
        **({"kornia": lambda: together(images)} if together else {}),
        "batched": lambda: change(images, positions, epoch=0, epochs=1),
    }
    rates = by_turns({name: repeated(way) for name, way in ways.items()}, rounds=rounds)
    return Measurement("augmentation", {"threads": str(threads)}, rates, ours="batched")


def repeated(way: Callable[[], object], *, times: int = 10) -> Callable[[], int]:
    """The way, some times; gives how many images that were."""

    def turn() -> int:
        for _ in range(times):
            way()
        return times * BATCH

    return turn


def in_torchvision() -> Callable[[torch.Tensor], torch.Tensor]:
    """The changes of one face in torchvision's words, whose random numbers are one face's or a whole batch's."""
    moved = v2.RandomApply([v2.RandomAffine(10, translate=(0.06, 0.06), scale=(0.9, 1.1))], p=0.8)
    pipeline: Callable[[torch.Tensor], torch.Tensor] = v2.Compose(
        [v2.RandomHorizontalFlip(), moved, v2.RandomErasing(p=0.25, scale=(0.01, 0.09))]
    )
    return pipeline


def in_kornia() -> Callable[[torch.Tensor], torch.Tensor] | None:
    """The changes of a batch in kornia's words; None where it is not installed, as nothing here needs it."""
    if find_spec("kornia") is None:
        return None
    from kornia import augmentation

    moved = augmentation.RandomAffine(10.0, (0.06, 0.06), (0.9, 1.1), padding_mode="border", p=0.8)
    covered = augmentation.RandomErasing(scale=(0.01, 0.09), p=0.25)
    return augmentation.AugmentationSequential(augmentation.RandomHorizontalFlip(), moved, covered, data_keys=["input"])
