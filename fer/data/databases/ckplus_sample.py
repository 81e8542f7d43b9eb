"""This file writes a made-up CK+ of drawn faces, in the layout of its authors or as CK+48, for tests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from fer.data.database import Image, Points
from fer.data.databases.ckplus_48 import FOLDERS, FRAMES
from fer.data.databases.ckplus_original import LABELS
from fer.data.databases.drawn_faces.action_units import PROTOTYPES
from fer.data.databases.sample_faces import coloured, sample_faces, save

HEIGHT, WIDTH, LEFT, TOP = 490, 640, 220, 140  # of a sample frame, and where its face is
FACE, DRAWN = 192, 96  # pixels of the face, and those it is drawn with
SHARES = (0.05, 0.9, 0.95, 1.0)  # of the peak in each frame: the last three are nearly the same, as in the published files
POSED = tuple(expression for expression in LABELS if expression != "neutral")


@dataclass(frozen=True)
class SampleSequence:
    """One made-up sequence, S005_001: its frames from the first face to the last, and its label if it has one."""

    name: str
    expression: str
    labelled: bool
    faces: Sequence[Image]

    @property
    def folder(self) -> str:
        """Where its files lie below each part of the database: S005/001."""
        return self.name.replace("_", "/")

    @property
    def frames(self) -> Sequence[tuple[str, Image]]:
        """The name of each frame, and its face."""
        return [(f"{self.name}_{i:08d}", face) for i, face in enumerate(self.faces, start=1)]


@cache
def drawn(subjects: int, seed: int) -> Sequence[SampleSequence]:
    """A labelled sequence for each expression of each subject; the last subject of all and one sequence have no label."""
    faces = sample_faces(("neutral", *POSED), subjects=subjects + 1, takes=1, size=DRAWN, seed=seed)
    sequences = []
    for subject, shown in groupby(faces, key=lambda face: face.subject):
        first, *peaks = shown
        for number, peak in enumerate(peaks, start=1):
            frames = [cv2.addWeighted(peak.image, share, first.image, 1 - share, 0).astype(np.uint8) for share in SHARES]
            name = f"S{5 + 6 * subject:03d}_{number:03d}"
            sequences.append(SampleSequence(name, peak.expression, subject < subjects, frames))
    return [*sequences, SampleSequence("S005_008", "", False, sequences[0].faces[:2])]


def write_original(root: Path, *, subjects: int, seed: int) -> None:
    """Write cohn-kanade-images/, Emotion/, Landmarks/ and FACS/; every tenth sequence is stored in colour."""
    for i, sequence in enumerate(drawn(subjects, seed)):
        folder = root / "cohn-kanade-images" / sequence.folder
        folder.mkdir(parents=True, exist_ok=True)
        for frame, face in sequence.frames:
            picture = Pillow.fromarray(picture_of(face, colour=i % 10 == 1))
            picture.save(folder / f"{frame}.png", compress_level=1)  # fast: a sample is written for many tests
        for path, text in texts(sequence):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
    (root / "cohn-kanade-images" / ".DS_Store").touch()
    (root / "ReadMeCohnKanadeDatabase_website.txt").write_text("A made-up copy: these faces are drawn.\n")


def picture_of(face: Image, *, colour: bool) -> Image:
    """A frame with a face in it, (490, 640) or in colour (490, 640, 3)."""
    large = resized(face, FACE)
    pixels = coloured(large) if colour else large
    picture = np.full((HEIGHT, WIDTH, *pixels.shape[2:]), 128, np.uint8)
    picture[TOP : TOP + FACE, LEFT : LEFT + FACE] = pixels
    return picture


def texts(sequence: SampleSequence) -> Iterator[tuple[Path, str]]:
    """The files beside a sequence's images: landmarks of every frame but the second, and label and action units of the last."""
    last = f"{sequence.folder}/{sequence.frames[-1][0]}"
    points = numbers(face_points() * FACE + (LEFT, TOP))
    for number, (frame, _) in enumerate(sequence.frames):
        if number != 1:
            yield Path(f"Landmarks/{sequence.folder}/{frame}_landmarks.txt"), points
    if sequence.labelled:
        yield Path(f"Emotion/{last}_emotion.txt"), numbers(np.array([[LABELS.index(sequence.expression)]]))
        units = [[unit, 0] for unit in PROTOTYPES[sequence.expression]]
        yield Path(f"FACS/{last}_facs.txt"), numbers(np.array(units))


def write_rendering(root: Path, *, subjects: int, seed: int) -> None:
    """Write CK+48/: the last three faces of the labelled sequences, 48×48, in a folder for each expression."""
    folder_of = {expression: folder for folder, expression in FOLDERS.items()}
    for sequence in drawn(subjects, seed):
        for frame, face in sequence.frames[-FRAMES:] if sequence.labelled else ():
            save(resized(face, 48), root / "CK+48" / folder_of[sequence.expression] / f"{frame}.png")


def resized(face: Image, size: int) -> Image:
    """The face with (size, size) pixels."""
    return cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA if size < len(face) else cv2.INTER_NEAREST).astype(
        np.uint8
    )


def numbers(table: Points) -> str:
    """A table of numbers as the authors write them."""
    return "".join("".join(f"   {number:.7e}" for number in row) + "\n" for row in table.tolist())


def face_points() -> Points:
    """Where the 68 points are in a drawn face, roughly, in shares of its width: jaw, brows, nose, eyes, lips."""
    bridge = np.column_stack([np.full(4, 0.5), np.linspace(0.43, 0.56, 4)])
    return np.concatenate(
        [
            arc((0.5, 0.45), (0.36, 0.46), 180, 0, 17),
            *(arc((x, 0.36), (0.12, 0.04), 200, 340, 5) for x in (0.35, 0.65)),
            bridge,
            arc((0.5, 0.57), (0.07, 0.04), 180, 0, 5),
            *(arc((x, 0.44), (0.08, 0.04), 180, 480, 6) for x in (0.35, 0.65)),
            arc((0.5, 0.74), (0.15, 0.06), 180, 510, 12),
            arc((0.5, 0.74), (0.11, 0.02), 180, 495, 8),
        ]
    )


def arc(centre: tuple[float, float], radii: tuple[float, float], start: float, end: float, points: int) -> Points:
    """Points on an ellipse, from one angle in degrees to another; 90 is down."""
    angles = np.radians(np.linspace(start, end, points))
    return np.column_stack([centre[0] + radii[0] * np.cos(angles), centre[1] + radii[1] * np.sin(angles)])
