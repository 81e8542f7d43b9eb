"""This file shows an audit: as tables in the terminal, and as a csv file of every finding with its ids."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.table import Table

from fer.data.audit import Audit, findings, overlaps
from fer.files import replacing
from fer.terminal import plain_console

COLUMNS = ("kind", "finding", "id", "expression", "split", "subject", "note")


def print_audit(audit: Audit) -> None:
    """Print what was found, counted, and which parts share images."""
    console = plain_console()
    console.print(table_of(("Found in " + " + ".join(audit.databases), "", ""), list(summary(audit)), numbers=(1,)))
    if found := overlaps(audit):
        rows = [(o.part, o.images, o.other, len(o.exact), len(o.near)) for o in found]
        console.print()
        console.print(table_of(("Part", "Images", "Copies in", "Exact", "Near only"), rows, numbers=(1, 3, 4)))


def table_of(header: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[int]) -> Table:
    """A table without lines, the columns of `numbers` to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, name in enumerate(header):
        table.add_column(name, justify="right" if i in numbers else "left")
    for row in rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row))
    return table


def summary(audit: Audit) -> Iterator[tuple[str, int, str]]:
    """What was counted, its number, and what it means."""
    copied, mirrored = sum(map(len, audit.copies)), int(audit.near.mirrored.sum())
    yield "images", len(audit.records), ""
    yield "distinct images", audit.distinct, "exact copies count as one"
    yield "groups of exact copies", len(audit.copies), f"{copied:,} images with the same pixels as another"
    yield "groups with conflicting labels", len(audit.conflicting), "exact copies that bear several labels"
    yield "mirrored copies", len(audit.mirrored), "pairs of which one is exactly the other's mirror image"
    same = sum(map(audit.of_one_person, audit.near.pairs.tolist()))
    yield (
        "near copies",
        len(audit.near),
        f"pairs: resized, cut, …; {mirrored:,} mirrored" + (f", {same:,} of one person" if same else ""),
    )
    yield "blank images", len(audit.blank), "one pixel value only"
    for field, named in (("subject", "subjects"), ("group", "groups")):
        if any(getattr(record, field) is not None for record in audit.records):
            found = audit.in_several_splits(field)
            yield f"{named} in several splits", len(found), f"{sum(map(len, found.values())):,} images"


def write_findings(audit: Audit, path: Path) -> int:
    """Write every finding, a line for each image of it; returns how many findings there are."""
    count = 0
    with replacing(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        for count, finding in enumerate(findings(audit), start=1):
            for record in (audit.records[row] for row in finding.rows):
                names = (record.id, record.expression, record.split, record.subject)
                lines.writerow([finding.kind, count, *names, finding.note])
    return count
