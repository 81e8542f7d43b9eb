"""This file gathers what a database looks like: its sheet, its classes, its people, its copies and its odd ones."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from inspect import getdoc

import numpy as np

from fer.data.audit import Audit
from fer.data.database import Database
from fer.data.explore.classes import FaceClass, face_classes
from fer.data.explore.groups import Group, chosen_conflicts, chosen_copies, chosen_near_copies
from fer.data.explore.pictures import Picture, pictures
from fer.data.explore.votes import Votes, count_votes
from fer.records import FaceRecord

BLANK_SHOWN, FAINT_SHOWN = 12, 12


@dataclass(frozen=True)
class Portrait:
    """Everything that the page of a database shows; rows are those of `audit`, and `pictures` has every row that is shown.

    `total` images are in the database, `audit` looked at those that were drawn with `seed`. `sheet` is the database's own
    description, heading by heading.
    """

    name: str
    headline: str
    licence: str
    sheet: tuple[tuple[str, str], ...]
    total: int
    seed: int
    audit: Audit
    classes: tuple[FaceClass, ...]
    conflicts: tuple[Group, ...]
    copies: tuple[Group, ...]
    near: tuple[Group, ...]
    blank: tuple[int, ...]
    faint: tuple[int, ...]
    people: tuple[int, ...]
    votes: Votes | None
    pictures: dict[int, Picture]

    @property
    def records(self) -> Sequence[FaceRecord]:
        """The records that were looked at."""
        return self.audit.records

    @property
    def splits(self) -> tuple[str | None, ...]:
        """The database's own splits, training first; (None,) where it has none."""
        return tuple(part.split for part in self.audit.parts)

    def differ(self, rows: Sequence[int]) -> bool:
        """Whether these images bear different labels."""
        return len({self.records[row].expression for row in rows}) > 1


def portray(database: Database, records: Sequence[FaceRecord], *, images: int, seed: int) -> Portrait:
    """The portrait of a database of `records`, of which at most `images`, drawn with `seed`, are looked at."""
    rng = np.random.default_rng(seed)
    some = sample(records, images, rng)
    audit = Audit.of([(database, some)])
    classes = face_classes(audit, rng)
    conflicts, copies, near = chosen_conflicts(audit), chosen_copies(audit), chosen_near_copies(audit, rng)
    blank = tuple(audit.blank[:BLANK_SHOWN])
    faint = lowest_contrast(audit)
    shown = {
        *blank,
        *faint,
        *(row for c in classes for row in (*c.faces, *c.odd)),
        *rows_of(conflicts),
        *rows_of(copies),
        *rows_of(near),
    }
    people = Counter(record.subject for record in some if record.subject is not None)
    headline, sheet = data_sheet(database)
    return Portrait(
        name=database.name,
        headline=headline,
        licence=database.licence,
        sheet=sheet,
        total=len(records),
        seed=seed,
        audit=audit,
        classes=classes,
        conflicts=conflicts,
        copies=copies,
        near=near,
        blank=blank,
        faint=faint,
        people=tuple(sorted(people.values(), reverse=True)),
        votes=count_votes(some),
        pictures=pictures(database, some, sorted(shown)),
    )


def sample(records: Sequence[FaceRecord], images: int, rng: np.random.Generator) -> Sequence[FaceRecord]:
    """The records, or so many of them in the same order where there are more."""
    if len(records) <= images:
        return records
    return [records[row] for row in np.sort(rng.choice(len(records), images, replace=False)).tolist()]


def lowest_contrast(audit: Audit) -> tuple[int, ...]:
    """The images whose brightest and darkest pixels differ least, copies and blank ones left out."""
    spread = audit.thumbnails.spread
    rows = np.unique(audit.photographs, return_index=True)[1]
    rows = rows[spread[rows] > 0]
    return tuple(rows[np.argsort(spread[rows], kind="stable")][:FAINT_SHOWN].tolist())


def rows_of(groups: Iterable[Group]) -> set[int]:
    """The rows that are shown of these groups."""
    return {row for group in groups for row in group.rows}


def data_sheet(database: Database) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The first sentence of a database's description, and the rest by heading: lines that begin with a word and a colon."""
    first, _, rest = (getdoc(type(database)) or database.name).partition("\n")
    sections: list[tuple[str, str]] = []
    for line in rest.strip().splitlines():
        heading, colon, text = line.partition(": ")
        if colon and heading.istitle() and heading.isalpha():
            sections.append((heading, text))
        elif sections:
            sections[-1] = (sections[-1][0], f"{sections[-1][1]} {line.strip()}")
        elif line.strip():
            sections.append(("About", line.strip()))
    given = {"Licence": database.licence, "Citation": database.citation, "Obtain": database.obtain}
    return first, (*(section for section in sections if section[0] not in given), *given.items())
