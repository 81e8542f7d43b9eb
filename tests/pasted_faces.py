"""This file pastes faces of FER2013 into larger pictures, to find out what is lost between a photograph and the stored crop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from skimage import data

from fer.data.database import Image
from fer.data.preprocessing.resizing import resize, with_channels

#: Height and width of the pictures, and how many times as large as stored the faces are.
PICTURE, ENLARGED = (600, 800), (3.0, 6.0)

#: What is behind the faces: photographs without people.
PHOTOGRAPHS = (data.coffee, data.rocket, data.chelsea, data.camera, data.page)


@dataclass(frozen=True)
class Pasted:
    """A picture with one face, whose square has this middle and side, in pixels."""

    pixels: Image
    x: float
    y: float
    side: int


def pasted(faces: Sequence[Image], *, seed: int) -> Iterator[Pasted]:
    """Each face, square and grey, in a picture: on plain grey, on noise, and on a photograph by turns."""
    for place, face in enumerate(faces):
        rng = np.random.default_rng([seed, place])
        side = round(rng.uniform(*ENLARGED) * len(face))
        picture = background(place, rng)
        top, left = (int(rng.integers(0, length - side)) for length in PICTURE)
        picture[top : top + side, left : left + side] = resize(face, side)
        yield Pasted(picture, left + (side - 1) / 2, top + (side - 1) / 2, side)


def background(place: int, rng: np.random.Generator) -> Image:
    """A grey picture without a face."""
    if place % 3 == 0:
        return np.full(PICTURE, 128, np.uint8)
    if place % 3 == 1:
        return np.asarray(cv2.GaussianBlur(rng.integers(0, 256, PICTURE, np.uint8), (0, 0), 3), np.uint8)
    photograph = with_channels(np.asarray(PHOTOGRAPHS[place // 3 % len(PHOTOGRAPHS)](), np.uint8), 1)
    return np.asarray(cv2.resize(photograph, PICTURE[::-1], interpolation=cv2.INTER_AREA), np.uint8)
