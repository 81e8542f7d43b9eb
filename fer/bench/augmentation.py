"""This file measures how fast training faces are mirrored, moved, turned and partly covered, by this project and by libraries."""

from collections.abc import Callable

import numpy as np
import torch

from fer.bench.measurement import Measurement, by_turns
from fer.bench.other_libraries import in_kornia, in_torchvision
from fer.data.augment import Augmentation
from fer.data.batched import BatchChanges
from fer.data.faces import Faces

BATCH, TIMES = 128, 4


def measure_augmentation(faces: Faces, alone: Augmentation, changes: BatchChanges, *, rounds: int, threads: int) -> Measurement:
    """Change batches of faces one by one, by the pipeline `alone`, and at once; and by the same in other libraries' words."""
    torch.set_num_threads(threads)
    pixels = faces.take(np.arange(BATCH) % len(faces))
    images, positions = torch.from_numpy(pixels)[:, None].float() / 255, torch.arange(BATCH)
    (moved, covered), together = in_torchvision(changes), in_kornia(changes)
    ways: dict[str, Callable[[], object]] = {
        "albumentations": lambda: alone(pixels.copy(), seed=0),
        "torchvision": lambda: [covered(moved(image)) for image in images],
        **({"kornia": lambda: together(images)} if together else {}),
        "batched": lambda: changes(images, positions, epoch=0, epochs=1),
    }
    rates = by_turns({name: turn_of(way) for name, way in ways.items()}, rounds=rounds)
    return Measurement("augmentation", {"threads": str(threads)}, rates, ours="batched")


def turn_of(way: Callable[[], object]) -> Callable[[], int]:
    """The way, some times; gives how many images that were."""

    def turn() -> int:
        for _ in range(TIMES):
            way()
        return TIMES * BATCH

    return turn
