"""This file defines ChosenClassifier, a classifier whose setting validation chooses, and what it becomes."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from fer.errors import ConfigError, ProtocolError
from fer.models.classical.classifier import Classifier, Examples, FittedClassifier, Floats, Ints
from fer.models.classical.linear import fit_temperature, heated
from fer.models.classical.validation import Monitor, score

Setting = Mapping[str, float]


class Scorer(Protocol):
    """What was trained with one setting: it gives each label a score, the highest of which decides."""

    def scores(self, features: Floats) -> Floats:
        """The score of each label, (N, K) float32; -inf for labels that no face was trained on."""

    def facts(self) -> dict[str, Any]:
        """What it became, as plain JSON for the card."""

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """The arrays that make it up; empty where it is made of training faces."""


class ChosenClassifier(Classifier):
    """A classifier that is trained with each of its `settings`, and keeps the one with the best `monitor` on validation.

    Probabilities are the softmax of the scores at the temperature that makes the validation labels likeliest (Guo et al.
    2017), which changes no decision. Where it refits, it is then trained with that setting on training and validation faces
    together.
    """

    #: What is chosen, in words, as in "the cost".
    chosen: ClassVar[str]
    monitor: Monitor = "macro_f1"

    @property
    @abstractmethod
    def settings(self) -> Sequence[Setting]:
        """What may be chosen, the simplest first, which wins among equals."""

    @abstractmethod
    def train(self, examples: Examples, settings: Sequence[Setting], *, seed: int) -> Iterator[Scorer]:
        """What each setting gives, in their order, so that one may start from the one before."""

    def require_feasible(self, train: Ints, refitted: Ints) -> None:
        """Raise ConfigError where so many faces are too many, before any is trained on.

        `train` are the labels of the training faces, `refitted` those of the validation faces that it refits on.
        """

    def fit(self, train: Examples, val: Examples, *, val_reserved: bool = False, seed: int) -> "FittedScorer":
        """Train with each setting and keep the best on `val`."""
        require_two_labels(train)
        refit = self.refits(val_reserved=val_reserved)
        self.require_feasible(train.targets, val.targets if refit else val.targets[:0])
        trained = self.train(train, self.settings, seed=seed)
        candidates = [self.judge(setting, scorer, val) for setting, scorer in zip(self.settings, trained, strict=True)]
        best = max(candidates, key=lambda candidate: candidate.value)
        temperature, scorer = fit_temperature(best.scores, val.targets), best.scorer
        if refit:
            [scorer] = self.train(train.joined(val), [best.setting], seed=seed)
        selection = {"rule": self.rule(refit), "monitor": f"val_{self.monitor}", "value": best.value, "on": "validation"}
        tried = {named(candidate.setting): round(candidate.value, 6) for candidate in candidates}
        return FittedScorer(scorer, temperature, {**selection, "chosen": dict(best.setting), "tried": tried})

    def judge(self, setting: Setting, scorer: Scorer, val: Examples) -> "Candidate":
        """What a setting is worth on the validation faces."""
        scores = scorer.scores(val.features)
        return Candidate(setting, scorer, scores, score(self.monitor, val.targets, scores.argmax(axis=1)))

    def rule(self, refit: bool) -> str:
        """How the setting is chosen, in words."""
        faces = "then on training and validation faces together" if refit else "on the training faces alone"
        return f"{self.chosen} with the best val_{self.monitor} on validation, trained {faces}"


@dataclass(frozen=True)
class Candidate:
    """What was trained with a setting, its scores (N, K) of the validation faces, and what they are worth."""

    setting: Setting
    scorer: Scorer
    scores: Floats
    value: float


@dataclass(frozen=True)
class FittedScorer(FittedClassifier):
    """Scores with the temperature of their probabilities, which validation faces chose before any refit."""

    scorer: Scorer
    temperature: float
    selection: Mapping[str, Any]

    def probabilities(self, features: Floats) -> Floats:
        """The softmax (N, K) of the scores at the temperature."""
        return heated(self.scorer.scores(features), self.temperature)

    def facts(self) -> dict[str, Any]:
        """What was chosen and how, what it became, and the temperature."""
        return {"selection": dict(self.selection), **self.scorer.facts(), "temperature": round(self.temperature, 9)}

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """The arrays of the scorer and the temperature, where it has any."""
        arrays = dict(self.scorer.arrays())
        return {**arrays, "temperature": np.array([self.temperature])} if arrays else {}


def named(setting: Setting) -> str:
    """A setting as the key of a card: 10, or cost=10, gamma=1."""
    if len(setting) == 1:
        return f"{next(iter(setting.values())):g}"
    return ", ".join(f"{key}={value:g}" for key, value in setting.items())


def require_two_labels(train: Examples) -> None:
    """Raise ProtocolError where there is nothing to tell apart."""
    if len(np.unique(train.targets)) < 2:
        raise ProtocolError("the training part of a fold has images of a single label, expected at least two. Use fewer folds.")


def in_words(train: int, refitted: int) -> str:
    """How many faces are trained on in the end, and what they are."""
    parts = f" ({train:,} of training and {refitted:,} of validation, on which it refits)" if refitted else ""
    return f"{train + refitted:,} faces to train on{parts}"


def require_positive(key: str, values: Sequence[float]) -> list[float]:
    """The values in rising order; raises ConfigError where there are none, or one is not above 0."""
    if not values or min(values) <= 0:
        raise ConfigError(f"model.{key}: found {list(values)}, expected one or several numbers above 0")
    return sorted(values)


def in_label_order(scores: NDArray[Any], labels: Ints, num_labels: int) -> Floats:
    """Scores (N, L) of the `labels` (L,) that were trained on as scores (N, num_labels), -inf for the others."""
    every = np.full((len(scores), num_labels), -np.inf, np.float32)
    every[:, labels] = scores
    return every
