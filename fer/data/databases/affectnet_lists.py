"""This file reads the complete release of AffectNet: training.csv and validation.csv, and the pictures that they list.

A list has up to 400,000 rows of a kilobyte, most of it landmarks. Rows are cut at the commas that matter; the box and the
landmarks of a face are read from their place in the file when they are asked for.
"""

import os
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer.data.database import Image, Points
from fer.data.databases.affectnet_layout import LABELS, NAME_OF, POINTS, REMEDY, Layout
from fer.data.databases.face_box import FaceBox
from fer.data.databases.listed_images import require_on_disk
from fer.data.image_files import read_colour
from fer.errors import DatabaseDamaged
from fer.readable import readable
from fer.records import FaceRecord

HEADER = "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal"
COLUMNS = HEADER.split(",")
SPLIT_OF = {"training.csv": "train", "validation.csv": "validation"}
BUFFER = 1 << 20
NOTHING = ("", "NULL")  # what stands in a cell that has no value


class Row(NamedTuple):
    """One row of a list: the picture's path, its expression or why it has none, and where the row begins in the file."""

    path: str
    name: str
    file: str
    start: int


@dataclass(frozen=True)
class ListLayout(Layout):
    """The complete release: lists with a row a picture, the pictures in numbered folders."""

    root: Path
    lists: Path  # the folder of the two csv files
    pictures: Path
    margin: float
    omit: frozenset[str]

    @cached_property
    def scanned(self) -> list[Row]:
        """Every row of the lists."""
        return [row for path in self.label_files() for row in scan(path)]

    @cached_property
    def rows(self) -> dict[str, Row]:
        """Every row with an expression by id, but for those to omit and those that say the same again."""
        rows: dict[str, Row] = {}
        for row in self.scanned:
            if row.name in LABELS and row.path not in self.omit:
                first = rows.setdefault(f"affectnet/{os.path.splitext(row.path)[0]}", row)
                if (first.name, first.file) != (row.name, row.file):
                    found = f"{row.path} is {first.name} in {first.file} and {row.name} in {row.file}"
                    raise DatabaseDamaged(f"{self.lists}: {found}, expected one row a picture.\n    {REMEDY}")
        return rows

    def records(self) -> Iterator[FaceRecord]:
        """One record a picture with an expression."""
        remedy = "Unpack the archives again, or leave them out: data.affectnet.omit=[…]."
        require_on_disk(self.lists, [row.path for row in self.rows.values()], folder=self.pictures, remedy=remedy)
        folder = self.pictures.relative_to(self.root).as_posix()
        for id, row in self.rows.items():
            yield FaceRecord(id, f"{folder}/{row.path}", row.name, split=SPLIT_OF[row.file])

    def left_out(self) -> Mapping[str, int]:
        """Rows without an expression, omitted ones, and repeated ones."""
        reasons = Counter("omitted" if row.path in self.omit else row.name for row in self.scanned)
        repeated = sum(reasons[name] for name in LABELS) - len(self.rows)
        return {**{name: n for name, n in sorted(reasons.items()) if name not in LABELS}, "repeated": repeated}

    def read(self, record: FaceRecord) -> Image:
        """The face box with its margin, or the whole picture where there is no box."""
        picture, box = read_colour(self.root / record.source), self.box(record.id, self.cells(record))
        face = box.cut(picture) if box else picture
        if not face.size:
            size = f"{picture.shape[1]}×{picture.shape[0]}"
            raise DatabaseDamaged(f"{self.root / record.source}: found no part of {box} in the picture of {size} pixels.")
        return face

    def landmarks(self, record: FaceRecord) -> Points | None:
        """The points of the row, moved with the face box."""
        cells = self.cells(record)
        points, box = parse_points(cells[5], f"{self.lists}: landmarks of {record.id}"), self.box(record.id, cells)
        return points - (box.left, box.top) if box and points is not None else points

    def cells(self, record: FaceRecord) -> list[str]:
        """The cells of a record's row, up to the landmarks."""
        row = self.rows[record.id]
        with readable(self.lists / row.file), (self.lists / row.file).open("rb") as file:
            file.seek(row.start)
            return [cell.decode("ascii", "replace") for cell in file.readline().split(b",", 6)[:6]]

    def box(self, id: str, cells: list[str]) -> FaceBox | None:
        """The face box of a row with the margin."""
        box = parse_box(cells[1:5], f"{self.lists / self.rows[id].file}: the face box of {id}")
        return box.widened(self.margin) if box else None

    def label_files(self) -> list[Path]:
        """The lists that are there."""
        return [self.lists / name for name in SPLIT_OF if (self.lists / name).is_file()]


def scan(path: Path) -> Iterator[Row]:
    """The rows of a list, with or without a header; raises DatabaseDamaged with the line of the first that is not one."""
    with readable(path), path.open("rb", BUFFER) as file:
        start = 0
        for line, text in enumerate(file, start=1):
            if text.strip() and (line > 1 or not is_header(text)):
                yield parse(text, path, line, start)
            start += len(text)
    if not start:
        raise DatabaseDamaged(f"{path}: found an empty file, expected {HEADER}.\n    {REMEDY}")


def is_header(text: bytes) -> bool:
    """Whether the first line of a list names the columns."""
    return text.removeprefix(BOM_UTF8).strip().decode("utf-8", "replace") == HEADER


def parse(text: bytes, path: Path, line: int, start: int) -> Row:
    """One line of a list, which begins at byte `start`."""
    if text.count(b",") != len(COLUMNS) - 1 or text.startswith(b","):
        found = f"found {text[:60].decode('utf-8', 'replace').strip()!r}, expected {len(COLUMNS)} columns: {', '.join(COLUMNS)}"
        raise DatabaseDamaged(f"{path} line {line}: {found}.\n    {REMEDY}")
    label = text.rsplit(b",", 3)[1].decode("utf-8", "replace").strip()
    if label not in NAME_OF:
        raise DatabaseDamaged(f"{path} line {line}: expression {label[:20]!r}, expected 0 to {len(NAME_OF) - 1}.\n    {REMEDY}")
    return Row(text[: text.index(b",")].decode("utf-8", "replace").strip(), NAME_OF[label], path.name, start)


def parse_box(cells: Sequence[str], place: str) -> FaceBox | None:
    """The box of face_x, face_y, face_width and face_height; None where one is NULL or there is no area."""
    if any(cell.strip() in NOTHING for cell in cells):
        return None
    try:
        x, y, width, height = map(int, cells)
        return FaceBox.checked(x, y, x + width, y + height) if width > 0 and height > 0 else None
    except ValueError as error:
        raise DatabaseDamaged(
            f"{place}: found {', '.join(cells)[:60]!r}, expected four whole numbers ({error}).\n    {REMEDY}"
        ) from None


def parse_points(cell: str, place: str) -> Points | None:
    """The points in `x;y;x;y;…`, (68, 2); None where the cell is empty or NULL."""
    if cell.strip() in NOTHING:
        return None
    try:
        points = np.array([float(number) for number in cell.split(";")])
    except ValueError:
        points = np.empty(0)
    if points.size != 2 * POINTS or not np.isfinite(points).all():
        raise DatabaseDamaged(f"{place}: found {cell[:40]!r}…, expected {2 * POINTS} numbers.\n    {REMEDY}")
    return points.reshape(POINTS, 2)
