"""This file defines Mlp, the multi-layer perceptron on features."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

from fer.errors import ConfigError
from fer.models.classical.chosen import FittedScorer, require_two_labels
from fer.models.classical.classifier import Classifier, Examples, Floats
from fer.models.classical.linear import Standardisation, fit_temperature
from fer.models.classical.validation import Monitor, score


class Mlp(Classifier):
    """A multi-layer perceptron of rectified units on standardised features, trained by Adam (scikit-learn).

    Validation chooses the epoch: training ends after `epochs`, or `patience` of them without a better `monitor`, and the
    best one is kept. Differs from scikit-learn's own early stopping, which holds out a random tenth of the training faces
    and with it faces of the same people. Where it refits, it is trained again from the same start on training and
    validation faces together for as many epochs. `decay` is scikit-learn's `alpha`, the weight of
    ½‖w‖² / batch size in the mean loss.
    """

    source: ClassVar[str] = "Rumelhart et al., Nature 1986; Adam of Kingma & Ba, ICLR 2015"
    random = True

    def __init__(
        self,
        hidden: Sequence[int] = (256,),
        rate: float = 1e-3,
        decay: float = 1e-4,
        batch_size: int = 128,
        epochs: int = 100,
        patience: int = 15,
        monitor: Monitor = "macro_f1",
        refit: bool | None = None,
    ) -> None:
        if not hidden or min(*hidden, batch_size, epochs, patience) < 1:
            raise ConfigError(f"model: found hidden={list(hidden)}, batch_size={batch_size}, epochs={epochs}, "
                              f"patience={patience}, expected numbers of at least 1")  # fmt: skip
        if rate <= 0 or decay < 0:
            raise ConfigError(f"model: found rate={rate}, decay={decay}, expected a rate above 0 and no decay below 0")
        self.hidden, self.rate, self.decay, self.batch_size = tuple(hidden), rate, decay, batch_size
        self.epochs, self.patience, self.monitor, self.refit = epochs, patience, monitor, refit

    def fit(self, train: Examples, val: Examples, *, val_reserved: bool = False, seed: int) -> FittedScorer:
        """Train epoch by epoch, and keep the best one on `val`."""
        require_two_labels(train)
        best = self.best_epoch(train, val, seed)
        temperature, perceptron = fit_temperature(best.perceptron.scores(val.features), val.targets), best.perceptron
        if refit := self.refits(val_reserved=val_reserved):
            *_, perceptron = self.train(train.joined(val), epochs=best.number, seed=seed)
        selection = {"rule": self.rule(refit), "monitor": f"val_{self.monitor}", "value": best.value, "on": "validation"}
        return FittedScorer(perceptron, temperature, {**selection, "chosen": {"epoch": best.number}})

    def best_epoch(self, train: Examples, val: Examples, seed: int) -> "Epoch":
        """The first of the epochs with the best score on `val`."""
        best: Epoch | None = None
        for number, perceptron in enumerate(self.train(train, epochs=self.epochs, seed=seed), start=1):
            value = score(self.monitor, val.targets, perceptron.scores(val.features).argmax(axis=1))
            if best is None or value > best.value:
                best = Epoch(number, value, perceptron)
            if number - best.number >= self.patience:
                break
        assert best is not None, "there is at least one epoch"
        return best

    def train(self, examples: Examples, *, epochs: int, seed: int) -> "Iterator[Perceptron]":
        """What it is after each epoch."""
        standardisation = Standardisation.of(examples.features)
        features = standardisation(examples.features)
        network = MLPClassifier(
            hidden_layer_sizes=self.hidden,
            learning_rate_init=self.rate,
            alpha=self.decay,
            batch_size=min(self.batch_size, len(examples)),
            random_state=np.random.RandomState(seed),  # a bare seed would shuffle every epoch alike: partial_fit starts it anew
        )
        labels = np.arange(examples.num_labels)
        untrained = np.isin(labels, examples.targets, invert=True)
        for _ in range(epochs):
            network.partial_fit(features, examples.targets, classes=labels)
            yield Perceptron.of(network, standardisation, untrained)

    def rule(self, refit: bool) -> str:
        """How the epoch is chosen, in words."""
        again = ", trained again for as many on training and validation faces together" if refit else ""
        return f"the epoch with the best val_{self.monitor} on validation{again}"


@dataclass(frozen=True)
class Perceptron:
    """Weights (in, out) and biases (out,) of each layer, the first of which takes features as they are.

    Labels that no face was trained on have a last bias of -inf.
    """

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]

    @classmethod
    def of(cls, network: MLPClassifier, standardisation: Standardisation, untrained: NDArray[np.bool_]) -> "Perceptron":
        """A copy of what scikit-learn's network is now."""
        first = standardisation.undone(np.vstack([network.coefs_[0], network.intercepts_[0]]))
        weights = [first.weights, *(layer.copy() for layer in network.coefs_[1:])]
        biases = [first.bias, *(layer.copy() for layer in network.intercepts_[1:])]
        if len(biases[-1]) == 1:  # of two labels scikit-learn keeps the difference alone
            weights[-1], biases[-1] = (np.concatenate([-half, half], axis=-1) for half in (weights[-1] / 2, biases[-1] / 2))
        biases[-1] = np.where(untrained, -np.inf, biases[-1])
        return cls(tuple(w.astype(np.float32) for w in weights), tuple(b.astype(np.float32) for b in biases))

    def scores(self, features: Floats) -> Floats:
        """The score of each label, (N, K) float32."""
        for weights, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            features = np.maximum(features @ weights + bias, 0)
        return features @ self.weights[-1] + self.biases[-1]

    def facts(self) -> dict[str, Any]:
        """How many numbers were learned."""
        return {"parameters": sum(array.size for array in self.arrays().values())}

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Weights and biases by layer."""
        layers = enumerate(zip(self.weights, self.biases, strict=True))
        return {f"{name}.{i}": array for i, layer in layers for name, array in zip(("weights", "bias"), layer, strict=True)}


@dataclass(frozen=True)
class Epoch:
    """What the perceptron is after an epoch, counted from 1, and its score on the validation faces."""

    number: int
    value: float
    perceptron: Perceptron
