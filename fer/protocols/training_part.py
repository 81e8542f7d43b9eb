"""This file says what a database gives to training and to validation when other databases are the test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fer.errors import ProtocolError
from fer.protocols.base import Fold, database_of
from fer.protocols.k_fold import without_validation
from fer.protocols.official import TRAINING, VALIDATION
from fer.records import FaceRecord

Ids = tuple[str, ...]


@dataclass(frozen=True)
class TrainingPart:
    """The ids to train on and those to validate on; `published` where any of the latter are a database's own split."""

    train: Ids
    val: Ids
    published: bool

    def fold(self, name: str, tests: Mapping[str, Ids]) -> Fold:
        """The fold that trains on this part."""
        return Fold(name, self.train, self.val, tests, val_published=self.published)


def training_part(records: Sequence[FaceRecord], *, validation: float, seed: int) -> TrainingPart:
    """What to train on and what to validate on, of one or several databases, each by its own split.

    A database with a published split gives its training part, and its validation part where it has one; its test part stays
    unread. Otherwise the share `validation` of its training images is for validation, people and sequences kept whole.
    """
    names = sorted({database_of(record) for record in records})
    parts = [of_one_database([r for r in records if database_of(r) == name], validation=validation, seed=seed) for name in names]
    return TrainingPart(
        train=tuple(i for part in parts for i in part.train),
        val=tuple(i for part in parts for i in part.val),
        published=any(part.published for part in parts),
    )


def of_one_database(records: Sequence[FaceRecord], *, validation: float, seed: int) -> TrainingPart:
    """The same of a single database."""
    if all(record.split is None for record in records):
        return TrainingPart(*without_validation(records, validation, seed=seed), published=False)
    inside = [record for record in records if record.split in TRAINING]
    if not inside:
        words = ", ".join(sorted({str(record.split) for record in records}))
        raise ProtocolError(f"{database_of(records[0])} has no training part in its own split (found the parts: {words}).")
    if published := tuple(record.id for record in records if record.split in VALIDATION):
        return TrainingPart(tuple(record.id for record in inside), published, published=True)
    return TrainingPart(*without_validation(inside, validation, seed=seed), published=False)


def all_databases(records: Sequence[FaceRecord], *, needed_by: str) -> list[str]:
    """The names of the databases; raises ProtocolError where there is only one."""
    names = sorted({database_of(record) for record in records})
    if len(names) < 2:
        raise ProtocolError(
            f"{needed_by} needs two databases or more, found {', '.join(names) or 'none'}. Name them: data=[ckplus,jaffe]."
        )
    return names
