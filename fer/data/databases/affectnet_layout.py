"""This file defines Layout, one of the releases of AffectNet, and the words that all releases share."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from fer.data.database import Image, Points
from fer.records import FaceRecord

#: Labels 0 to 7, in their order.
LABELS = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
#: Labels 8 to 10, which are no expressions.
NO_EXPRESSION = ("none", "uncertain", "no_face")
NAME_OF = {str(label): name for label, name in enumerate((*LABELS, *NO_EXPRESSION))}

POINTS = 68

REMEDY = "Unpack or download it again; `fer data affectnet` compares the counts with the published ones."


class Layout(ABC):
    """AffectNet in one release: which files, which records, and the pixels of a record."""

    @abstractmethod
    def records(self) -> Iterable[FaceRecord]:
        """Every image with an expression; raises DatabaseDamaged before any pixel is read."""

    @abstractmethod
    def left_out(self) -> Mapping[str, int]:
        """The number of images that are no records, by reason."""

    @abstractmethod
    def read(self, record: FaceRecord) -> Image:
        """The face of one record."""

    @abstractmethod
    def landmarks(self, record: FaceRecord) -> Points | None:
        """The 68 points in pixels of what `read` gives; None where there are none."""

    @abstractmethod
    def label_files(self) -> Sequence[Path]:
        """The files that labels and landmarks come from."""
