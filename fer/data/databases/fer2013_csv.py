"""This file reads FER2013 as a csv file: fer2013.csv, icml_face_data.csv, or train.csv of Kaggle's pair."""

from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from fer.data.database import Image
from fer.data.databases.fer2013_layout import REMEDY, SPLITS, Layout
from fer.data.databases.ferplus import read_votes
from fer.errors import DatabaseDamaged
from fer.readable import readable
from fer.records import FaceRecord

SIZE = 48
LABELS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")  # 0 to 6 in the file
EXPRESSION_OF = {str(label): expression for label, expression in enumerate(LABELS)}
BUFFER = 2**16  # bytes read at once: a row has about 8,400, and Python's own 8,192 make two reads of each


@dataclass(frozen=True, slots=True)
class Row:
    """One row without its pixels: where their text begins in the file and how many bytes it takes."""

    expression: str
    split: str
    start: int
    length: int


@dataclass(frozen=True)
class CsvLayout(Layout):
    """A csv file with the columns emotion, pixels and Usage; without Usage every row is of one `split`.

    `votes` is the FER+ file that belongs to it row by row, `test` a csv of pixels that have no labels.
    """

    root: Path
    path: Path
    split: str | None = None
    votes: Path | None = None
    test: Path | None = None

    @cached_property
    def rows(self) -> list[Row]:
        """Every row, checked in all but the values of its pixels."""
        return list(scan(self.path, self.split))

    def records(self) -> list[FaceRecord]:
        """Ids are row numbers from 0 on, as in FER+; sources are line numbers, as in an editor."""
        splits = [row.split for row in self.rows]
        votes = read_votes(self.votes, splits, faces=self.path) if self.votes else [None] * len(splits)
        source = self.path.relative_to(self.root).as_posix()
        records = [
            FaceRecord(f"fer2013/{i:05d}", f"{source}:{i + 2}", row.expression, split=row.split, votes=vote)
            for i, (row, vote) in enumerate(zip(self.rows, votes, strict=True))
        ]
        return sorted(records, key=lambda record: record.id)

    def read_many(self, records: Sequence[FaceRecord]) -> Iterator[Image]:
        """The images, one row read and parsed at a time."""
        with readable(self.path), self.path.open("rb") as file:
            for record in records:
                i = int(record.id.removeprefix("fer2013/"))
                file.seek(self.rows[i].start)
                yield parse_pixels(file.read(self.rows[i].length), f"{self.path} line {i + 2}")

    def files(self) -> list[Path]:
        """The csv file, and the votes beside it."""
        return [self.path, self.votes] if self.votes else [self.path]

    def unlabelled(self) -> int:
        """The rows of Kaggle's test.csv."""
        if self.test is None or not self.test.is_file():
            return 0
        with readable(self.test), self.test.open("rb") as file:
            return sum(1 for line in file if line.strip()) - 1


def scan(path: Path, split: str | None) -> Iterator[Row]:
    """The rows of a csv file; raises DatabaseDamaged with the line of the first that is not as it must be."""
    with readable(path), path.open("rb", BUFFER) as file:
        header = file.readline()
        columns = Columns(path, header, split)
        start, line = len(header), 1
        for line, text in enumerate(file, start=2):
            yield columns.row(text, start, line)
            start += len(text)
    if line == 1:
        raise columns.damaged(1, "found no row below the header")


class Columns:
    """Where a csv file has its columns: icml_face_data.csv has another order, and blanks before the names."""

    def __init__(self, path: Path, header: bytes, split: str | None) -> None:
        self.path, self.split = path, split or ""
        self.names = [bare(cell).lower() for cell in header.removeprefix(BOM_UTF8).split(b",")]
        needed = ("emotion", "pixels") if split else ("emotion", "pixels", "usage")
        if not set(needed) <= set(self.names):
            raise self.damaged(1, f"found the header {', '.join(self.names)[:80]!r}, expected {', '.join(needed)}")
        self.emotion, self.pixels = self.names.index("emotion"), self.names.index("pixels")
        self.usage = self.names.index("usage") if "usage" in self.names else None

    def row(self, text: bytes, start: int, line: int) -> Row:
        """The row that is `text` and begins at byte `start` of the file."""
        cells = text.split(b",")
        if len(cells) != len(self.names):
            raise self.damaged(line, f"found {len(cells)} columns, expected {len(self.names)}: {', '.join(self.names)}")
        label, pixels = bare(cells[self.emotion]), cells[self.pixels]
        if label not in EXPRESSION_OF:
            raise self.damaged(line, f"label {label[:20]!r}, expected 0 to {len(LABELS) - 1}")
        split = self.split if self.usage is None else bare(cells[self.usage])
        if split not in SPLITS:
            raise self.damaged(line, f"Usage {split[:20]!r}, expected {' or '.join(SPLITS)}")
        count = pixels.strip(SURROUNDINGS).count(b" ") + 1
        if count != SIZE * SIZE:
            raise self.damaged(line, f"found {count} pixels, expected {SIZE * SIZE}")
        before = sum(len(cell) + 1 for cell in cells[: self.pixels])
        return Row(EXPRESSION_OF[label], split, start + before, len(pixels))

    def damaged(self, line: int, what: str) -> DatabaseDamaged:
        """The error for one line of the file."""
        return DatabaseDamaged(f"{self.path} line {line}: {what}.\n    {REMEDY}")


SURROUNDINGS = b'" \r\n'  # Kaggle's pair quotes the pixels


def bare(cell: bytes) -> str:
    """A short cell without what surrounds it."""
    return cell.strip(SURROUNDINGS).decode("utf-8", "replace")


def parse_pixels(text: bytes, place: str) -> Image:
    """The pixels in a row's text, numbers with blanks between them: (48, 48) uint8."""
    try:
        # With `sep` not deprecated, and numpy's fastest; 64 bits, because 32 take 4294967298 for 2.
        pixels = np.fromstring(text.strip(SURROUNDINGS), np.int64, sep=" ")
    except ValueError:
        pixels = np.empty(0, np.int64)
    if pixels.size != SIZE * SIZE or pixels.min() < 0 or pixels.max() > 255:
        raise DatabaseDamaged(f"{place}: the pixels are not {SIZE * SIZE} whole numbers from 0 to 255.\n    {REMEDY}")
    return pixels.astype(np.uint8).reshape(SIZE, SIZE)
