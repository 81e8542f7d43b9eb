"""This file describes the classes of a database: counts by split, faces to show, mean faces, and the odd ones."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.data.audit import Audit
from fer.data.database import Image
from fer.data.near_copies.perceptual_hash import halved
from fer.records import EXPRESSIONS

SHOWN = 24  # faces of a class
ODD = 12  # of a class
COMPONENTS = 32  # of the space of faces: light, pose and coarse shape; what they leave is odd
FITTED = 10_000  # faces that the space is made from

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class FaceClass:
    """The images of one expression: how many by split, rows of some and of the oddest, and mean faces (48, 48) uint8.

    `means` has a mean face of each split that has images of the class, under None where there is one split only.
    """

    expression: str
    counts: Mapping[str | None, int]
    faces: tuple[int, ...]
    odd: tuple[int, ...]
    means: Mapping[str | None, Image]

    @property
    def total(self) -> int:
        """The images of the class."""
        return sum(self.counts.values())


def face_classes(audit: Audit, rng: np.random.Generator) -> tuple[FaceClass, ...]:
    """Every class that has images, in canonical order."""
    expressions = np.array([record.expression for record in audit.records])
    present = set(expressions.tolist())
    names = [*(name for name in EXPRESSIONS if name in present), *sorted(present - set(EXPRESSIONS))]
    odd = oddness(np.asarray(audit.thumbnails.faces))
    return tuple(face_class(audit, name, np.flatnonzero(expressions == name), odd, rng) for name in names)


def face_class(audit: Audit, expression: str, rows: Rows, odd: NDArray[np.float32], rng: np.random.Generator) -> FaceClass:
    """One class: random faces, and the oddest without near copies of one another where not all faces are shown anyway."""
    distinct = rows[np.unique(audit.originals[rows], return_index=True)[1]]
    drawn = rng.choice(distinct, min(SHOWN, len(distinct)), replace=False)
    different = rows[np.unique(audit.photographs[rows], return_index=True)[1]]
    visible = different[audit.thumbnails.spread[different] > 0] if len(distinct) > SHOWN else different[:0]
    oddest = visible[np.argsort(-odd[visible], kind="stable")][:ODD]
    by_split = {part.split: np.intersect1d(part.rows, rows) for part in audit.parts}
    groups = {split: some for split, some in by_split.items() if len(some)} if len(by_split) > 1 else {None: rows}
    return FaceClass(
        expression,
        {split: len(some) for split, some in by_split.items()},
        tuple(drawn.tolist()),
        tuple(oddest.tolist()),
        {split: mean_face(audit.thumbnails.faces[some]) for split, some in groups.items()},
    )


def mean_face(faces: NDArray[np.uint8]) -> Image:
    """The mean of some faces with its contrast stretched to the whole range, (48, 48) uint8."""
    mean = faces.mean(axis=0)
    low, high = np.percentile(mean, (1, 99))
    stretched: Image = np.clip(255 * (mean - low) / max(high - low, 1), 0, 255).astype(np.uint8)
    return stretched


def oddness(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How little of each thumbnail others explain, (N,): drawings and signs come first, where most are photographs.

    The distance to the principal components of the other half of the images, so that no odd one explains itself.
    """
    pixels = halved(faces).reshape(len(faces), -1)
    pixels -= pixels.mean(axis=1, keepdims=True)
    pixels /= np.maximum(pixels.std(axis=1, keepdims=True), 1)  # else it is contrast that is odd
    distances = np.zeros(len(faces), np.float32)
    for half, other in ((slice(0, None, 2), slice(1, None, 2)), (slice(1, None, 2), slice(0, None, 2))):
        if len(pixels[other]):
            mean, components = face_space(pixels[other])
            away = pixels[half] - mean
            distances[half] = np.linalg.norm(away - away @ components @ components.T, axis=1)
    return distances


def face_space(pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mean (P,) and the first principal components (P, 32) of images (N, P), or of some of them where there are many."""
    some = pixels[:: max(1, len(pixels) // FITTED)]
    mean = some.mean(axis=0)
    _, vectors = np.linalg.eigh((some - mean).T @ (some - mean))
    return mean, vectors[:, -min(COMPONENTS, len(some)) :]
