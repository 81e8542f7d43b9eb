"""This file writes a made-up table of drawn faces, for tests."""

import csv
from pathlib import Path

from fer.data.databases.sample_faces import coloured, sample_faces, save
from fer.records import EXPRESSIONS

HEADER = ("path", "expression", "subject", "group", "split")


def write_sample(root: Path, *, subjects: int, seed: int) -> None:
    """Write faces.csv and images/: people and splits in all rows, groups in some, upper and lower case in turn."""
    rows = []
    for face in sample_faces(EXPRESSIONS, subjects=max(subjects, 3), takes=3, size=64, seed=seed):
        path = f"images/s{face.subject:02d}/{face.expression}_{face.take}.png"
        save(coloured(face.image) if face.take else face.image, root / path)
        group = f"{face.subject}-{face.expression}" if face.take else ""
        word = (face.expression, face.expression.upper())[face.take % 2]
        rows.append((path, word, f"s{face.subject:02d}", group, ("train", "val", "test")[face.subject % 3]))
    with (root / "faces.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, *rows])
