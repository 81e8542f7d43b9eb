"""This file draws the faces that made-up copies of databases are written with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from fer.data.database import Image
from fer.data.databases.drawn_faces.faces import draw_faces
from fer.data.databases.drawn_faces.scenes import DOMAINS
from fer.records import EXPRESSIONS

SKIN = (1.0, 0.86, 0.78)  # shares of red, green and blue, so that colour files have colours
QUALITY = 95  # of JPEG files: high enough that a small face stays readable


@dataclass(frozen=True, slots=True)
class SampleFace:
    """One drawn face: who, what, which take, and its grey pixels (size, size)."""

    subject: int
    expression: str
    take: int
    image: Image


def sample_faces(
    expressions: Sequence[str], *, subjects: int, takes: int, size: int, seed: int, domain: str = "lab"
) -> Iterator[SampleFace]:
    """Every take of every expression of every subject, in this order."""
    order = [(s, e, t) for s in range(subjects) for e in expressions for t in range(takes)]
    images = draw_faces(
        DOMAINS[domain],
        seed=seed,
        subject=np.array([subject for subject, _, _ in order]),
        expression=np.array([EXPRESSIONS.index(expression) for _, expression, _ in order]),
        take=np.array([take for _, _, take in order]),
        size=size,
    )
    return (SampleFace(*key, image) for key, image in zip(order, images, strict=True))


def coloured(grey: Image) -> Image:
    """A grey image (H, W) in the tones of skin, (H, W, 3)."""
    colours: Image = np.round(grey[..., None] * np.array(SKIN)).astype(np.uint8)
    return colours


def photograph(faces: Sequence[tuple[Image, int, int]], *, height: int, width: int) -> Image:
    """A plain grey picture (height, width) with each face (image, left, top) in it."""
    canvas = np.full((height, width), 128, np.uint8)
    for image, left, top in faces:
        canvas[top : top + image.shape[0], left : left + image.shape[1]] = image
    return canvas


def save(image: Image, path: Path) -> None:
    """Write an image file, in the format that its suffix says, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(image).save(path, quality=QUALITY)
