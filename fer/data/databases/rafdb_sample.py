"""This file writes a made-up RAF-DB of drawn faces, in the official form or in Kaggle's, for tests."""

from pathlib import Path

from fer.data.databases.rafdb_layouts import LABELS, LIST
from fer.data.databases.sample_faces import SampleFace, coloured, photograph, sample_faces, save

TAKES = 2
HEIGHT, WIDTH, LEFT, TOP = 150, 180, 60, 30  # of a sample photograph, and where its face is


def draw(subjects: int, seed: int) -> list[tuple[str, SampleFace]]:
    """The faces with their names; of six people, one and at least one is in the test part."""
    faces = list(sample_faces(LABELS, subjects=max(subjects, 2), takes=TAKES, size=100, seed=seed, domain="wild"))
    tested = [face for face in faces if face.subject % 6 == 1]
    trained = [face for face in faces if face.subject % 6 != 1]
    named = [(f"train_{i:05d}", face) for i, face in enumerate(trained, start=1)]
    return named + [(f"test_{i:04d}", face) for i, face in enumerate(tested, start=1)]


def write_sample(root: Path, *, subjects: int, seed: int) -> None:
    """Write the official form: the list, aligned faces, and the photographs that they were cropped from."""
    named, base = draw(subjects, seed), root / "basic"
    (base / LIST).parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{name}.jpg {LABELS.index(face.expression) + 1}\n" for name, face in named]
    (base / LIST).write_text("".join(lines))
    for name, face in named:
        save(coloured(face.image), base / "Image" / "aligned" / f"{name}_aligned.jpg")
        picture = photograph([(face.image, LEFT, TOP)], height=HEIGHT, width=WIDTH)
        save(coloured(picture), base / "Image" / "original" / f"{name}.jpg")


def write_folders(root: Path, *, subjects: int, seed: int) -> None:
    """Write Kaggle's form: the same aligned faces in folders, and the lists of their labels."""
    rows: dict[str, list[str]] = {"train": ["image,label"], "test": ["image,label"]}
    for name, face in draw(subjects, seed):
        split, label = name.partition("_")[0], LABELS.index(face.expression) + 1
        save(coloured(face.image), root / "DATASET" / split / str(label) / f"{name}_aligned.jpg")
        rows[split].append(f"{name}_aligned.jpg,{label}")
    for split, lines in rows.items():
        (root / f"{split}_labels.csv").write_text("\n".join(lines) + "\n")
