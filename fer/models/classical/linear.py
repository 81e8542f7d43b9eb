"""This file defines LinearScores, what a fitted linear classifier is: one score a label, and how sure it may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from fer.models.classical.classifier import Floats, Ints
from fer.models.classical.validation import least_surprised


@dataclass(frozen=True)
class LinearScores:
    """Scores `features @ weights + bias` (N, K), and probabilities as their softmax at `temperature`.

    `weights` is (D, K) float32, `bias` (K,) float32, -inf for labels that no face was trained on.
    """

    weights: Floats
    bias: Floats
    temperature: float = 1.0

    def scores(self, features: Floats) -> Floats:
        """The score of each label, (N, K) float32; the highest decides."""
        scores: Floats = features @ self.weights + self.bias
        return scores

    def probabilities(self, features: Floats) -> Floats:
        """Probabilities (N, K) float32; the most probable label is the one with the highest score."""
        return heated(self.scores(features), self.temperature)

    @property
    def parameters(self) -> int:
        """How many numbers were learned."""
        return self.weights.size + self.bias.size

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """What it is made of, from which `from_arrays` makes it again."""
        return {"weights": self.weights, "bias": self.bias, "temperature": np.array([self.temperature])}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "LinearScores":
        """What was stored as these arrays."""
        return cls(arrays["weights"], arrays["bias"], float(arrays["temperature"].item()))


def heated(scores: Floats, temperature: float) -> Floats:
    """The softmax (N, K) float32 of scores divided by a temperature."""
    probabilities: Floats = softmax(scores.astype(np.float64) / temperature, axis=1).astype(np.float32)
    return probabilities


def fit_temperature(scores: Floats, targets: Ints) -> float:
    """The temperature whose probabilities make the targets likeliest (Guo et al. 2017); it changes no decision.

    Scores (N, K) may have any scale: it is looked for between a tenth and a hundred of their deviations. Colder would only
    say that all of a few validation faces were right, with probabilities that are zero in float32.
    """
    spread = float(scores[np.isfinite(scores)].std()) or 1.0
    scaled = scores / np.float32(spread)
    return spread * least_surprised(lambda temperature: heated(scaled, temperature), targets, low=1e-1, high=1e2)


@dataclass(frozen=True)
class Standardisation:
    """Mean and deviation of each feature over the training faces, (D,) float32; a feature that is constant has deviation 1."""

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, features: Floats) -> "Standardisation":
        """Of these features (N, D), summed in float64."""
        deviation = features.std(axis=0, dtype=np.float64)
        mean = features.mean(axis=0, dtype=np.float64)
        return cls(mean.astype(np.float32), np.where(deviation > 0, deviation, 1).astype(np.float32))

    def __call__(self, features: Floats) -> Floats:
        """The features (N, D), each with mean 0 and deviation 1 over the training faces."""
        standardised: Floats = (features - self.mean) / self.deviation
        return standardised

    def undone(self, weights: Floats) -> LinearScores:
        """Weights (D + 1, K) of standardised features, the bias in the last row, as scores of the features themselves."""
        own = weights[:-1] / self.deviation[:, None]
        return LinearScores(own, weights[-1] - self.mean @ own)
