"""This file reads CK+ in the layout of its authors: sequences of images, and a label file for some of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np

from fer.data.database import Points
from fer.data.databases.ckplus_layout import REMEDY, Layout, some, subject_of
from fer.errors import ConfigError, DatabaseDamaged
from fer.readable import readable

#: Of a label file: S005_001_00000011_emotion.txt, in whose name the frame is the last one of the sequence.
EMOTION = re.compile(r"(S\d+_\d+)_\d+_emotion", re.IGNORECASE)

LANDMARKS = re.compile(r"(S\d+_\d+_\d+)_landmarks", re.IGNORECASE)

#: Labels 0 to 7, in their order.
LABELS = ("neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")


@dataclass(frozen=True)
class OriginalLayout(Layout):
    """cohn-kanade-images/, Emotion/ and Landmarks/, wherever they lie: the names of the files say what belongs together."""

    texts: Sequence[Path]
    cropped: ClassVar[bool] = False
    published: ClassVar[Mapping[str, int]] = {
        "sequences with and without label": 593,
        "subjects with and without label": 123,
    }

    @cached_property
    def emotion_files(self) -> Mapping[str, Sequence[Path]]:
        """The label files of every sequence that has any."""
        files: dict[str, list[Path]] = {}
        for path in self.texts:
            if match := EMOTION.fullmatch(path.stem):
                files.setdefault(match[1].upper(), []).append(path)
        return files

    @cached_property
    def landmark_files(self) -> Mapping[str, Path]:
        """The landmark file of every frame that has one."""
        named = [(match[1].upper(), path) for path in self.texts if (match := LANDMARKS.fullmatch(path.stem))]
        return dict(reversed(named))  # of copies the first

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """The expression in the label file of each sequence; a sequence without a file has none, and is not neutral."""
        if missing := sorted(self.emotion_files.keys() - self.frames.keys()):
            raise DatabaseDamaged(
                f"{self.folder}: {len(missing)} of {len(self.emotion_files)} labels have no images: {some(missing)}.\n"
                "    Unpack cohn-kanade-images again."
            )
        for paths in self.emotion_files.values():
            for path in paths:
                self.require_peak(path)
        return {sequence: agreed(paths) for sequence, paths in self.emotion_files.items()}

    def require_peak(self, path: Path) -> None:
        """Raise DatabaseDamaged where the frame that a label file is named after, the peak, is not there."""
        frame = path.stem.upper().removesuffix("_EMOTION")
        if frame not in self.paths:
            raise DatabaseDamaged(
                f"{path}: found no image {frame}, which it is the label of, expected the last one of its sequence.\n"
                "    Unpack cohn-kanade-images again."
            )

    def check(self, last_frames: int, *, neutral: bool) -> None:
        """Raise ConfigError where a labelled sequence is shorter than the frames that are asked for."""
        shortest = min(self.labels, key=lambda sequence: (len(self.frames[sequence]), sequence))
        most = len(self.frames[shortest]) - neutral
        if last_frames > most:
            beside = " beside its first one, the neutral face" if neutral else ""
            raise ConfigError(
                f"data.ckplus.last_frames: found {last_frames}, but the sequence {shortest} has only {most} images{beside}; "
                f"expected at most {most}."
            )

    def counts(self) -> Mapping[str, int]:
        """All sequences and subjects, and the sequences without a label, which are no records."""
        return {
            "sequences with and without label": len(self.frames),
            "subjects with and without label": len({subject_of(sequence) for sequence in self.frames}),
            "unlabelled sequences": len(self.frames.keys() - self.labels.keys()),
        }

    def landmarks(self, frame: str) -> Points | None:
        """The 68 points of a frame, (68, 2): x and y in pixels."""
        path = self.landmark_files.get(frame)
        return read_landmarks(path) if path else None

    def files(self, frames: Sequence[str]) -> Sequence[Path]:
        """The label files, and the landmark files of `frames`."""
        landmarks = [self.landmark_files[frame] for frame in frames if frame in self.landmark_files]
        return [*(paths[0] for paths in self.emotion_files.values()), *landmarks]


def agreed(paths: Sequence[Path]) -> str:
    """The expression that all label files of one sequence hold."""
    first, *others = paths
    for other in others:
        if read_emotion(other) != read_emotion(first):
            raise DatabaseDamaged(f"{other}: found another label than in {first}.\n    {REMEDY}")
    return read_emotion(first)


def read_emotion(path: Path) -> str:
    """The expression in a label file, which holds one number such as 3.0000000e+00."""
    with readable(path):
        text = path.read_text(encoding="ascii", errors="replace").strip()
    try:
        label = float(text)
    except ValueError:
        label = -1.0
    if label not in range(len(LABELS)):
        raise DatabaseDamaged(
            f"{path}: found the label {text[:30]!r}, expected one number from 0 to {len(LABELS) - 1}.\n    {REMEDY}"
        )
    return LABELS[int(label)]


def read_landmarks(path: Path) -> Points:
    """The points in a landmark file, one a line."""
    with readable(path):
        lines = path.read_text(encoding="ascii", errors="replace").split("\n")
    try:
        points: Points = np.array([line.split() for line in lines if line.strip()], np.float64)
    except ValueError as error:
        raise DatabaseDamaged(f"{path}: found no table of numbers ({error}).\n    {REMEDY}") from None
    if points.shape != (68, 2) or not np.isfinite(points).all():
        raise DatabaseDamaged(f"{path}: found numbers of the shape {points.shape}, expected 68 lines of x and y.\n    {REMEDY}")
    return points
