"""This file writes a made-up AffectNet of drawn faces, as the complete release or the smaller one, for tests."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer.data.database import Points
from fer.data.databases.affectnet_layout import LABELS, POINTS
from fer.data.databases.affectnet_lists import HEADER
from fer.data.databases.sample_faces import SampleFace, coloured, photograph, sample_faces, save

TAKES = 2
SIZE, MARGIN = 96, 14  # of a face, and what of the picture is around it
#: The picture that is empty in the published release, which conf/data/affectnet.yaml omits.
EMPTY = "103/29a31ebf1567693f4644c8ba3476ca9a72ee07fe67a5860d98707a0a.jpg"


def draw(subjects: int, seed: int) -> list[SampleFace]:
    """Every expression of every person, each twice."""
    return list(sample_faces(LABELS, subjects=max(subjects, 2), takes=TAKES, size=SIZE, seed=seed, domain="wild"))


def landmarks() -> Points:
    """Points of which only the first two are known to be anything: the corners of the face's square."""
    return np.concatenate([np.full((1, 2), MARGIN), np.full((1, 2), MARGIN + SIZE), np.full((POINTS - 2, 2), MARGIN + SIZE / 2)])


def write_sample(root: Path, *, subjects: int, seed: int) -> None:
    """Write the complete release: lists, pictures in numbered folders, rows without an expression, the empty picture."""
    faces, pictures = draw(subjects, seed), root / "Manually_Annotated" / "Manually_Annotated_Images"
    rows: dict[str, list[str]] = {"training": [HEADER], "validation": [HEADER]}
    for i, face in enumerate(faces):
        path = f"{i % 7 + 1}/{hashlib.sha224(f'{seed} {i}'.encode()).hexdigest()}.{('jpg', 'JPG', 'png')[i % 3]}"
        picture = photograph([(face.image, MARGIN, MARGIN)], height=SIZE + 2 * MARGIN, width=SIZE + 2 * MARGIN)
        save(coloured(picture), pictures / path)
        part = "validation" if face.subject % 6 == 1 else "training"
        rows[part].append(row(path, LABELS.index(face.expression)))
    rows["training"] += [row(f"8/{label}.jpg", label) for label in (8, 9, 10)] + [row(EMPTY, 1)]
    (pictures / EMPTY).parent.mkdir()
    (pictures / EMPTY).touch()
    for part, lines in rows.items():
        (root / "Manually_Annotated_file_lists").mkdir(exist_ok=True)
        (root / "Manually_Annotated_file_lists" / f"{part}.csv").write_text("\n".join(lines) + "\n")


def row(path: str, label: int) -> str:
    """A row of a list; the pictures of rows without an expression are not written, for nothing reads them."""
    points = ";".join(f"{number:.2f}" for number in landmarks().ravel())
    box = [MARGIN, MARGIN, SIZE, SIZE] if label < len(LABELS) else ["NULL"] * 4
    return ",".join(map(str, [path, *box, points, label, 0.1, -0.2]))


def write_numbered(root: Path, *, subjects: int, seed: int, labels: Sequence[object] = ()) -> None:
    """Write the smaller release: the same faces without what is around them; `labels` replaces those of the first images."""
    numbers = {"train_set": 0, "val_set": 0}
    for i, face in enumerate(draw(subjects, seed)):
        part = "val_set" if face.subject % 6 == 1 else "train_set"
        number, numbers[part] = numbers[part], numbers[part] + 1
        save(coloured(face.image), root / part / "images" / f"{number}.jpg")
        annotations = root / part / "annotations"
        annotations.mkdir(exist_ok=True)
        label = labels[i] if i < len(labels) else LABELS.index(face.expression)
        np.save(annotations / f"{number}_exp.npy", np.array(str(label)))
        np.save(annotations / f"{number}_lnd.npy", (landmarks() - MARGIN).ravel())
