"""This file defines Planted, a database of random patterns for tests into which leaks can be planted, and its cohort."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer.data.cohort import Cohort
from fer.data.database import Database, Image
from fer.data.prepare import prepare
from fer.data.preprocessing.whole_image import WholeImage
from fer.labels import LabelSpace
from fer.records import FaceRecord

EXPRESSIONS = ("anger", "happiness", "sadness")


class Planted(Database):
    """Twelve people with two takes of three expressions; people 0-7 train, 8-9 validate, 10-11 test in its own split.

    `leak` plants "subject", "group", "exact" or "mirrored": something of the first training image in the last test image.
    """

    licence, citation, obtain = "MIT", "none", "It is made by the tests."
    cropped = True

    def __init__(self, name: str = "planted", leak: str = "none", people: int = 12, root: str | None = None) -> None:
        self.name, self.leak, self.people, self.root = name, leak, people, root

    def records(self) -> Sequence[FaceRecord]:
        made = [self.record(p, e, t) for p in range(self.people) for e in EXPRESSIONS for t in range(2)]
        return sorted(made, key=lambda record: record.id)

    def record(self, person: int, expression: str, take: int) -> FaceRecord:
        name = f"p{person:02d}_{expression}_{take}"
        split = "train" if person < 8 else "val" if person < 10 else "test"
        last = name == f"p{self.people - 1:02d}_sadness_1"
        return FaceRecord(
            id=f"{self.name}/{name}",
            source=name,
            expression=expression,
            subject="p00" if last and self.leak == "subject" else f"p{person:02d}",
            group="g00" if (last or (person, take) == (0, 0)) and self.leak == "group" else None,
            split=split,
        )

    def read(self, record: FaceRecord) -> Image:
        person, expression, take = record.source.split("_")
        if record.source == f"p{self.people - 1:02d}_sadness_1" and self.leak in ("exact", "mirrored"):
            image = self.pattern(0, "anger", 0)
            return image if self.leak == "exact" else np.ascontiguousarray(image[:, ::-1])
        return self.pattern(int(person[1:]), expression, int(take))

    def pattern(self, person: int, expression: str, take: int) -> Image:
        """A patch that is bright where the expression says, on noise of the person's own."""
        noise = np.random.default_rng([person, EXPRESSIONS.index(expression), take]).integers(0, 120, (24, 24))
        noise[8 * EXPRESSIONS.index(expression) :][:8] += 100
        return noise.astype(np.uint8)

    def files(self) -> Sequence[Path]:
        return []

    def digest(self) -> str:
        return f"{self.leak}-{self.people}"

    @classmethod
    def write_sample(cls, root: Path, *, subjects: int = 6, seed: int = 0) -> None:
        """Nothing to write: the patterns are computed."""


def planted_cohort(people: int = 12) -> Cohort:
    """All faces of the database, prepared at 24×24."""
    database = Planted(people=people)
    records = database.records()
    prepared = prepare(database, records, preprocess=WholeImage(), spec={}, size=24, channels=1)
    return Cohort.join([(records, prepared)], records=records, labels=LabelSpace().restrict(records).labels)
