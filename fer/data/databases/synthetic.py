"""This file is the database `synthetic`: faces that the project draws itself, so that nothing needs to be downloaded.

`python -m fer.data.databases.synthetic [SHEET.png]` says how many faces a second it draws on one core, and writes a
contact sheet of every domain.
"""

import hashlib
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from fer.data.database import Database, Image
from fer.data.databases.drawn_faces.action_units import PROTOTYPES
from fer.data.databases.drawn_faces.contact_sheet import contact_sheet
from fer.data.databases.drawn_faces.faces import draw_faces
from fer.data.databases.drawn_faces.scenes import DOMAINS
from fer.errors import ConfigError
from fer.records import EXPRESSIONS, FaceRecord

#: Goes up with every change of the drawing, so that nothing prepared from older faces is used again.
VERSION = 2

BASIC = tuple(expression for expression in EXPRESSIONS if expression != "contempt")
BATCH = 256  # faces drawn at a time: fewer cost more calls, more do not fit into a core's cache
LARGEST_SUBJECT, LARGEST_TAKE = 99_999, 9_999  # what five and four digits of an id hold


class Synthetic(Database):
    """Drawn faces: people made up from numbers, who show expressions as FACS action units.

    Input: one face, `size` × `size` uint8 grey (48 as in FER2013), drawn when it is read. The domain is how it is seen:
    `lab` frontal and evenly lit; `webcam` dim, noisy and from below or above; `wild` turned, of changing light and
    resolution, before a cluttered background, partly hidden.
    Labels: the posed expression, drawn from its action units: 4+5+7+23 anger, 9+15+16 disgust, 1+2+4+5+20+26 fear,
    6+12 happiness, 1+4+15 sadness, 1+2+5+26 surprise, none neutral, and if asked for 14 on one side contempt. Intensity,
    asymmetry, omitted and stray units vary by take, and how strongly a person uses each unit and looks at rest by person.
    `subjects` × `expressions` × `takes` images, balanced.
    Subjects: `subjects` people with a geometry, skin and hair of their own; another `seed` is other people.
    Source: computed from (seed, subject, expression, take) and the domain alone; the same pixels on every machine, in any
    order, and however many others there are.
    Licence: MIT, as the code. No real person is shown: results here say whether code works, never how well a model reads
    faces.
    Citation: the action units follow Ekman and Friesen, Facial Action Coding System (1978), and its EMFACS combinations.
    """

    licence = "MIT"
    cropped = True
    citation = "Faces drawn by ferlab; action units of Ekman and Friesen, Facial Action Coding System (1978)."
    obtain = "There is nothing to obtain: the faces are drawn when they are read."

    def __init__(
        self,
        name: str = "synthetic",
        *,
        domain: str = "lab",
        subjects: int = 60,
        takes: int = 8,
        expressions: Sequence[str] = BASIC,
        size: int = 48,
        seed: int = 0,
    ) -> None:
        self.name = name
        self.domain = chosen(f"data.{name}.domain", domain, DOMAINS)
        self.subjects = within(f"data.{name}.subjects", subjects, 1, LARGEST_SUBJECT + 1)
        self.takes = within(f"data.{name}.takes", takes, 1, LARGEST_TAKE + 1)
        self.expressions = tuple(sorted({chosen(f"data.{name}.expressions", e, PROTOTYPES) for e in expressions}))
        if not self.expressions:
            raise ConfigError(f"data.{name}.expressions: found none, expected some of {', '.join(PROTOTYPES)}")
        self.size = within(f"data.{name}.size", size, 16, 512)
        self.seed = within(f"data.{name}.seed", seed, 0, 2**63 - 1)

    def records(self) -> Sequence[FaceRecord]:
        """Every take of every expression of every person; `source` is the id without the database's name."""
        records = []
        for number in range(self.subjects):
            subject = f"{self.name}:s{number:05d}"
            for expression in self.expressions:
                start = f"s{number:05d}_{expression}_"
                sources = [f"{start}{take:04d}" for take in range(self.takes)]
                records += [FaceRecord(f"{self.name}/{source}", source, expression, subject) for source in sources]
        return records

    def read(self, record: FaceRecord) -> Image:
        """The face of one record, (size, size) uint8."""
        return next(self.read_many([record]))

    def read_many(self, records: Sequence[FaceRecord]) -> Iterator[Image]:
        """The faces of `records` in order, drawn many at a time; each is the same as `read` draws."""
        for start in range(0, len(records), BATCH):
            # From `source`, because a label space may have given the record another expression.
            parts = [record.source.split("_") for record in records[start : start + BATCH]]
            yield from draw_faces(
                DOMAINS[self.domain],
                seed=self.seed,
                subject=np.array([int(subject[1:]) for subject, _, _ in parts]),
                expression=np.array([EXPRESSIONS.index(expression) for _, expression, _ in parts]),
                take=np.array([int(take) for _, _, take in parts]),
                size=self.size,
            )

    def files(self) -> Sequence[Path]:
        """None: the faces are computed."""
        return []

    def digest(self) -> str:
        """A digest of everything that ids and pixels are computed from, and of the drawing's version."""
        numbers = (self.subjects, self.takes, self.expressions, self.size, self.seed)
        return hashlib.sha256(repr((VERSION, self.name, DOMAINS[self.domain], *numbers)).encode()).hexdigest()

    @classmethod
    def write_sample(cls, root: Path, *, subjects: int = 6, seed: int = 0) -> None:
        """Write nothing: the database has no files, and a small one is made by its own arguments."""


def chosen(key: str, found: str, choices: Iterable[str]) -> str:
    """The choice itself, if it is one."""
    if found not in set(choices):
        raise ConfigError(f"{key}: found {found!r}, expected one of {', '.join(choices)}")
    return found


def within(key: str, found: int, low: int, high: int) -> int:
    """The whole number itself, if it lies between these two, both included."""
    if isinstance(found, bool) or not isinstance(found, int) or not low <= found <= high:
        raise ConfigError(f"{key}: found {found!r}, expected a whole number from {low} to {high}")
    return found


def images_a_second(database: Synthetic) -> float:
    """How many images of `database` one core draws a second."""
    records = database.records()
    start = time.process_time()
    for _ in database.read_many(records):
        pass
    return len(records) / (time.process_time() - start)


def main() -> None:
    """Print the speed for each domain; write a contact sheet of all domains where a path is given."""
    cv2.setNumThreads(1)
    for domain in DOMAINS:
        database = Synthetic(domain=domain, subjects=72)
        print(f"{domain}: {images_a_second(database):,.0f} images/s a core, {database.size} × {database.size} pixels")
    if len(sys.argv) > 1:
        sheets = [contact_sheet(domain, seed=i, subjects=range(12)) for i, domain in enumerate(DOMAINS.values())]
        cv2.imwrite(sys.argv[1], np.concatenate(sheets))


if __name__ == "__main__":
    main()
