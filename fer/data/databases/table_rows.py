"""This file reads the rows of a table of images, csv or parquet, and turns them into records or into one message."""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fer.build import did_you_mean, extra_for
from fer.data.databases.expression_words import Vocabulary, remedy
from fer.data.databases.listed_images import NAMED, absent
from fer.errors import ConfigError, DatabaseDamaged
from fer.names import is_plain
from fer.readable import readable
from fer.records import FaceRecord

#: What a table can say of an image; the first two are needed.
COLUMNS = ("path", "expression", "subject", "group", "split")
NEEDED = COLUMNS[:2]

#: One row: its number, as an editor or a spreadsheet shows it, and its cells in the order of COLUMNS, empty where there is none.
Row = tuple[int, tuple[str, ...]]


def read_rows(path: Path, columns: Mapping[str, str]) -> list[Row]:
    """The rows of a csv or parquet file; `columns` names those that are called otherwise than in COLUMNS."""
    names, rows = read_parquet(path) if path.suffix.lower() == ".parquet" else read_csv(path)
    wanted = {column: columns.get(column) or column for column in COLUMNS}
    missing = [name for column, name in wanted.items() if name not in names and (column in NEEDED or name != column)]
    if missing:
        hint = "".join(did_you_mean(name, names) for name in missing[:1])
        raise DatabaseDamaged(
            f"{path}: found the columns {', '.join(names)}, expected {', '.join(missing)}{hint}.\n"
            f"    Name the table's columns, such as columns.{NEEDED[0]}=filename."
        )
    if twice := [name for name in wanted.values() if names.count(name) > 1]:
        raise DatabaseDamaged(f"{path}: found the column {twice[0]} twice, expected it once. Rename one of the two.")
    places = [names.index(name) if name in names else None for name in wanted.values()]
    found = [(number, tuple("" if place is None else cells[place].strip() for place in places)) for number, cells in rows]
    if not found:
        raise DatabaseDamaged(f"{path}: found no row below the names of the columns, expected one an image.")
    return found


