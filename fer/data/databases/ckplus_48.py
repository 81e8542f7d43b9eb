"""This file reads CK+48, Kaggle's rendering of CK+: three cropped images a labelled sequence, in a folder for each expression."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from fer.data.databases.ckplus_layout import REMEDY, Layout, sequence_of, some
from fer.errors import ConfigError, DatabaseDamaged

#: Images of 48 by 48 pixels, the last ones of each sequence.
FRAMES = 3

FOLDERS = {
    "anger": "anger",
    "contempt": "contempt",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "sadness": "sadness",
    "surprise": "surprise",
}


@dataclass(frozen=True)
class Ck48Layout(Layout):
    """CK+48/anger/S010_004_00000017.png: the folder is the label, the name says subject and sequence."""

    cropped: ClassVar[bool] = True

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """The expression whose folder a sequence lies in; raises DatabaseDamaged for one that lies in two."""
        labels: dict[str, str] = {}
        for frame, paths in self.paths.items():
            for path in paths:
                expression = FOLDERS[path.parent.name.casefold()]
                if labels.setdefault(sequence_of(frame), expression) != expression:
                    raise DatabaseDamaged(
                        f"{path}: found the sequence {sequence_of(frame)} also in the folder of {labels[sequence_of(frame)]}, "
                        f"expected one label a sequence.\n    {REMEDY}"
                    )
        return labels

    def check(self, last_frames: int, *, neutral: bool) -> None:
        """Raise ConfigError for frames that CK+48 never had, and DatabaseDamaged for those that are missing in this copy."""
        if last_frames > FRAMES:
            raise self.lacks("last_frames", str(last_frames), f"at most {FRAMES}")
        if neutral:
            raise self.lacks("neutral", "true", "false")
        if short := sorted(sequence for sequence, frames in self.frames.items() if len(frames) < FRAMES):
            raise DatabaseDamaged(
                f"{self.folder}: found fewer than {FRAMES} images of {some(short)}, expected {FRAMES}.\n    {REMEDY}"
            )

    def lacks(self, key: str, found: str, expected: str) -> ConfigError:
        """The error for images that only the layout of the authors has."""
        return ConfigError(
            f"data.ckplus.{key}: found {found}, expected {expected}: {self.folder} is CK+48, the last {FRAMES} images of each "
            "sequence.\n    Use the layout of the authors, with cohn-kanade-images/ and Emotion/, for the others."
        )
