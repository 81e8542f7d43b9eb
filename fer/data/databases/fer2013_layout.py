"""This file defines Layout, one of the forms in which FER2013 is handed on, and the words that all forms share."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from fer.data.database import Image
from fer.records import FaceRecord

SPLITS = ("Training", "PublicTest", "PrivateTest")

REMEDY = "Unpack or download it again; `fer data fer2013` compares the counts and the checksum with the published ones."


class Layout(ABC):
    """FER2013 in one form: which files, which records, and the pixels of a record."""

    @abstractmethod
    def records(self) -> list[FaceRecord]:
        """Every labelled image, sorted by id; raises DatabaseDamaged before any pixel is read."""

    @abstractmethod
    def read_many(self, records: Sequence[FaceRecord]) -> Iterator[Image]:
        """The images of `records` in order, (48, 48) uint8."""

    @abstractmethod
    def files(self) -> list[Path]:
        """The files that records and pixels come from."""

    def unlabelled(self) -> int:
        """The number of images without a label, which are no records."""
        return 0
