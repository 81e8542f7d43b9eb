"""This file defines NearestNeighbour, which knows nothing but the training faces themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from fer.errors import ConfigError
from fer.models.classical.classifier import Classifier, Examples, FittedClassifier, Floats, Ints
from fer.models.classical.validation import least_surprised

#: The nearest face's vote is worth this much more, the next one's half of that, and so on: it only decides between equals.
NEARER = 1e-4


class NearestNeighbour(Classifier):
    """The labels of the nearest training faces by Euclidean distance of their features, found by exact search.

    The `neighbours` nearest faces have a vote each; of labels with equal votes the one with the nearest face wins. Votes
    become probabilities by (votes + ε) / (neighbours + labels · ε), with the ε that makes the validation labels likeliest:
    for one neighbour, the probability of its label is its accuracy on validation. Where it refits, the validation faces
    are among the neighbours afterwards.
    """

    source: ClassVar[str] = "Cover & Hart, IEEE Transactions on Information Theory 1967"

    def __init__(self, neighbours: int = 1, refit: bool | None = None) -> None:
        if neighbours < 1:
            raise ConfigError(f"model.neighbours: found {neighbours}, expected at least 1")
        self.neighbours, self.refit = neighbours, refit

    def fit(self, train: Examples, val: Examples, *, val_reserved: bool = False, seed: int) -> "FittedNeighbours":
        """Remember the faces; nothing is random."""
        if self.neighbours > len(train):
            raise ConfigError(
                f"model.neighbours: found {self.neighbours}, expected at most the {len(train)} training faces of a fold"
            )
        rule = self.rule(refit := self.refits(val_reserved=val_reserved))
        votes = FittedNeighbours(train, self.neighbours, smoothing=1.0, rule=rule).votes(val.features)
        smoothing = least_surprised(lambda epsilon: smoothed(votes, epsilon), val.targets, low=1e-4, high=1e2)
        known = train.joined(val) if refit else train
        return FittedNeighbours(known, self.neighbours, smoothing=smoothing, rule=rule)

    def rule(self, refit: bool) -> str:
        """What decides, in words."""
        nearest = "nearest face" if self.neighbours == 1 else f"{self.neighbours} nearest faces"
        return f"nothing was chosen: the {nearest} of the training{' and validation' if refit else ''} part"


@dataclass(frozen=True)
class FittedNeighbours(FittedClassifier):
    """The faces that are known, and how their votes become probabilities."""

    known: Examples
    neighbours: int
    smoothing: float
    rule: str

    def probabilities(self, features: Floats) -> Floats:
        """The smoothed shares (N, K) of the votes."""
        return smoothed(self.votes(features), self.smoothing)

    def votes(self, features: Floats) -> NDArray[np.float64]:
        """The votes (N, K) of the nearest faces, each of about 1; no more of the distances is in memory than a chunk."""
        search = NearestNeighbors(n_neighbors=self.neighbours, algorithm="brute").fit(self.known.features)
        labels: Ints = self.known.targets[search.kneighbors(features, return_distance=False)]
        worth = 1 + NEARER * 0.5 ** np.arange(self.neighbours)
        votes = np.zeros((len(features), self.known.num_labels))
        for place in range(self.neighbours):
            votes[np.arange(len(features)), labels[:, place]] += worth[place]
        return votes

    def facts(self) -> dict[str, Any]:
        """How many faces are known, and the ε of the probabilities."""
        selection = {"rule": self.rule}
        return {"selection": selection, "known_faces": len(self.known), "smoothing": round(self.smoothing, 6)}

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Nothing: folds.json names the training faces, and copies of them would carry licensed images into the fold."""
        return {}


def smoothed(votes: NDArray[np.float64], epsilon: float) -> Floats:
    """Probabilities (N, K) float32: the share of each label's votes, each label having had `epsilon` before."""
    shares: Floats = ((votes + epsilon) / (votes + epsilon).sum(axis=1, keepdims=True)).astype(np.float32)
    return shares
