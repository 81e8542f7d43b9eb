"""This file reads ExpW's label.lst: a face a line, with its box and its expression."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fer.data.databases.face_box import FaceBox
from fer.errors import DatabaseDamaged
from fer.readable import readable

#: Labels 0 to 6, in their order.
LABELS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
EXPRESSION_OF = {str(label): expression for label, expression in enumerate(LABELS)}

CELLS = (
    *("image_name", "face_id_in_image", "face_box_top", "face_box_left", "face_box_right", "face_box_bottom"),
    *("face_box_cofidence", "expression_label"),  # spelt so by its authors
)
REMEDY = "Unpack or download it again; `fer data expw` compares the count with the published one."


@dataclass(frozen=True, slots=True)
class Row:
    """One face: its photograph and place in it, how sure the detector was, its expression, its line, and lines that repeat it."""

    photograph: str
    face: str
    box: FaceBox
    confidence: float
    expression: str
    line: int
    repeated: int = 0

    @property
    def id(self) -> str:
        """The face's id: the photograph's name and the number of the face in it."""
        return f"expw/{os.path.splitext(self.photograph)[0]}/{self.face}"


def rows_of(path: Path) -> Mapping[str, Row]:
    """Every face of the list by id; raises DatabaseDamaged with the line of the first that is not as it must be."""
    rows: dict[str, Row] = {}
    with readable(path), path.open(encoding="utf-8-sig", errors="replace") as file:
        for line, text in enumerate(file, start=1):
            if not text.strip():
                continue
            row = parse(text, path, line)
            first = rows.setdefault(row.id, row)
            if first is not row:
                rows[row.id] = merged(first, row, path)
    if not rows:
        raise DatabaseDamaged(f"{path}: found an empty file, expected {' '.join(CELLS)}.\n    {REMEDY}")
    return rows


def merged(first: Row, row: Row, path: Path) -> Row:
    """The first of two rows for one face; raises DatabaseDamaged unless they say the same."""
    if replace(row, line=first.line, repeated=first.repeated) != first:
        found = f"{row.photograph} face {row.face} stands in line {first.line} with another box or label"
        raise DatabaseDamaged(f"{path} line {row.line}: {found}.\n    Keep one of the two lines.")
    return replace(first, repeated=first.repeated + 1)


def parse(text: str, path: Path, line: int) -> Row:
    """One line of the list."""
    cells = text.split()
    if len(cells) != len(CELLS):
        raise DatabaseDamaged(
            f"{path} line {line}: found {len(cells)} cells, expected {len(CELLS)}: {' '.join(CELLS)}.\n    {REMEDY}"
        )
    if cells[7] not in EXPRESSION_OF:
        raise DatabaseDamaged(f"{path} line {line}: label {cells[7][:20]!r}, expected 0 to {len(LABELS) - 1}.\n    {REMEDY}")
    try:
        top, left, right, bottom = map(int, cells[2:6])
        confidence, box = float(cells[6]), FaceBox.checked(left, top, right, bottom)
        if not math.isfinite(confidence):
            raise ValueError(f"the confidence is {cells[6]}")
    except ValueError as error:
        raise DatabaseDamaged(
            f"{path} line {line}: the face box is not four whole numbers and a number ({error}).\n    {REMEDY}"
        ) from None
    return Row(cells[0], cells[1], box, confidence, EXPRESSION_OF[cells[7]], line)
