"""This file defines Fold and EvaluationProtocol, the contract of every way to cut faces into training and test parts."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from fer.records import FaceRecord


@dataclass(frozen=True, slots=True)
class Fold:
    """One training with its tests, as ids only; validation chooses, the tests are read once.

    `val_published` says that the validation part is a database's own and not cut out of the training part, so that nothing
    may train on it afterwards. `seed` is the seed of the training. A protocol leaves it alone; `for_each_seed` sets it, and
    puts it into the name where the run has several. `unlabelled` are training images whose labels are withheld.
    """

    name: str
    train: tuple[str, ...]
    val: tuple[str, ...]
    tests: Mapping[str, tuple[str, ...]]
    val_published: bool = False
    seed: int = 0
    unlabelled: tuple[str, ...] = ()

    @property
    def cut(self) -> str:
        """The name that the protocol gave, which the trainings of several seeds share."""
        return self.name.removesuffix(f"-seed{self.seed}")

    @property
    def parts(self) -> Mapping[str, tuple[str, ...]]:
        """Every part under the name that messages use: train, validation, and each test set's."""
        unlabelled = {"unlabelled": self.unlabelled} if self.unlabelled else {}
        tests = {f"test {name!r}": ids for name, ids in self.tests.items()}
        return {"train": self.train, **unlabelled, "validation": self.val, **tests}


class EvaluationProtocol(ABC):
    """A rule that makes folds. `folds` is pure: the same records give the same folds, every call, on every machine."""

    #: Fields of FaceRecord that no two parts of a fold may share.
    disjoint: ClassVar[tuple[str, ...]] = ("subject", "group")
    #: What an exact or mirrored copy in two parts does: stops the run, or adds a test set without the copies to the report.
    on_copies: ClassVar[Literal["refuse", "report"]] = "refuse"
    #: Whether results are marked as leaky wherever they are shown.
    leaky: ClassVar[bool] = False

    @abstractmethod
    def folds(self, records: Sequence[FaceRecord]) -> Iterator[Fold]:
        """The folds over `records`, which are sorted by id; raises ProtocolError where the records do not allow it."""


def for_each_seed(folds: Sequence[Fold], seeds: Sequence[int]) -> list[Fold]:
    """The folds once a seed: all of the first seed, then all of the next; named 00-seed3 where there are several."""
    if len(seeds) == 1:
        return [replace(fold, seed=seeds[0]) for fold in folds]
    return [replace(fold, name=seeded_name(fold.name, seed), seed=seed) for seed in seeds for fold in folds]


def seeded_name(fold: str, seed: int) -> str:
    """The name of a fold that says its seed: 00-seed3; as it is where it says so already."""
    return f"{fold.removesuffix(f'-seed{seed}')}-seed{seed}"


def database_of(record: FaceRecord) -> str:
    """The database that a record is from, the first part of its id."""
    return record.id.partition("/")[0]
