"""This file turns a part for every face into k folds, each with a validation part of other people inside its training part."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from fer.errors import ConfigError, ProtocolError
from fer.protocols.balance import cut, ids_by_database, units
from fer.protocols.base import Fold, database_of
from fer.records import FaceRecord


def k_folds(
    records: Sequence[FaceRecord], part: NDArray[np.int64], *, validation: float, seed: int, names: Sequence[str] = ()
) -> Iterator[Fold]:
    """One fold a part (N,), which it tests; named by `names`, or 00, 01, …"""
    names = names or numbered(int(part.max()) + 1)
    for k, name in enumerate(names):
        inside = [record for record, p in zip(records, part, strict=True) if p != k]
        tested = [record for record, p in zip(records, part, strict=True) if p == k]
        train, val = without_validation(inside, validation, seed=seed + 1 + k)
        yield Fold(name, train, val, ids_by_database(tested))


def without_validation(inside: Sequence[FaceRecord], share: float, *, seed: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids to train on and those to validate on, people and sequences kept whole."""
    if not inside:
        return (), ()
    is_val = cut(inside, [1 - share, share], seed=seed)
    return ids_where(inside, is_val == 0), ids_where(inside, is_val == 1)


def ids_where(records: Sequence[FaceRecord], chosen: NDArray[np.bool_]) -> tuple[str, ...]:
    """The ids of the records that a mask (N,) chooses."""
    return tuple(record.id for record, wanted in zip(records, chosen.tolist(), strict=True) if wanted)


def numbered(count: int) -> list[str]:
    """Names for folds that sort as they are numbered: 00, 01, …, and 000 where there are more than a hundred."""
    width = max(2, len(str(count - 1)))
    return [f"{k:0{width}d}" for k in range(count)]


def require_share(key: str, share: float) -> float:
    """The share itself, if it lies between 0 and 1."""
    if not 0 < share < 1:
        raise ConfigError(f"{key}: found {share}, expected a share between 0 and 1")
    return share


def require_folds(key: str, folds: int) -> int:
    """The number of folds itself, if it is 2 or more."""
    if folds < 2:
        raise ConfigError(f"{key}: found {folds}, expected 2 or more")
    return folds


def require_subjects(records: Sequence[FaceRecord], *, at_least: int) -> None:
    """Raise ProtocolError unless every face has a subject and there are enough people for every part."""
    nameless = sorted({database_of(record) for record in records if record.subject is None})
    if nameless:
        split = any(record.split for record in records)
        instead = "protocol=official" if split else "protocol=cross_database with other databases"
        raise ProtocolError(
            f"{', '.join(nameless)} does not say who is in its images, so no split is known to be subject-independent. "
            f"Use {instead}, a database with subjects, or protocol=image_random, whose results are marked as leaky."
        )
    people = len(set(units(records).tolist()))
    if people < at_least:
        raise ProtocolError(
            f"found {people} people, expected at least {at_least}: one a fold and one for validation. Set protocol.folds lower."
        )
