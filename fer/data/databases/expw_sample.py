"""This file writes a made-up ExpW of drawn faces, for tests."""

from pathlib import Path

from fer.data.databases.expw_labels import LABELS
from fer.data.databases.sample_faces import SampleFace, coloured, photograph, sample_faces, save

TAKES = 2
SIZE = 80  # of a face
HEIGHT, WIDTH, TOP, LEFT, APART = 120, 260, 30, 20, 120  # of a photograph, its first face, and from there to the next


def write_sample(root: Path, *, subjects: int, seed: int) -> None:
    """Write label.lst and the photographs: pairs of faces, every third face alone, and one row twice."""
    faces = list(sample_faces(LABELS, subjects=subjects, takes=TAKES, size=SIZE, seed=seed, domain="wild"))
    lines: list[str] = []
    for number, pair in enumerate(grouped(faces)):
        name = f"{pair[0].expression}_person_{number}.jpg"
        placed = [(face.image, LEFT + i * APART, TOP) for i, face in enumerate(pair)]
        save(coloured(photograph(placed, height=HEIGHT, width=WIDTH)), root / "data" / "image" / "origin" / name)
        for i, (face, (_, left, top)) in enumerate(zip(pair, placed, strict=True)):
            box = f"{top} {left} {left + SIZE} {top + SIZE}"
            lines.append(f"{name} {i} {box} {15 + 5.25 * (number % 16):.4f} {LABELS.index(face.expression)}")
    (root / "data" / "label").mkdir(parents=True, exist_ok=True)
    (root / "data" / "label" / "label.lst").write_text("\n".join([*lines, lines[0]]) + "\n")


def grouped(faces: list[SampleFace]) -> list[list[SampleFace]]:
    """The faces two by two and one alone in turn."""
    pairs = [faces[i : i + 3] for i in range(0, len(faces), 3)]
    return [part for trio in pairs for part in (trio[:2], trio[2:]) if part]
