"""This file defines RbfSvm, the support vector machine with a Gaussian kernel."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.svm import SVC

from fer.errors import ConfigError
from fer.models.classical.chosen import ChosenClassifier, Setting, in_label_order, in_words, require_positive
from fer.models.classical.classifier import Examples, Floats, Ints
from fer.models.classical.linear import Standardisation
from fer.models.classical.validation import Monitor

#: Faces whose kernel values are computed at a time, which bounds the memory.
CHUNK = 1024


class RbfSvm(ChosenClassifier):
    """Support vector machines with the kernel exp(-γ‖x − y‖²), one label against another (LIBSVM through scikit-learn).

    Features are standardised. `costs` are LIBSVM's C; `gammas` are in units of scikit-learn's `scale`, 1 / number of
    standardised features. The label with most votes of the pairs wins, among equals the one with the clearer margins.
    Differs from SVC(probability=True), whose probabilities come from an inner cross-validation that mixes people: here they
    are the softmax of votes and margins at a temperature that validation chooses.

    The kernel of all training faces is computed at once, 12 bytes × faces², which is ten times as fast as LIBSVM's own rows
    of it: all six settings on 10,000 faces of FER2013 with HOG, and the predictions, take 74 s and 1.2 GB (one core of an
    Intel Xeon at 2.50 GHz). Time grows with the square of the faces. Above `limit` a ConfigError says what to do.
    """

    source: ClassVar[str] = "Cortes & Vapnik, Machine Learning 1995; Chang & Lin, LIBSVM, ACM TIST 2011"
    chosen = "cost and width of the kernel"

    def __init__(
        self,
        costs: Sequence[float] = (1, 10, 100),
        gammas: Sequence[float] = (0.1, 0.5),
        limit: int = 15_000,
        monitor: Monitor = "macro_f1",
        refit: bool | None = None,
    ) -> None:
        self.costs, self.gammas = require_positive("costs", costs), require_positive("gammas", gammas)
        self.limit, self.monitor, self.refit = limit, monitor, refit

    @property
    def settings(self) -> Sequence[Setting]:
        """Every cost with every width, the widest kernel first."""
        return [{"gamma": gamma, "cost": cost} for gamma, cost in product(self.gammas, self.costs)]

    def train(self, examples: Examples, settings: Sequence[Setting], *, seed: int) -> "Iterator[RbfMachines]":
        """The machines of each setting; the problem is convex, so that nothing is left to chance."""
        standardisation = Standardisation.of(examples.features)
        known = standardisation(examples.features)
        distances = euclidean_distances(known, squared=True) / np.float32(known.shape[1])
        gamma, kernel = 0.0, distances
        for setting in settings:
            if setting["gamma"] != gamma:
                gamma = setting["gamma"]
                kernel = np.exp(-np.float32(gamma) * distances).astype(np.float64)
            machines = SVC(C=setting["cost"], kernel="precomputed", cache_size=500).fit(kernel, examples.targets)
            yield RbfMachines(machines, standardisation, known, gamma, examples.num_labels)

    def require_feasible(self, train: Ints, refitted: Ints) -> None:
        """Raise ConfigError for more faces than `limit`."""
        faces = len(train) + len(refitted)
        if faces > self.limit:
            fewer = f"train_images={self.limit}" if len(train) > self.limit else "model.refit=false"
            raise ConfigError(
                f"model.limit: found {in_words(len(train), len(refitted))}, whose kernel would take {12e-9 * faces**2:.1f} GB, "
                f"expected at most {self.limit:,}. Pass {fewer}, a higher model.limit, or model=svm."
            )


@dataclass(frozen=True)
class RbfMachines:
    """Trained machines with the standardised training faces (N, D) that they compare a face with."""

    machines: SVC
    standardisation: Standardisation
    known: Floats
    gamma: float
    num_labels: int

    def scores(self, features: Floats) -> Floats:
        """Votes of the pairs (N, K), and as fractions how clear they are."""
        chunks = [features[start : start + CHUNK] for start in range(0, len(features), CHUNK)]
        return np.concatenate([self.chunk_scores(chunk) for chunk in chunks])

    def chunk_scores(self, features: Floats) -> Floats:
        """The scores of a few faces."""
        distances = euclidean_distances(self.standardisation(features), self.known, squared=True)
        kernel = np.exp(-np.float32(self.gamma / self.known.shape[1]) * distances)
        decided = self.machines.decision_function(kernel)
        votes = np.stack([-decided, decided], axis=1) if decided.ndim == 1 else decided
        return in_label_order(votes, self.machines.classes_, self.num_labels)

    def facts(self) -> dict[str, Any]:
        """How many faces carry the machines."""
        return {"support": len(self.machines.support_)}

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Nothing: the machines are made of training faces, copies of which would carry licensed images into the fold."""
        return {}
