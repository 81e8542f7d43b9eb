"""This file defines the protocol that follows a file of folds, the user's own or a paper's."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from fer.errors import ConfigError, ProtocolError
from fer.protocols.balance import ids_by_database
from fer.protocols.base import EvaluationProtocol, Fold
from fer.protocols.k_fold import k_folds, require_share
from fer.records import FaceRecord

PARTS = ("train", "validation", "test")
NAMED = 5  # ids or names in a message before it only counts
EXPECTED = "a CSV with a column fold, a column id or subject, and optionally a column part (train, validation or test)"


class PublishedFolds(EvaluationProtocol):
    """The folds of `file`, a CSV with the columns `fold` and `id`, or `fold` and `subject`.

    Each row says in which fold a face or a person is tested; all others are trained on, the share `validation` of them,
    people and sequences kept whole, being for validation. With a third column `part` each row says instead what a face or
    person is in a fold: train, validation or test. Folds that share people or sequences are refused like all others; copies
    are reported as in the official protocol. Faces in no fold, and ids that are not among the faces, are an error, unless
    `allow_missing` says that both are meant.
    """

    on_copies: ClassVar[Literal["refuse", "report"]] = "report"

    def __init__(self, file: str | None = None, validation: float = 0.15, allow_missing: bool = False, seed: int = 0) -> None:
        if file is None:
            raise ConfigError(f"protocol.file: found null, expected {EXPECTED}")
        self.file, self.allow_missing, self.seed = Path(file).expanduser(), allow_missing, seed
        self.validation = require_share("protocol.validation", validation)

    def folds(self, records: Sequence[FaceRecord]) -> Iterator[Fold]:
        """The folds in the order of their names, numbers by value; raises ProtocolError where file and faces do not fit."""
        rows, key = read_rows(self.file)
        positions = positions_by_key(records, key)
        if not self.allow_missing:
            require_all(self.file, rows, positions, key)
        names = sorted(
            {row["fold"] for row in rows}, key=lambda name: (not name.isdigit(), int(name) if name.isdigit() else 0, name)
        )
        known = [row for row in rows if row[key] in positions]
        if "part" in rows[0]:
            yield from self.listed(records, known, names, positions, key)
        else:
            part = tested_in(len(records), known, names, positions, key)
            kept = [record for record, p in zip(records, part.tolist(), strict=True) if p >= 0]
            yield from k_folds(kept, part[part >= 0], validation=self.validation, seed=self.seed, names=names)

    def listed(
        self,
        records: Sequence[FaceRecord],
        rows: Sequence[Mapping[str, str]],
        names: Sequence[str],
        positions: Mapping[str, Sequence[int]],
        key: str,
    ) -> Iterator[Fold]:
        """The folds whose parts are listed one by one."""
        parts: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for row in rows:
            parts[row["fold"], row["part"]] += positions[row[key]]
        for name in names:
            train, val, test = ([records[i] for i in sorted(parts[name, part])] for part in PARTS)
            ids = [tuple(record.id for record in part) for part in (train, val)]
            yield Fold(name, ids[0], ids[1], ids_by_database(test), val_published=True)


def read_rows(path: Path) -> tuple[list[dict[str, str]], str]:
    """The rows of a file of folds, and which column names the faces: id or subject."""
    if not path.is_file():
        raise ProtocolError(f"protocol.file: there is no file {path}; expected {EXPECTED}.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            columns = [name.strip() for name in reader.fieldnames or []]
            reader.fieldnames = columns
            rows = [{name: (row[name] or "").strip() for name in columns} for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ProtocolError(f"{path} is no readable CSV: {error}. Expected {EXPECTED}.") from None
    keys = [key for key in ("id", "subject") if key in columns]
    if "fold" not in columns or len(keys) != 1 or not rows:
        raise ProtocolError(
            f"{path}: found the columns {', '.join(columns) or 'none'} and {len(rows)} rows, expected {EXPECTED}."
        )
    check_rows(path, rows, keys[0])
    return rows, keys[0]


def check_rows(path: Path, rows: Sequence[Mapping[str, str]], key: str) -> None:
    """Raise ProtocolError for an empty cell, an unknown part, a fold's name that is none, or a face that stands twice."""
    seen: Counter[tuple[str, ...]] = Counter()
    for number, row in enumerate(rows, start=2):
        if not row["fold"] or not row[key]:
            raise ProtocolError(f"{path}, row {number}: found an empty fold or {key}.")
        if not row["fold"].replace("-", "").replace("_", "").isalnum():
            raise ProtocolError(f"{path}, row {number}: found the fold {row['fold']!r}, expected letters, digits, - and _ only.")
        if row.get("part", "test") not in PARTS:
            raise ProtocolError(f"{path}, row {number}: found the part {row['part']!r}, expected {', '.join(PARTS)}.")
        seen[(row[key], row["fold"]) if "part" in row else (row[key],)] += 1
    if twice := [names[0] for names, times in seen.items() if times > 1]:
        raise ProtocolError(f"{path}: {len(twice)} {key}s stand twice: {named(twice)}.")


def positions_by_key(records: Sequence[FaceRecord], key: str) -> dict[str, list[int]]:
    """The places of the records of each id, or of each subject."""
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for i, record in enumerate(records):
        if (name := getattr(record, key)) is not None:
            positions[name].append(i)
    return dict(positions)


def require_all(path: Path, rows: Sequence[Mapping[str, str]], positions: Mapping[str, Sequence[int]], key: str) -> None:
    """Raise ProtocolError unless the file names every face or person of the run, and nobody else."""
    listed = {row[key] for row in rows}
    unknown, missing = sorted(listed - positions.keys()), sorted(positions.keys() - listed)
    found = [f"{len(unknown)} of its {key}s are not among the faces ({named(unknown)})"] if unknown else []
    found += [f"{len(missing)} {key}s of the faces are in no fold ({named(missing)})"] if missing else []
    if found:
        raise ProtocolError(f"{path}: {' and '.join(found)}. Mend it, or set protocol.allow_missing=true if that is meant.")


def tested_in(
    faces: int,
    rows: Sequence[Mapping[str, str]],
    names: Sequence[str],
    positions: Mapping[str, Sequence[int]],
    key: str,
) -> NDArray[np.int64]:
    """The number of the fold that tests each face, (N,); -1 for faces in none."""
    number = {name: k for k, name in enumerate(names)}
    part = np.full(faces, -1, np.int64)
    for row in rows:
        part[positions[row[key]]] = number[row["fold"]]
    return part


def named(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
