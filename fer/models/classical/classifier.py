"""This file defines Classifier, the contract of everything classical that learns expressions from features."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Examples:
    """Features of faces with their labels: (N, D) float32 and (N,) int64 below `num_labels`."""

    features: Floats
    targets: Ints
    num_labels: int

    def __len__(self) -> int:
        return len(self.targets)

    def joined(self, other: "Examples") -> "Examples":
        """These examples, then the other ones."""
        features = np.concatenate([self.features, other.features])
        return Examples(features, np.concatenate([self.targets, other.targets]), self.num_labels)


class FittedClassifier(ABC):
    """A classifier that has learned."""

    @abstractmethod
    def probabilities(self, features: Floats) -> Floats:
        """Probabilities (N, K) float32 of features (N, D), rows summing to 1."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """How it was chosen and what it became, as plain JSON for the card: `selection` with a `rule` in words, and more."""

    @abstractmethod
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """The arrays that make it up, to be stored; empty where it is made of training faces, which are not copied."""


class Classifier(ABC):
    """What conf/model names for a classical model: one file here and one YAML, whose keys the constructor takes.

    `refit` says whether the validation faces are trained on as well once they have chosen; None leaves it to the fold:
    those that were cut out of the training part are, unless labels are withheld; a published validation part is not.
    `random` says whether chance plays a part, so that another seed gives another model.
    """

    #: Where the method is from, in one line.
    source: ClassVar[str]

    random: ClassVar[bool] = False
    refit: bool | None = None

    @abstractmethod
    def fit(self, train: Examples, val: Examples, *, val_reserved: bool = False, seed: int) -> FittedClassifier:
        """Learn from `train`, choosing on `val` alone; `seed` is all that chance may come from.

        `val_reserved` says that `val` is for choosing: a published part, or one whose labels are not among those to learn from.
        """

    def refits(self, *, val_reserved: bool) -> bool:
        """Whether the validation faces are trained on in the end."""
        return not val_reserved if self.refit is None else self.refit
