"""This file defines Augmentation, the random changes of training faces that `conf/augment` describes."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.errors import ConfigError

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask for news over the network at import


class Augmentation:
    """A pipeline of albumentations transforms, in order, for training faces only.

    Random numbers come from the seed of each call, so that a batch is the same in whatever process it is made. `batched`
    then changes a whole batch at once on the device, as BatchChanges does, and `mix` mixes its faces and targets with one
    another, as torchvision.transforms.v2.MixUp does; both may be None.
    """

    def __init__(
        self,
        transforms: Sequence[Any] = (),
        batched: Callable[..., Any] | None = None,
        mix: Callable[..., Any] | None = None,
    ) -> None:
        import albumentations
        import cv2

        for name, found in (("batched", batched), ("mix", mix)):
            if not (found is None or callable(found)):
                raise ConfigError(f"augment.{name}: found {found!r}, expected what _target_ names, or null")

        cv2.setNumThreads(0)  # threads of its own would only compete with torch's
        self.batched, self.mix = batched, mix
        self.pipeline = albumentations.Compose(list(transforms)) if transforms else None

    def __call__(self, faces: NDArray[np.uint8], *, seed: int) -> NDArray[np.uint8]:
        """Changed copies of faces (B, S, S) or (B, S, S, 3) uint8, in the same shape."""
        if self.pipeline is None:
            return faces
        self.pipeline.set_random_seed(seed)
        for i, face in enumerate(faces):
            faces[i] = self.pipeline(image=face)["image"]
        return faces
