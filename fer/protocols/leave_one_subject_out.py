"""This file defines the protocol that tests every person by a model trained on all others."""

from collections.abc import Iterator, Sequence

from fer.errors import ProtocolError
from fer.protocols.balance import units
from fer.protocols.base import EvaluationProtocol, Fold
from fer.protocols.k_fold import k_folds, require_share, require_subjects
from fer.records import FaceRecord


class LeaveOneSubjectOut(EvaluationProtocol):
    """One fold a person, who is its test part; the test set is pooled over all people.

    Validation is the share `validation` of the other people, at least one of them. `seed` chooses them.
    """

    def __init__(self, validation: float = 0.15, seed: int = 0) -> None:
        self.validation, self.seed = require_share("protocol.validation", validation), seed

    def folds(self, records: Sequence[FaceRecord]) -> Iterator[Fold]:
        """One fold a person in the order of the records, named 00, 01, …; raises ProtocolError below three people."""
        require_subjects(records, at_least=1)
        unit = units(records)
        if not len(unit) or unit.max() < 2:
            raise ProtocolError("found fewer than 3 people, expected one to test, one to validate on and one to train on.")
        yield from k_folds(records, unit, validation=self.validation, seed=self.seed)
