"""This file defines the protocol that trains on some databases and tests on the others, which the model never saw."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from fer.build import did_you_mean
from fer.errors import ConfigError
from fer.protocols.balance import ids_by_database
from fer.protocols.base import EvaluationProtocol, Fold, database_of
from fer.protocols.k_fold import require_share
from fer.protocols.training_part import all_databases, training_part
from fer.records import FaceRecord


class CrossDatabase(EvaluationProtocol):
    """Zero-shot transfer: trained on the databases `train`, tested once on all faces of each of the others.

    Validation comes from the training databases only: their published validation part, or else the share `validation` of
    their people. The published test part of a training database stays unread. Databases share copies: a test set that has
    copies of training images gets a `_clean` one beside it.
    """

    on_copies: ClassVar[Literal["refuse", "report"]] = "report"

    def __init__(self, train: Sequence[str], validation: float = 0.15, seed: int = 0) -> None:
        self.train, self.seed = tuple(train), seed
        self.validation = require_share("protocol.validation", validation)

    def folds(self, records: Sequence[FaceRecord]) -> Iterator[Fold]:
        """The one fold, named 00; raises ConfigError where `train` names no database of the run, or all of them."""
        names = all_databases(records, needed_by="protocol=cross_database")
        self.require_known(names)
        seen = [record for record in records if database_of(record) in self.train]
        unseen = [record for record in records if database_of(record) not in self.train]
        yield training_part(seen, validation=self.validation, seed=self.seed).fold("00", ids_by_database(unseen))

    def require_known(self, names: Sequence[str]) -> None:
        """Raise ConfigError unless `train` names some of the databases and leaves some to test on."""
        listed = ", ".join(names)
        for name in self.train:
            if name not in names:
                raise ConfigError(f"protocol.train: {name!r} is no database of this run ({listed}){did_you_mean(name, names)}")
        if not self.train or set(self.train) == set(names):
            found = "none" if not self.train else "all"
            raise ConfigError(f"protocol.train: found {found} of the databases {listed}, expected some to train on: [{names[0]}]")
