"""This file writes a made-up KDEF of drawn faces, for tests."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from fer.data.database import Image
from fer.data.databases.kdef_names import ANGLES, EXPRESSION_OF
from fer.data.databases.sample_faces import SampleFace, coloured, sample_faces, save

CODES = {expression: code for code, expression in EXPRESSION_OF.items()}
HEIGHT, WIDTH, LEFT, TOP, FACE = 762, 562, 201, 280, 160  # of a sample picture, and where its face is
SESSIONS = "AB"


def write_sample(root: Path, *, subjects: int, seed: int) -> None:
    """Write KDEF_and_AKDEF/: straight pictures of two sessions; the other angles, of the first person's fear alone."""
    folder = root / "KDEF_and_AKDEF"
    for face in drawn(subjects, seed):
        session = SESSIONS[face.take] + person_of(face.subject)
        angles = ANGLES if (face.subject, face.expression) == (0, "fear") else ("S",)
        for angle in angles:
            name = f"{session}{CODES[face.expression]}{angle}.JPG"
            save(picture_of(face.image, shift=20 * ANGLES.index(angle)), folder / "KDEF" / session / name)
    for path in ("KDEF/AF01/AF01V.JPG", "AKDEF/FAFS.JPG"):
        save(picture_of(drawn(subjects, seed)[0].image, shift=100), folder / path)
    (folder / "ReadThis.txt").write_text("A made-up copy: these faces are drawn.\n")


def picture_of(face: Image, *, shift: int) -> Image:
    """A picture in colour with a face in it, moved to the right by `shift` pixels."""
    picture = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    picture[TOP : TOP + FACE, LEFT + shift : LEFT + shift + FACE] = coloured(face)
    return picture


@cache
def drawn(subjects: int, seed: int) -> Sequence[SampleFace]:
    """Every expression of every subject in both sessions."""
    return tuple(sample_faces(tuple(CODES), subjects=subjects, takes=len(SESSIONS), size=FACE, seed=seed))


def person_of(subject: int) -> str:
    """F01, M01, F02 and so on."""
    return f"{'FM'[subject % 2]}{subject // 2 + 1:02d}"
