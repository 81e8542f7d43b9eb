"""This file defines Layout, one of the two forms in which CK+ is handed on, and the words that both share."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from fer.data.database import Points
from fer.data.databases.copies import gathered

#: Of an image: S005_001_00000011 is the sequence S005_001 of the subject S005, and the number of the frame.
FRAME = re.compile(r"(S\d+_\d+)_(\d+)", re.IGNORECASE)

REMEDY = "Unpack or download it again; `fer data ckplus` compares the counts with the published ones."


@dataclass(frozen=True)
class Layout(ABC):
    """CK+ in one form: which sequences, their labels, and the frames of each."""

    folder: Path
    images: Sequence[Path]  # of this form
    published: ClassVar[Mapping[str, int]] = {}  # counts that only this form can be held against
    cropped: ClassVar[bool]

    @property
    @abstractmethod
    def labels(self) -> Mapping[str, str]:
        """The expression of every labelled sequence; raises DatabaseDamaged for a label that is none."""

    @abstractmethod
    def check(self, last_frames: int, *, neutral: bool) -> None:
        """Raise an error where a sequence has not the frames that are asked for."""

    @cached_property
    def paths(self) -> Mapping[str, Sequence[Path]]:
        """The files of every frame by its name; several where a folder was unpacked more than once."""
        return gathered((path.stem.upper(), path) for path in self.images)

    @cached_property
    def frames(self) -> Mapping[str, Sequence[str]]:
        """The frames of every sequence in their order, labelled or not."""
        frames: dict[str, list[str]] = {}
        for name in sorted(self.paths, key=lambda name: int(name.rpartition("_")[2])):
            frames.setdefault(sequence_of(name), []).append(name)
        return frames

    def counts(self) -> Mapping[str, int]:
        """The counts that only this form has."""
        return {}

    def landmarks(self, frame: str) -> Points | None:
        """The 68 points of a frame; None where there are none."""
        return None

    def files(self, frames: Sequence[str]) -> Sequence[Path]:
        """The files beside the images that labels and landmarks of `frames` come from."""
        return []


def sequence_of(name: str) -> str:
    """The sequence S005_001 of a frame S005_001_00000011."""
    return name.rpartition("_")[0]


def subject_of(name: str) -> str:
    """The subject S005 of a frame or sequence."""
    return name.partition("_")[0]


def sequence_in(name: str) -> str | None:
    """The sequence in the name of an image; None where it is no name of CK+."""
    match = FRAME.fullmatch(name)
    return match[1].upper() if match else None


def some(names: Sequence[str]) -> str:
    """The first names of many, and how many there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
