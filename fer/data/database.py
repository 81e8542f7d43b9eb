"""This file defines Database, the contract of every face database: one file in databases/ and one YAML in conf/data/."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fer.data.digest import files_digest
from fer.errors import DatabaseNotFound
from fer.records import FaceRecord

Image = NDArray[np.uint8]  # (H, W) grey or (H, W, 3) RGB
Points = NDArray[np.float64]  # (68, 2) landmarks, x right and y down in pixels of the image


class Database(ABC):
    """A database of labelled face images; the docstring of each one is its data sheet.

    The constructor only remembers its arguments; the disk is first touched by `records`, which raises DatabaseNotFound
    or DatabaseDamaged. `name` is the first part of every id and the name of the pooled test set.
    """

    name: str
    colour: bool = False  # whether `read` may return (H, W, 3)
    cropped: bool = False  # whether the images are faces already, so that no detector has to look for one
    licence: ClassVar[str]
    citation: ClassVar[str]
    obtain: ClassVar[str]  # how a user gets the files, as a sentence
    published: ClassVar[Mapping[str, int]] = {}  # published counts, under the names that `count` gives

    @abstractmethod
    def records(self) -> Sequence[FaceRecord]:
        """Every labelled image, sorted by id, without reading a pixel."""

    @abstractmethod
    def read(self, record: FaceRecord) -> Image:
        """The decoded image of one record, (H, W) or (H, W, 3) uint8."""

    @abstractmethod
    def files(self) -> Sequence[Path]:
        """Every file that records and pixels come from; empty where the faces are computed."""

    @classmethod
    @abstractmethod
    def write_sample(cls, root: Path, *, subjects: int = 6, seed: int = 0) -> None:
        """Write a tiny made-up copy below `root` in the exact official layout, for tests; needs no real image."""

    def read_many(self, records: Sequence[FaceRecord]) -> Iterator[Image]:
        """The images of `records` in order, one at a time; override where a database reads many faster than one by one."""
        return map(self.read, records)

    def landmarks(self, record: FaceRecord) -> Points | None:
        """The 68 points of the Multi-PIE scheme that the database ships for this image; None where it ships none."""
        return None

    def digest(self) -> str:
        """A hexadecimal digest of the content, which changes whenever a file of the database does."""
        return files_digest(self.files())

    def count(self, records: Sequence[FaceRecord]) -> Mapping[str, int]:
        """The numbers that are compared with the published ones: images, and images by split."""
        splits = Counter(record.split for record in records if record.split is not None)
        return {"images": len(records), **dict(sorted(splits.items()))}

    def checks(self, records: Sequence[FaceRecord]) -> Mapping[str, tuple[object, object]]:
        """What was found and what was published, by name; override to add a checksum. Differences are reported, no error."""
        counts = self.count(records)
        return {name: (counts.get(name, 0), expected) for name, expected in self.published.items()}

    def not_found(self, root: Path, looked_for: str) -> DatabaseNotFound:
        """The error for missing files: where they were looked for, how to obtain them, and which setting points to them."""
        return DatabaseNotFound(
            f"{self.name} is not in {root} (looked for {looked_for}).\n"
            f"    {self.obtain} Then set data.{self.name}.root, or FER_DATA to the folder above it."
        )
