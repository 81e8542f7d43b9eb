"""This file writes a made-up FER2013 with FER+ votes: drawn faces in the official format, for tests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.data.database import Image
from fer.data.databases.fer2013_csv import LABELS, SIZE
from fer.data.databases.fer2013_layout import SPLITS
from fer.data.databases.ferplus import HEADER, VOTE_COLUMNS

#: How each expression is drawn: corners of the mouth up, mouth open, inner brows down, brows up, eyes open.
SHAPES = {
    "anger": (-0.6, 0.2, 1.0, -0.5, 0.8),
    "disgust": (-0.3, 0.7, 0.6, -0.4, 0.4),
    "fear": (-0.2, 0.6, -0.9, 0.7, 1.5),
    "happiness": (1.0, 0.4, 0.0, 0.0, 0.8),
    "sadness": (-1.0, 0.0, -0.9, 0.1, 0.6),
    "surprise": (0.0, 1.5, 0.0, 1.0, 1.6),
    "neutral": (0.0, 0.0, 0.0, 0.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class SampleRow:
    """One row of the made-up csv."""

    expression: str
    split: str
    image: Image


def write_faces(path: Path, *, subjects: int, seed: int) -> list[SampleRow]:
    """Write fer2013.csv, its splits one after the other as published; returns its rows."""
    drawn = list(draw_faces(subjects, np.random.default_rng(seed)))
    rows = sorted([*drawn, *copies(drawn)], key=lambda row: SPLITS.index(row.split))
    lines = [f"{LABELS.index(row.expression)},{' '.join(map(str, row.image.ravel().tolist()))},{row.split}" for row in rows]
    path.write_text("\n".join(["emotion,pixels,Usage", *lines]) + "\n")
    return rows


def draw_faces(subjects: int, rng: np.random.Generator) -> Iterator[SampleRow]:
    """Four faces of each expression for each subject; of six in a row four are for training."""
    for i in range(4 * max(subjects, 2)):
        split = ("Training", "PublicTest", "PrivateTest")[max(0, i % 6 - 3)]
        for expression in LABELS:
            yield SampleRow(expression, split, draw_face(expression, rng))


def copies(drawn: Sequence[SampleRow]) -> list[SampleRow]:
    """The damage of the published file, and a mirrored copy: copies across splits, one with another label, a black image."""
    training = [row for row in drawn if row.split == "Training"]
    return [
        *(replace(row, split="PrivateTest") for row in training[:3]),
        replace(training[3], split="PrivateTest", expression="neutral"),
        replace(training[4], split="PrivateTest", image=training[4].image[:, ::-1]),
        replace(training[5], split="PublicTest"),
        replace(training[0], image=np.zeros_like(training[0].image)),
    ]


def draw_face(expression: str, rng: np.random.Generator) -> Image:
    """A face of ellipses and strokes, (48, 48) uint8; place, light and strength of the expression are random."""
    smile, mouth, frown, raised, eyes = np.multiply(SHAPES[expression], rng.uniform(0.8, 1.2))
    x, y = np.meshgrid(np.linspace(-1, 1, SIZE) + rng.normal(0, 0.04), np.linspace(-1, 1, SIZE) + rng.normal(0, 0.04))
    side = np.abs(x)
    face = 1 / (1 + np.exp(12 * (np.hypot(x / 0.8, y / 0.95) - 1)))
    dark = spot(side - 0.35, (y + 0.2) / eyes, 0.12, 0.07)
    dark += spot(side - 0.35, y + 0.42 + 0.1 * raised + 0.4 * frown * (side - 0.35), 0.2, 0.04)
    dark += spot(x, y - 0.45 + 0.9 * smile * (x**2 - 0.04), 0.25, 0.05 + 0.1 * mouth)
    light = 1 + 0.2 * rng.normal() * x + 0.2 * rng.normal() * y
    pixels = 60 + 120 * face * light * (1 - 0.8 * np.minimum(dark, 1)) + rng.normal(0, 4, x.shape)
    face_drawn: Image = np.clip(pixels, 0, 255).astype(np.uint8)
    return face_drawn


def spot(x: NDArray[np.float64], y: NDArray[np.float64], width: float, height: float) -> NDArray[np.float64]:
    """A soft spot around (0, 0), 1 at its centre."""
    return np.exp(-((x / width) ** 2) - (y / height) ** 2)


def write_votes(path: Path, rows: Sequence[SampleRow], *, seed: int) -> None:
    """Write fer2013new.csv with ten votes a row and the traps of the published one: nameless rows, one row of nine votes."""
    rng = np.random.default_rng([seed, 1])
    lines, named = [",".join(HEADER)], 0
    for i, row in enumerate(rows):
        votes = dict.fromkeys(VOTE_COLUMNS, 0) | draw_votes(row, i, rng)
        name = "" if votes["NF"] == 10 else f"fer{named:07d}.png"
        named += bool(name)  # nameless rows are not counted, so that the number in a name is not the row
        lines.append(",".join([row.split, name, *map(str, votes.values())]))
    path.write_text("\n".join(lines) + "\n")


def draw_votes(row: SampleRow, i: int, rng: np.random.Generator) -> dict[str, int]:
    """The votes for one row: mostly for its label, now and then for contempt or for nothing in particular."""
    if not row.image.any():
        return {"NF": 10}
    special = {5: {"contempt": 8, "neutral": 2}, 7: {"unknown": 8, "fear": 2}, 11: {"sadness": 4, "fear": 4, "anger": 2}}
    if i % 40 in special:
        return special[i % 40]
    doubt = int(rng.integers(0, 4))
    other = [expression for expression in LABELS if expression != row.expression][int(rng.integers(6))]
    return {row.expression: 9 - doubt, other: doubt + (i != 1)}
