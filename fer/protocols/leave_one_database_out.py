"""This file defines the protocol that tests every database by a model trained on all others."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from fer.protocols.balance import ids_by_database
from fer.protocols.base import EvaluationProtocol, Fold, database_of
from fer.protocols.k_fold import require_share
from fer.protocols.training_part import all_databases, training_part
from fer.records import FaceRecord


class LeaveOneDatabaseOut(EvaluationProtocol):
    """One fold a database, named after it: all its faces are tested by a model trained on the other databases.

    Validation and copies as in cross_database.
    """

    on_copies: ClassVar[Literal["refuse", "report"]] = "report"

    def __init__(self, validation: float = 0.15, seed: int = 0) -> None:
        self.validation, self.seed = require_share("protocol.validation", validation), seed

    def folds(self, records: Sequence[FaceRecord]) -> Iterator[Fold]:
        """One fold a database; raises ProtocolError where there is only one."""
        for name in all_databases(records, needed_by="protocol=leave_one_database_out"):
            others = [record for record in records if database_of(record) != name]
            tests = ids_by_database([record for record in records if database_of(record) == name])
            yield training_part(others, validation=self.validation, seed=self.seed).fold(name, tests)