def read_csv(path: Path) -> tuple[list[str], list[tuple[int, Sequence[str]]]]:
    """The header and the rows of a csv file with commas, semicolons or tabs."""
    try:
        with readable(path), path.open(newline="", encoding="utf-8-sig") as file:
            header = file.readline()
            delimiter = max(",;\t", key=header.count)
            names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter), [])]
            reader = csv.reader(file, delimiter=delimiter)
            rows: list[tuple[int, Sequence[str]]] = [
                (reader.line_num + 1, cells) for cells in reader if any(map(str.strip, cells))
            ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatabaseDamaged(f"{path}: found no readable table ({error}). Save it as csv in UTF-8.") from None
    if uneven := [(number, len(cells)) for number, cells in rows if len(cells) != len(names)]:
        number, count = uneven[0]
        raise DatabaseDamaged(
            f"{path} row {number}: found {count} cells, expected {len(names)}: {', '.join(names)}. Quote cells with a comma."
        )
    return names, rows


def read_parquet(path: Path) -> tuple[list[str], list[tuple[int, Sequence[str]]]]:
    """The columns and the rows of a parquet file, counted from 1."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import read_table
    except ModuleNotFoundError:
        raise ConfigError(f"{path} needs the package 'pyarrow', which is not installed{extra_for('parquet')}") from None
    try:
        table = read_table(path)
    except (ArrowException, OSError) as error:
        raise DatabaseDamaged(f"{path}: found no readable parquet file ({error}).") from None
    cells = [[as_text(value) for value in column.to_pylist()] for column in table.columns]
    return list(table.column_names), list(enumerate(zip(*cells, strict=True), start=1))


def as_text(value: object) -> str:
    """A parquet value as a csv file would have it: nothing where there is none, and 3.0 as 3."""
    if value is None or value != value:  # NaN, which pandas writes for a missing cell
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


@dataclass(frozen=True)
class Listing:
    """What the rows of a table mean: `name` is the first part of every id."""

    name: str
    root: Path
    table: Path
    vocabulary: Vocabulary

    def records(self, rows: Sequence[Row]) -> Iterator[FaceRecord]:
        """A record a row; raises DatabaseDamaged with everything that is wrong with the table, and the rows it is in."""
        sources = [self.source(cells[0]) for _, cells in rows]
        if complaints := [*self.complaints(rows, sources)]:
            raise DatabaseDamaged(f"{self.table}: " + "\n    ".join(complaints))
        for (_, (_, word, subject, group, split)), source in zip(rows, sources, strict=True):
            expression = self.vocabulary.expression(word)
            assert expression is not None, "complaints() has looked at every word"
            assert source is not None, "complaints() has looked at every path"
            yield FaceRecord(self.id(source), source, expression, subject or None, group or None, split or None)

    def source(self, path: str) -> str | None:
        """The path below `root`, with slashes; None where it does not lead there."""
        full = os.path.abspath(self.table.parent / path.replace("\\", "/")) if path else ""
        below = full.removeprefix(f"{os.path.abspath(self.root)}{os.sep}")
        return None if below == full else Path(below).as_posix()

    def id(self, source: str) -> str:
        """The id of an image: its path without the suffix."""
        return f"{self.name}/{os.path.splitext(source)[0]}"

    def complaints(self, rows: Sequence[Row], sources: Sequence[str | None]) -> Iterator[str]:
        """What is wrong with the rows, a sentence a kind."""
        numbers = [number for number, _ in rows]
        paths = dict(zip(numbers, (cells[0] for _, cells in rows), strict=True))
        words = dict(zip(numbers, (cells[1] for _, cells in rows), strict=True))
        below = {number: source for number, source in zip(numbers, sources, strict=True) if source is not None}
        gone = set(absent(f"{self.root}/{source}" for source in below.values()))
        yield from told("the path is empty", [number for number in numbers if not paths[number]])
        outside = [number for number in numbers if paths[number] and number not in below]
        yield from told(f"the path does not lead below {self.root}", outside, paths)
        yield from told("there is no such image", [n for n, source in below.items() if f"{self.root}/{source}" in gone], paths)
        yield from told("the same image as in an earlier row, or the same name with another suffix", self.repeated(below), paths)
        odd = [number for number, cells in rows if not all(map(is_plain, cells))]
        yield from told("a cell has several lines, or control characters", odd)
        yield from told("the expression is empty", [number for number in numbers if not words[number]])
        yield from self.unknown_words(words)

    def repeated(self, below: Mapping[int, str]) -> list[int]:
        """The rows whose id stands in an earlier row."""
        first: dict[str, int] = {}
        return [number for number, source in below.items() if first.setdefault(self.id(source), number) != number]

    def unknown_words(self, words: Mapping[int, str]) -> Iterator[str]:
        """The words that are no expression, with their rows, and how to map them."""
        unknown = [number for number, word in words.items() if word and self.vocabulary.expression(word) is None]
        distinct = list(dict.fromkeys(words[number] for number in unknown))
        for word in distinct[:NAMED]:
            yield from told(self.vocabulary.complaint(word), [number for number in unknown if words[number] == word])
        if distinct:
            more = f"{len(distinct) - NAMED} more words are no expressions. " if len(distinct) > NAMED else ""
            yield more + remedy(f"data.{self.name}.expressions", distinct[:NAMED])


def told(what: str, numbers: Sequence[int], cells: Mapping[int, str] | None = None) -> Iterator[str]:
    """One sentence for the rows that something is wrong with, if there are any: the first few, and how many more."""
    if numbers:
        named = ", ".join(f"{number} ({cells[number]})" if cells else str(number) for number in numbers[:NAMED])
        more = f" and {len(numbers) - NAMED:,} more" if len(numbers) > NAMED else ""
        yield f"row{'s' if len(numbers) > 1 else ''} {named}{more}: {what}."
