"""This file reads the FER+ votes of fer2013new.csv, which belong row by row to fer2013.csv."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TextIO

from fer.errors import DatabaseDamaged
from fer.readable import readable

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

#: Of a vote count; ten people voted on each image.
DIGITS = 4

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
    with readable(path), path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = cells_of(file, path)
        _, header = next(rows, (1, []))
        if tuple(cell.strip() for cell in header) != HEADER:
            raise DatabaseDamaged(f"{path} line 1: found the columns {', '.join(header)}, expected {', '.join(HEADER)}.")
        for line, row in rows:
            if len(row) != len(HEADER):
                raise DatabaseDamaged(f"{path} line {line}: found {len(row)} columns, expected {len(HEADER)}.")
            yield row


def parse_votes(counts: Sequence[str], place: str) -> Votes:
    """The votes by name, in the file's column order."""
    if wrong := [count for count in counts if not (count.isascii() and count.isdecimal() and len(count) <= DIGITS)]:
        raise DatabaseDamaged(
            f"{place}: found the vote count {wrong[0][:20]!r}, expected a whole number of {DIGITS} digits at most."
        )
    return {name: float(count) for name, count in zip(VOTE_COLUMNS.values(), counts, strict=True)}


def cells_of(file: TextIO, path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a csv file with their line numbers."""
    rows = csv.reader(file)
    try:
        for row in rows:
            yield rows.line_num, row
    except csv.Error as error:
        raise DatabaseDamaged(f"{path} line {rows.line_num}: found no readable row ({error}).") from None
