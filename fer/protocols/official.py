"""This file defines the protocol that follows a database's own split, as published."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Literal

from fer.errors import ProtocolError
from fer.protocols.base import EvaluationProtocol, Fold, database_of
from fer.protocols.k_fold import without_validation
from fer.records import FaceRecord

#: The words that published splits use for their parts.
TRAINING = ("Training", "train")
VALIDATION = ("PublicTest", "val", "valid", "validation")


class Official(EvaluationProtocol):
    """The published split: trained on its training part, chosen on its validation part, tested once on its test part.

    `train`, `validation` and `tests` name the words of FaceRecord.split that each part goes by. A database without a
    validation part gives up the share `validation_share` of its training part, people and sequences kept whole.
    Published splits contain copies of training images: they run, and a test set `<name>_clean` without them is added.
    """

    on_copies: ClassVar[Literal["refuse", "report"]] = "report"

    def __init__(
        self,
        train: Sequence[str] = TRAINING,
        validation: Sequence[str] = VALIDATION,
        tests: Mapping[str, Sequence[str]] | None = None,
        validation_share: float = 0.1,
        seed: int = 0,
    ) -> None:
        self.train, self.validation = tuple(train), tuple(validation)
        self.tests = dict(tests or {"private": ("PrivateTest",), "test": ("test",)})
        self.validation_share, self.seed = validation_share, seed

    def folds(self, records: Sequence[FaceRecord]) -> Iterator[Fold]:
        """The one fold, named 00; raises ProtocolError where the split lacks a part."""
        train = [record for record in records if record.split in self.train]
        val = [record for record in records if record.split in self.validation]
        tests = {name: tuple(r.id for r in records if r.split in words) for name, words in self.tests.items()}
        tests = {name: ids for name, ids in tests.items() if ids}
        if not train or not tests:
            raise ProtocolError(self.missing(records, "training" if not train else "test"))
        if not val:
            yield Fold("00", *without_validation(train, self.validation_share, seed=self.seed), tests)
        else:
            yield Fold("00", tuple(r.id for r in train), tuple(r.id for r in val), tests, val_published=True)

    def missing(self, records: Sequence[FaceRecord], part: str) -> str:
        """The message for a split without a training or a test part."""
        names = ", ".join(sorted({database_of(record) for record in records}))
        words = ", ".join(sorted({str(record.split) for record in records if record.split})) or "none"
        return (
            f"{names} has no {part} part in its own split (found the parts: {words}). "
            f"Use protocol=subject_independent where people are identified, or name the parts in protocol.train and .tests."
        )
