"""This file tests the classifiers whose setting validation chooses, on made-up features."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import Lasso
from sklearn.linear_model import LogisticRegression as Multinomial
from sklearn.svm import SVC

from fer.errors import ConfigError, ProtocolError
from fer.models.classical.classifier import Classifier, Examples
from fer.models.classical.linear import fit_temperature, heated
from fer.models.classical.logistic_regression import LogisticRegression
from fer.models.classical.mlp import Mlp
from fer.models.classical.nearest_neighbour import NearestNeighbour
from fer.models.classical.nearest_subspace import NearestSubspace
from fer.models.classical.principal import principal_directions
from fer.models.classical.rbf_svm import RbfSvm
from fer.models.classical.sparse_representation import GAP, SparseRepresentation, sparse_codes
from fer.models.classical.svm import LinearSvm
from fer.results import metrics

Floats = NDArray[np.float32]


def clouds(n: int, *, seed: int, labels: int = 3, spread: float = 1.0) -> Examples:
    """Examples round the corners of a simplex in 20 dimensions, away from the origin."""
    rng = np.random.default_rng(seed)
    targets = np.arange(n) % labels
    features = 4 * np.eye(labels, 20)[targets] + spread * rng.normal(size=(n, 20)) + 2
    return Examples(features.astype(np.float32), targets, labels)


def ring(n: int, *, seed: int) -> Examples:
    """A disc within a ring, which no line parts."""
    rng = np.random.default_rng(seed)
    targets = np.arange(n) % 2
    angle, radius = rng.uniform(0, 2 * np.pi, n), 2 * targets + rng.uniform(0, 1, n)
    return Examples(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32), targets, 2)


def accuracy(classifier: Classifier, train: Examples, val: Examples, test: Examples) -> float:
    probabilities = classifier.fit(train, val, seed=0).probabilities(test.features)
    return float((probabilities.argmax(axis=1) == test.targets).mean())


@pytest.mark.parametrize("classifier", [RbfSvm(gammas=[1]), Mlp(hidden=[16], rate=0.01)])
def test_curved_classifiers_part_a_ring_from_a_disc_and_a_line_does_not(classifier: Classifier) -> None:
    parts = [ring(200, seed=seed) for seed in (1, 2, 3)]
    assert accuracy(classifier, *parts) > 0.97
    assert accuracy(LinearSvm(), *parts) < 0.7


@pytest.mark.parametrize("labels", [2, 4])
def test_the_kernel_machines_are_those_of_libsvm(labels: int) -> None:
    train, test = clouds(120, seed=1, labels=labels, spread=3), clouds(300, seed=2, labels=labels, spread=3)
    [machines] = RbfSvm().train(train, [{"gamma": 0.5, "cost": 10}], seed=0)
    mean, deviation = train.features.mean(axis=0), train.features.std(axis=0)
    theirs = SVC(C=10, gamma=0.5 / 20).fit((train.features - mean) / deviation, train.targets)
    expected = theirs.decision_function((test.features - mean) / deviation)
    scores = machines.scores(test.features)
    np.testing.assert_allclose(scores[:, 1] if labels == 2 else scores, expected, atol=1e-3)


@pytest.mark.parametrize("labels", [2, 4])
def test_the_multinomial_model_is_that_of_scikit_learn_and_each_cost_is_its_own(labels: int) -> None:
    train, test = clouds(120, seed=1, labels=labels, spread=3), clouds(300, seed=2, labels=labels, spread=3)
    mean, deviation = train.features.mean(axis=0), train.features.std(axis=0)
    settings = [{"cost": 1.0}, {"cost": 100.0}]
    for setting, model in zip(settings, LogisticRegression().train(train, settings, seed=0), strict=True):
        theirs = Multinomial(C=setting["cost"] / 120, tol=1e-8, max_iter=5000)
        theirs.fit((train.features - mean).astype(np.float64) / deviation, train.targets)
        expected = theirs.predict_proba((test.features - mean) / deviation)
        np.testing.assert_allclose(heated(model.scores(test.features), 1.0), expected, atol=5e-3)


def planted_subspaces(n: int, *, seed: int) -> Examples:
    """Faces in three planes, each through a mean of its own, with a little noise in all 20 dimensions."""
    planes = np.random.default_rng(0).normal(size=(3, 3, 20))
    rng = np.random.default_rng(seed)
    targets = np.arange(n) % 3
    mixed = np.einsum("ni,nij->nj", rng.normal(size=(n, 2)) * 5, planes[targets, :2]) + planes[targets, 2]
    return Examples((mixed + 0.05 * rng.normal(size=(n, 20))).astype(np.float32), targets, 3)


def test_planted_subspaces_are_found_with_their_dimension() -> None:
    train, val, test = (planted_subspaces(90, seed=seed) for seed in (1, 2, 3))
    fitted = NearestSubspace(dimensions=[0, 1, 2]).fit(train, val, seed=0)
    assert fitted.facts()["selection"]["chosen"] == {"dimension": 2}
    assert (fitted.probabilities(test.features).argmax(axis=1) == test.targets).all()
    planes = np.random.default_rng(0).normal(size=(3, 3, 20))
    for label in range(3):
        directions = fitted.arrays()[f"directions.{label}"]
        within = planes[label, :2] @ directions.T @ directions
        np.testing.assert_allclose(within, planes[label, :2], atol=0.05)


def test_a_subspace_of_no_dimension_is_the_nearest_mean() -> None:
    train, test = clouds(60, seed=1, spread=3), clouds(200, seed=2, spread=3)
    means = np.stack([train.features[train.targets == k].mean(axis=0) for k in range(3)])
    nearest = np.linalg.norm(test.features[:, None] - means, axis=2).argmin(axis=1)
    fitted = NearestSubspace(dimensions=[0], refit=False).fit(train, train, seed=0)
    np.testing.assert_array_equal(fitted.probabilities(test.features).argmax(axis=1), nearest)


@pytest.mark.parametrize("shape", [(6, 20), (40, 8)])
def test_principal_directions_are_the_first_singular_vectors(shape: tuple[int, int]) -> None:
    features = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    expected = np.linalg.svd(features)[2][:3]
    found = principal_directions(features, 3)
    np.testing.assert_allclose(np.abs((found * expected).sum(axis=1)), 1, atol=1e-5)
    assert len(principal_directions(features, 1000)) == min(shape)
    assert len(principal_directions(np.repeat(features[:1], 9, axis=0), 5)) == 1  # nine times one face


def unit_vectors(n: int, length: int, *, seed: int) -> Floats:
    vectors = np.random.default_rng(seed).normal(size=(n, length))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def objective(codes: Floats, atoms: Floats, vectors: Floats, penalty: float) -> Floats:
    return np.square(vectors - codes @ atoms).sum(axis=1) / 2 + penalty * np.abs(codes).sum(axis=1)


def test_sparse_codes_are_those_of_an_exact_lasso_to_the_gap_that_is_allowed() -> None:
    atoms, vectors = unit_vectors(60, 15, seed=0), unit_vectors(9, 15, seed=1)
    codes = sparse_codes(atoms, vectors, 0.1)
    exact = Lasso(alpha=0.1 / 15, fit_intercept=False, tol=1e-12, max_iter=100_000)
    expected = exact.fit(atoms.T.astype(np.float64), vectors.T.astype(np.float64)).coef_
    assert (objective(codes, atoms, vectors, 0.1) <= objective(expected, atoms, vectors, 0.1) + GAP).all()
    np.testing.assert_allclose(codes, expected, atol=0.05)
    assert ((np.abs(codes) > 1e-3).sum(axis=1) <= 15).all()


def test_atoms_that_are_copies_of_one_another_change_nothing_but_who_shares_the_coefficient() -> None:
    atoms, vectors = unit_vectors(20, 10, seed=0), unit_vectors(4, 10, seed=1)
    once, twice = sparse_codes(atoms, vectors, 0.1), sparse_codes(np.vstack([atoms, atoms]), vectors, 0.1)
    np.testing.assert_allclose(twice[:, :20] + twice[:, 20:], once, atol=0.05)


def mixtures() -> tuple[Examples, Floats]:
    """Label 0 spans the first two axes, label 1 is one face between them; and a face nearer to it that 0 explains."""
    training = np.array([[1, 0, 0], [0, 1, 0], [0.7, 0.6, 0.5]], np.float32)
    return Examples(training, np.array([0, 0, 1]), 2), np.array([[0.72, 0.69, 0.0]], np.float32)


def test_sparse_representation_mixes_faces_where_the_nearest_one_is_of_another_label() -> None:
    train, mixed = mixtures()
    sparse = SparseRepresentation(penalties=[0.01], refit=False).fit(train, train, seed=0)
    nearest = NearestNeighbour(refit=False).fit(train, train, seed=0)
    assert sparse.probabilities(mixed).argmax() == 0
    assert nearest.probabilities(mixed).argmax() == 1


def test_atoms_are_drawn_by_the_seed_and_counted_on_the_card() -> None:
    train, val = clouds(90, seed=1), clouds(30, seed=2)
    few = SparseRepresentation(atoms=5, refit=False)
    first, again, other = (few.fit(train, val, seed=seed) for seed in (0, 0, 1))
    assert first.facts()["atoms"] == 15
    np.testing.assert_array_equal(first.probabilities(val.features), again.probabilities(val.features))
    assert not np.array_equal(first.probabilities(val.features), other.probabilities(val.features))


def test_validation_chooses_the_epoch_and_a_refit_trains_as_long() -> None:
    train, val = clouds(60, seed=1, spread=4), clouds(90, seed=2, spread=4)
    mlp = Mlp(hidden=[8], rate=0.03, epochs=12, patience=12, monitor="accuracy", refit=False)
    epochs = list(mlp.train(train, epochs=12, seed=0))
    accuracies = [(epoch.scores(val.features).argmax(axis=1) == val.targets).mean() for epoch in epochs]
    fitted = mlp.fit(train, val, seed=0)
    best = int(np.argmax(accuracies))
    assert len(set(accuracies)) > 1
    assert fitted.facts()["selection"]["chosen"] == {"epoch": best + 1}
    np.testing.assert_array_equal(fitted.arrays()["weights.0"], epochs[best].weights[0])
    *_, expected = mlp.train(train.joined(val), epochs=best + 1, seed=0)
    refitted = Mlp(hidden=[8], rate=0.03, epochs=12, patience=12, monitor="accuracy").fit(train, val, seed=0)
    np.testing.assert_array_equal(refitted.arrays()["weights.0"], expected.weights[0])


def test_every_epoch_shuffles_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    orders: list[NDArray[np.int64]] = []

    def recorded(indices: NDArray[np.int64], *, random_state: np.random.RandomState) -> NDArray[np.int64]:
        orders.append(random_state.permutation(indices))
        return orders[-1]

    monkeypatch.setattr("sklearn.neural_network._multilayer_perceptron.shuffle", recorded)
    list(Mlp(hidden=[4]).train(clouds(64, seed=1), epochs=2, seed=0))
    assert len(orders) == 2
    assert not np.array_equal(*orders)


def test_no_decision_depends_on_the_scale_of_the_scores_and_no_probability_either() -> None:
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 3, 300)
    scores = (np.eye(3)[targets] + rng.normal(size=(300, 3))).astype(np.float32)
    for scale in (1e-5, 1e5):
        scaled = scores * np.float32(scale)
        calibrated = heated(scaled, fit_temperature(scaled, targets))
        expected = heated(scores, fit_temperature(scores, targets))
        np.testing.assert_allclose(calibrated, expected, atol=1e-3)
    assert metrics.nll(expected, targets) < metrics.nll(heated(scores, 0.2), targets)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RbfSvm(gammas=[0]), r"model.gammas: found \[0\], expected one or several numbers above 0"),
        (
            lambda: RbfSvm(limit=50).fit(clouds(60, seed=0), clouds(9, seed=1), seed=0),
            r"model.limit: found 69 faces to train on \(60 of training",
        ),
        (lambda: LogisticRegression(costs=[]), r"model.costs: found \[\]"),
        (lambda: Mlp(hidden=[]), r"model: found hidden=\[\]"),
        (lambda: Mlp(rate=0), "model: found rate=0"),
        (lambda: NearestSubspace(dimensions=[-1]), r"model.dimensions: found \[-1\]"),
        (lambda: SparseRepresentation(atoms=0), "model: found dimension=128, atoms=0"),
        (
            lambda: SparseRepresentation(limit=50).fit(clouds(60, seed=0), clouds(9, seed=1), seed=0),
            r"model.limit: found 69 atoms of 69 faces to train on \(60 of training .*, expected at most 50",
        ),
    ],
)
def test_settings_of_classifiers_that_cannot_work_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


@pytest.mark.parametrize("classifier", [RbfSvm(), LogisticRegression(), Mlp(), NearestSubspace(), SparseRepresentation()])
def test_a_single_label_is_nothing_to_learn_from(classifier: Classifier) -> None:
    alone = Examples(clouds(9, seed=0).features, np.zeros(9, np.int64), 3)
    with pytest.raises(ProtocolError, match="images of a single label"):
        classifier.fit(alone, clouds(9, seed=1), seed=0)


LIMITED: list[Callable[..., RbfSvm | SparseRepresentation]] = [RbfSvm, SparseRepresentation]


@pytest.mark.parametrize("make", LIMITED)
def test_a_refit_beyond_the_limit_is_refused_before_anything_is_trained(
    make: Callable[..., RbfSvm | SparseRepresentation], monkeypatch: pytest.MonkeyPatch
) -> None:
    train, val = clouds(15, seed=1), clouds(9, seed=2)
    classifier = make(limit=15)
    with monkeypatch.context() as patched:
        patched.setattr(type(classifier), "train", None)  # nothing is trained
        with pytest.raises(ConfigError, match=r"24 faces to train on.*15 of training and 9 of validation.*model.refit=false"):
            classifier.fit(train, val, seed=0)
    assert make(limit=15, refit=False).fit(train, val, seed=0).facts()["selection"]  # what the message says works
    assert classifier.fit(train, val, val_reserved=True, seed=0).facts()["selection"]


def test_what_the_limit_of_the_kernel_says_works() -> None:
    val = clouds(9, seed=2)
    with pytest.raises(ConfigError, match=r"Pass train_images=15, a higher model.limit, or model=svm") as caught:
        RbfSvm(limit=15).fit(clouds(16, seed=1), val, seed=0)
    assert "model.refit" not in str(caught.value)
    assert RbfSvm(limit=15).fit(clouds(15, seed=1), val, val_reserved=True, seed=0).facts()["selection"]


def test_what_the_limit_of_the_atoms_says_works() -> None:
    train, val = clouds(30, seed=1), clouds(9, seed=2)
    with pytest.raises(ConfigError, match=r"Pass model.atoms=5 for at most 5 faces a label"):
        SparseRepresentation(limit=15).fit(train, val, seed=0)
    assert SparseRepresentation(limit=15, atoms=5).fit(train, val, seed=0).facts()["atoms"] == 15
