"""This file defines Gallery, a database of images that a test puts together itself."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer.data.database import Database, Image
from fer.data.near_copies.planted_copies import made_up
from fer.records import FaceRecord


class Gallery(Database):
    """Images with the labels that a test gives them.

    Input: whatever the test makes.
    Labels: those of the test,
        on two lines.
    """

    licence, citation, obtain = "For tests.", "none", "It is made by the tests."
    colour = True

    def __init__(self, images: Sequence[Image], name: str = "gallery", **fields: Sequence[str | None]) -> None:
        self.name, self.images, self.reads = name, images, 0
        given = {"expression": ["anger"] * len(images)} | fields
        rows = [{field: values[i] for field, values in given.items()} for i in range(len(images))]
        self.made = [FaceRecord(f"{name}/{i:05d}", str(i), **row) for i, row in enumerate(rows)]  # type: ignore[arg-type]

    def records(self) -> Sequence[FaceRecord]:
        return self.made

    def read(self, record: FaceRecord) -> Image:
        self.reads += 1
        return self.images[int(record.source)]

    def files(self) -> Sequence[Path]:
        return []

    def digest(self) -> str:
        return hashlib.sha256(b"".join(image.tobytes() for image in self.images)).hexdigest()

    @classmethod
    def write_sample(cls, root: Path, *, subjects: int = 6, seed: int = 0) -> None:
        """Nothing to write."""


def pictures(count: int, seed: int = 0) -> list[Image]:
    """So many different pictures, (48, 48) uint8."""
    return list(made_up(count, np.random.default_rng(seed)))
