"""This file defines the protocol of subject-independent k-fold cross-validation."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from fer.errors import ConfigError, ProtocolError
from fer.protocols.balance import cut, ids_by_database, units
from fer.protocols.base import EvaluationProtocol, Fold, database_of
from fer.records import FaceRecord


class SubjectIndependent(EvaluationProtocol):
    """k folds over people, stratified by expression; every face is tested once, by a model that never saw the person.

    Validation is a part of the training people, who are in neither the rest of the training part nor the test part.
    `seed` shuffles people into folds and is apart from the training seed, so that several seeds share their folds.
    """

    disjoint: ClassVar[tuple[str, ...]] = ("subject", "group")

    def __init__(self, folds: int = 5, validation: float = 0.15, seed: int = 0) -> None:
        if folds < 2:
            raise ConfigError(f"protocol.folds: found {folds}, expected 2 or more")
        if not 0 < validation < 1:
            raise ConfigError(f"protocol.validation: found {validation}, expected a share between 0 and 1")
        self.k, self.validation, self.seed = folds, validation, seed

    def folds(self, records: Sequence[FaceRecord]) -> Iterator[Fold]:
        """The k folds, named 00, 01, …; raises ProtocolError where people are not identified or too few."""
        require_subjects(records, at_least=self.k + 1)
        test_part = cut(records, [1 / self.k] * self.k, seed=self.seed)
        for k in range(self.k):
            inside = [record for record, part in zip(records, test_part, strict=True) if part != k]
            tested = [record for record, part in zip(records, test_part, strict=True) if part == k]
            is_val = cut(inside, [1 - self.validation, self.validation], seed=self.seed + 1 + k)
            yield Fold(
                name=f"{k:02d}",
                train=tuple(record.id for record, v in zip(inside, is_val, strict=True) if v == 0),
                val=tuple(record.id for record, v in zip(inside, is_val, strict=True) if v == 1),
                tests=ids_by_database(tested),
            )


def require_subjects(records: Sequence[FaceRecord], *, at_least: int) -> None:
    """Raise ProtocolError unless every face has a subject and there are enough people for every part."""
    nameless = sorted({database_of(record) for record in records if record.subject is None})
    if nameless:
        raise ProtocolError(
            f"{', '.join(nameless)} does not say who is in its images, so no split is known to be subject-independent. "
            f"Use protocol=official, or a database with subjects."
        )
    people = len(set(units(records).tolist()))
    if people < at_least:
        raise ProtocolError(
            f"found {people} people, expected at least {at_least}: one a fold and one for validation. Set protocol.folds lower."
        )
