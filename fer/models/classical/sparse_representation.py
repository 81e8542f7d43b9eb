"""This file defines SparseRepresentation, which explains a face by few training faces and asks whose label explains it best."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso

from fer.errors import ConfigError
from fer.models.classical.chosen import ChosenClassifier, Setting, in_label_order, in_words, require_positive
from fer.models.classical.classifier import Examples, Floats, Ints
from fer.models.classical.principal import principal_directions
from fer.models.classical.validation import Monitor

#: Coordinate descent ends below this duality gap, as a share of ‖y‖² = 1, or after so many rounds.
GAP, ROUNDS = 1e-3, 5000


class SparseRepresentation(ChosenClassifier):
    """Sparse-representation classification: a face is coded by few training faces, and the label whose faces leave the
    shortest residual wins.

    The training faces' features along their first `dimension` principal directions, made unit vectors, are the atoms (the
    columns of A). The code of a face y is the x that minimises ½‖y − Ax‖² + λ‖x‖₁, found by scikit-learn's Lasso; a label's
    residual is ‖y − Aδ(x)‖ with the coefficients of all other labels set to 0. Coordinate descent bears atoms that are
    copies of one another, of which FER2013 has 1,516 groups; the homotopy method stops too early there.

    Differs from the paper in the penalised form of its problem with a bounded error, with λ chosen on validation from
    `penalties`. As in the paper no mean is subtracted: that costs 2 points with HOG, 8 with pixels, 14 with Gabor and 23
    with LBP (546 drawn faces to learn from, n = 168, one split).

    `atoms` is how many training faces a label gives at most, drawn by the seed; null takes all. Above `limit` in all a
    ConfigError says what to do, as coding takes time: with λ = 0.005 a face takes 6 ms at 546 atoms and 106 ms at 2,184,
    with λ = 0.02 2 and 17 ms (HOG, one core of an Intel Xeon at 2.50 GHz).
    """

    source: ClassVar[str] = "Wright et al., Robust face recognition via sparse representation, TPAMI 2009"
    chosen = "the penalty"
    random = True

    def __init__(
        self,
        penalties: Sequence[float] = (0.005, 0.02),
        dimension: int = 128,
        atoms: int | None = None,
        limit: int = 5000,
        monitor: Monitor = "macro_f1",
        refit: bool | None = None,
    ) -> None:
        if dimension < 1 or (atoms is not None and atoms < 1):
            raise ConfigError(f"model: found dimension={dimension}, atoms={atoms}, expected numbers of at least 1")
        self.penalties, self.dimension = require_positive("penalties", penalties), dimension
        self.atoms, self.limit, self.monitor, self.refit = atoms, limit, monitor, refit

    @property
    def settings(self) -> Sequence[Setting]:
        """Each penalty, the one with the sparsest codes first."""
        return [{"penalty": penalty} for penalty in reversed(self.penalties)]

    def train(self, examples: Examples, settings: Sequence[Setting], *, seed: int) -> "Iterator[SparseCoder]":
        """The atoms, which are the same with every penalty."""
        rows = self.chosen_rows(examples.targets, seed)
        directions = principal_directions(examples.features, self.dimension)
        atoms = projected(directions, examples.features[rows])
        for setting in settings:
            coder = SparseCoder(directions, atoms, examples.targets[rows], setting["penalty"], examples.num_labels)
            yield coder

    def chosen_rows(self, targets: Ints, seed: int) -> Ints:
        """The rows of the training faces that become atoms, in rising order."""
        if self.atoms is None:
            return np.arange(len(targets))
        order = np.random.default_rng(seed).permutation(len(targets))
        drawn = [order[targets[order] == label][: self.atoms] for label in np.unique(targets)]
        return np.sort(np.concatenate(drawn))

    def require_feasible(self, train: Ints, refitted: Ints) -> None:
        """Raise ConfigError for more atoms than `limit`."""
        targets = np.concatenate([train, refitted])
        if (atoms := self.count(targets)) > self.limit:
            every = self.limit // len(np.unique(targets))
            fewer = f"model.atoms={every} for at most {every} faces a label, drawn by the seed, "
            alone = "model.refit=false, " if self.count(train) <= self.limit else ""
            raise ConfigError(
                f"model.limit: found {atoms:,} atoms of {in_words(len(train), len(refitted))}, expected at most {self.limit:,}. "
                f"Pass {fewer if every else ''}{alone}or a higher model.limit: coding a face takes a tenth of a second at "
                f"2,000 atoms, and four times as long at twice as many."
            )

    def count(self, targets: Ints) -> int:
        """How many atoms faces with these labels give."""
        faces = np.bincount(targets)
        return int(faces.sum() if self.atoms is None else np.minimum(faces, self.atoms).sum())


def projected(directions: Floats, features: Floats) -> Floats:
    """Features (N, D) along `directions` (d, D), as unit vectors (N, d) float32; zeros stay."""
    vectors = features @ directions.T
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    return unit


def sparse_codes(atoms: Floats, vectors: Floats, penalty: float) -> Floats:
    """The codes x (M, N) float32 of `vectors` (M, d) in `atoms` (N, d) that minimise ½‖y − Aᵀx‖² + penalty · ‖x‖₁."""
    columns = np.asfortranarray(atoms.T)
    lasso = Lasso(
        alpha=penalty / atoms.shape[1],  # scikit-learn divides the squared error by the length of y
        fit_intercept=False,
        precompute=np.ascontiguousarray(atoms @ columns),
        tol=GAP,
        max_iter=ROUNDS,
    )
    with warnings.catch_warnings():  # of a code whose gap is a little wider after ROUNDS, which no residual turns on
        warnings.simplefilter("ignore", ConvergenceWarning)
        codes: Floats = lasso.fit(columns, np.asfortranarray(vectors.T)).coef_
    return codes.reshape(len(vectors), len(atoms))


@dataclass(frozen=True)
class SparseCoder:
    """Directions (d, D), atoms (N, d) along them with their labels (N,), and the penalty of the codes."""

    directions: Floats
    atoms: Floats
    targets: Ints
    penalty: float
    num_labels: int

    def scores(self, features: Floats) -> Floats:
        """The squared residual (N, K) of each label's part of the code, negative."""
        vectors = projected(self.directions, features)
        codes = sparse_codes(self.atoms, vectors, self.penalty)
        labels = np.unique(self.targets)
        parts = [codes[:, self.targets == label] @ self.atoms[self.targets == label] for label in labels]
        residuals = np.stack([np.square(vectors - part).sum(axis=1) for part in parts], axis=1)
        return in_label_order(-residuals, labels, self.num_labels)

    def facts(self) -> dict[str, Any]:
        """How many atoms there are, and of how many numbers."""
        return {"atoms": len(self.atoms), "dimension": self.atoms.shape[1]}

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Nothing: the atoms are training faces, copies of which would carry licensed images into the fold."""
        return {}
