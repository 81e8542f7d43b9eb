"""This file reads the FER+ votes of fer2013new.csv, which belong row by row to fer2013.csv."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from fer.errors import DatabaseDamaged

#: The vote columns in the file's order, which decides ties under `argmax`, by the names used here.
VOTE_COLUMNS = {
    "neutral": "neutral",
    "happiness": "happiness",
    "surprise": "surprise",
    "sadness": "sadness",
    "anger": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "contempt": "contempt",
    "unknown": "unknown",
    "NF": "not_a_face",
}
HEADER = ("Usage", "Image name", *VOTE_COLUMNS)

Votes = Mapping[str, float]


def read_votes(path: Path, splits: Sequence[str], *, faces: Path) -> list[Votes]:
    """The votes of every row of `faces`, whose Usage words are `splits`; raises DatabaseDamaged where a row differs.

    The row is the only key: 173 images have no name, 4 names stand twice, and the number in a name is not the row.
    """
    remedy = f"The votes belong row by row to {faces.name}: take both files unchanged, or move {path.name} away to do without."
    votes: list[Votes] = []
    known: dict[tuple[str, ...], Votes] = {}  # a few thousand different votes serve all images
    for line, (row, split) in enumerate(zip_longest(rows_of(path), splits), start=2):
        if row is None or split is None:
            found = line - 2 if row is None else "more"
            raise DatabaseDamaged(f"{path}: found {found} rows, expected {len(splits)} as in {faces}.\n    {remedy}")
        if row[0] != split:
            raise DatabaseDamaged(f"{path} line {line}: Usage {row[0]!r}, expected {split!r} as in {faces}.\n    {remedy}")
        counts = tuple(row[2:])
        if counts not in known:
            known[counts] = parse_votes(counts, f"{path} line {line}")
        votes.append(known[counts])
    return votes


def rows_of(path: Path) -> Iterator[list[str]]:
    """The rows of fer2013new.csv below its header, each with as many cells as the header."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        if tuple(cell.strip() for cell in header) != HEADER:
            raise DatabaseDamaged(f"{path} line 1: found the columns {', '.join(header)}, expected {', '.join(HEADER)}.")
        for row in rows:
            if len(row) != len(HEADER):
                raise DatabaseDamaged(f"{path} line {rows.line_num}: found {len(row)} columns, expected {len(HEADER)}.")
            yield row


def parse_votes(counts: Sequence[str], place: str) -> Votes:
    """The votes by name, in the file's column order."""
    if wrong := [count for count in counts if not count.isdecimal()]:
        raise DatabaseDamaged(f"{place}: found the vote count {wrong[0]!r}, expected a whole number.")
    return {name: float(count) for name, count in zip(VOTE_COLUMNS.values(), counts, strict=True)}
