"""This file says what a database gives to training and to validation when other databases are the test."""

from collections.abc import Sequence

from fer.errors import ProtocolError
from fer.protocols.base import database_of
from fer.protocols.k_fold import without_validation
from fer.protocols.official import TRAINING, VALIDATION
from fer.records import FaceRecord

Ids = tuple[str, ...]


def training_part(records: Sequence[FaceRecord], *, validation: float, seed: int) -> tuple[Ids, Ids]:
    """The ids to train on and those to validate on, of one or several databases, each by its own split.

    A database with a published split gives its training part, and its validation part where it has one; its test part stays
    unread. Otherwise the share `validation` of its training images is for validation, people and sequences kept whole.
    """
    train: list[str] = []
    val: list[str] = []
    for name in sorted({database_of(record) for record in records}):
        own_train, own_val = of_one_database([r for r in records if database_of(r) == name], validation=validation, seed=seed)
        train += own_train
        val += own_val
    return tuple(train), tuple(val)


def of_one_database(records: Sequence[FaceRecord], *, validation: float, seed: int) -> tuple[Ids, Ids]:
    """The same of a single database."""
    if all(record.split is None for record in records):
        return without_validation(records, validation, seed=seed)
    inside = [record for record in records if record.split in TRAINING]
    if not inside:
        words = ", ".join(sorted({str(record.split) for record in records}))
        raise ProtocolError(f"{database_of(records[0])} has no training part in its own split (found the parts: {words}).")
    if published := tuple(record.id for record in records if record.split in VALIDATION):
        return tuple(record.id for record in inside), published
    return without_validation(inside, validation, seed=seed)


def all_databases(records: Sequence[FaceRecord], *, needed_by: str) -> list[str]:
    """The names of the databases; raises ProtocolError where there is only one."""
    names = sorted({database_of(record) for record in records})
    if len(names) < 2:
        raise ProtocolError(
            f"{needed_by} needs two databases or more, found {', '.join(names) or 'none'}. Name them: data=[ckplus,jaffe]."
        )
    return names
