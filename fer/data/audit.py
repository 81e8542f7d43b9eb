"""This file audits databases: which images are copies, blank, labelled in two ways, or in two splits, as a list of findings."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fer.data.database import Database
from fer.data.near_copies.search import NearCopies, clusters, near_copies
from fer.data.near_copies.thumbnails import Thumbnails, thumbnails
from fer.protocols.base import database_of
from fer.records import FaceRecord

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Finding:
    """Images that belong together because something is the matter with them; `note` says what more there is to say."""

    kind: str
    rows: tuple[int, ...]
    note: str = ""


@dataclass(frozen=True)
class Part:
    """The images of one split of one database; `training` where the database means them to be trained on."""

    database: str
    split: str | None
    rows: Rows

    @property
    def training(self) -> bool:
        """Whether the split's name says so."""
        return self.split is not None and self.split.lower().startswith("train")


@dataclass(frozen=True)
class Audit:
    """The images of one or several databases with what was found in their pixels; rows count through all of them."""

    databases: tuple[str, ...]
    records: Sequence[FaceRecord]
    thumbnails: Thumbnails
    near: NearCopies

    @classmethod
    def of(cls, databases: Sequence[tuple[Database, Sequence[FaceRecord]]]) -> "Audit":
        """Look at every image of `databases`, or at what was kept of them the last time."""
        joined = Thumbnails.join([thumbnails(database, records) for database, records in databases])
        records = [record for _, some in databases for record in some]
        return cls(tuple(database.name for database, _ in databases), records, joined, near_copies(joined))

    @cached_property
    def originals(self) -> Rows:
        """The row of the first exact copy of each image, (N,)."""
        return self.thumbnails.originals

    @cached_property
    def photographs(self) -> Rows:
        """A number for each image that its exact and near copies share, (N,)."""
        own = np.arange(len(self.records))
        return clusters(len(own), [np.stack([own, self.originals], axis=1), self.near.pairs])

    @property
    def distinct(self) -> int:
        """How many images there are when exact copies count as one."""
        return len(np.unique(self.originals))

    @cached_property
    def copies(self) -> list[Rows]:
        """The groups of exact copies, each two images or more."""
        return [group for group in grouped(self.originals) if len(group) > 1]

    @cached_property
    def mirrored(self) -> list[tuple[int, int]]:
        """Pairs of distinct images of which one is the other's exact mirror image, by the first copies of both."""
        image, mirror = self.thumbnails.copies[:, 0], self.thumbnails.copies[:, 1]
        firsts = np.unique(self.originals)
        row_of = {digest: row for digest, row in zip(image[firsts].tolist(), firsts.tolist(), strict=True)}
        partners = ((row, row_of.get(mirror[row].item(), row)) for row in firsts.tolist())
        return [(row, partner) for row, partner in partners if row < partner]

    def of_one_person(self, rows: Sequence[int]) -> bool:
        """Whether these images are known to show the same person."""
        people = {(database_of(record), record.subject) for record in (self.records[row] for row in rows)}
        return len(people) == 1 and next(iter(people))[1] is not None

    @cached_property
    def blank(self) -> list[int]:
        """The images that have one pixel value only."""
        return np.flatnonzero(self.thumbnails.spread == 0).tolist()

    @property
    def conflicting(self) -> list[Rows]:
        """The groups of exact copies that bear several labels."""
        return [group for group in self.copies if len({self.records[row].expression for row in group}) > 1]

    @cached_property
    def parts(self) -> list[Part]:
        """Every split of every database, training parts first, the others in the order of their images."""
        rows: defaultdict[tuple[str, str | None], list[int]] = defaultdict(list)
        for row, record in enumerate(self.records):
            rows[database_of(record), record.split].append(row)
        made = [Part(database, split, np.array(found)) for (database, split), found in rows.items()]
        return sorted(made, key=lambda part: (self.databases.index(part.database), not part.training))

    def copied_from(self, part: Part, other: Part) -> Rows:
        """The rows of `part` that have an exact copy in `other`."""
        return part.rows[np.isin(self.originals[part.rows], self.originals[other.rows])]

    def nearly_copied_from(self, part: Part, other: Part) -> Rows:
        """The rows of `part` that have a near or mirrored copy but no exact one in `other`."""
        image, mirror = self.thumbnails.copies[:, 0], self.thumbnails.copies[:, 1]
        touched = self.near.touched(self.originals, inside=part.rows, outside=other.rows)
        touched |= np.isin(image[part.rows], mirror[other.rows])
        return np.setdiff1d(part.rows[touched], self.copied_from(part, other))

    def in_several_splits(self, field: str) -> Mapping[str, Rows]:
        """The subjects or groups ("subject" or "group") that stand in several splits of a database, with all their rows."""
        rows: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for row, record in enumerate(self.records):
            if record.split is not None and (value := getattr(record, field)) is not None:
                rows[database_of(record), value].append(row)
        return {
            value: np.array(found) for (_, value), found in rows.items() if len({self.records[row].split for row in found}) > 1
        }


def grouped(numbers: Rows) -> list[Rows]:
    """The places of each number, (N,) to one array a number, in the order of their first places."""
    order = np.argsort(numbers, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1) if len(numbers) else []
    return sorted(groups, key=lambda group: int(group[0]))


def findings(audit: Audit) -> Iterator[Finding]:
    """Everything that was found, kind by kind."""
    for group in audit.copies:
        yield Finding("exact copies", tuple(group.tolist()))
    for group in audit.conflicting:
        yield Finding("conflicting labels", tuple(group.tolist()))
    for pair in audit.mirrored:
        yield Finding("mirrored copies", pair)
    near = audit.near
    for found, mirrored, alike in zip(near.pairs.tolist(), near.mirrored.tolist(), near.likeness.tolist(), strict=True):
        yield Finding("near copies", tuple(found), f"likeness {alike:.3f}{', mirrored' if mirrored else ''}")
    for row in audit.blank:
        yield Finding("blank", (row,))
    for field in ("subject", "group"):
        for value, rows in audit.in_several_splits(field).items():
            yield Finding(f"{field} in several splits", tuple(rows.tolist()), value)
    for overlap in overlaps(audit):
        for kind, rows in (("exact", overlap.exact), ("near", overlap.near)):
            for row in rows.tolist():
                yield Finding(f"{kind} copy in another part", (row,), f"in {overlap.other}")


@dataclass(frozen=True)
class Overlap:
    """The images of one part that have a copy in another one: an exact one, or only a near or mirrored one."""

    part: str
    other: str
    images: int
    exact: Rows
    near: Rows


def overlaps(audit: Audit) -> list[Overlap]:
    """The overlap of every two parts, each in those that stand before it; parts that share nothing are left out."""
    several = len(audit.databases) > 1
    found = []
    for i, part in enumerate(audit.parts):
        for other in audit.parts[:i]:
            exact, near = audit.copied_from(part, other), audit.nearly_copied_from(part, other)
            if len(exact) or len(near):
                names = [" ".join(filter(None, [p.database if several else None, p.split])) or "no split" for p in (part, other)]
                found.append(Overlap(names[0], names[1], len(part.rows), exact, near))
    return found
