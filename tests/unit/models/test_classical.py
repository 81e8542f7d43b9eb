"""This file tests classical features and classifiers on arrays, without a database."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.svm import LinearSVC

from fer.errors import ConfigError
from fer.models.classical.classifier import Classifier, Examples
from fer.models.classical.hog import Hog
from fer.models.classical.linear import LinearScores
from fer.models.classical.nearest_neighbour import NearestNeighbour
from fer.models.classical.pixels import Pixels
from fer.models.classical.svm import LinearSvm, path


def faces(n: int = 4, size: int = 48) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (n, size, size), np.uint8)


def clouds(n: int, *, seed: int, spread: float = 1.0, decades: float = 0.0) -> Examples:
    """Examples of three labels round the corners of a triangle; the scales of the 20 features span so many decades."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, 3, n)
    features = (4 * np.eye(3, 20)[targets] + spread * rng.normal(size=(n, 20))) * np.logspace(0, decades, 20) + 5
    return Examples(features.astype(np.float32), targets, 3)


def test_pixels_are_the_grey_values_row_by_row() -> None:
    given = faces()
    np.testing.assert_allclose(Pixels(48).compute(given), given.reshape(4, -1) / 255, rtol=1e-6)


def test_standardised_pixels_do_not_see_light_and_contrast() -> None:
    given = (faces() // 4).astype(np.uint8)
    features = Pixels(48, standardise=True)
    np.testing.assert_allclose(features.compute(given * 2 + 30), features.compute(given), atol=1e-4)
    assert not features.compute(np.full((1, 48, 48), 7, np.uint8)).any()


def test_hog_has_a_histogram_for_each_cell_of_each_block() -> None:
    assert Hog().compute(faces()).shape == (4, 5 * 5 * 4 * 9)
    assert Hog(size=64, cell=16, block=1, orientations=6).compute(faces(2, 64)).shape == (2, 4 * 4 * 6)


def test_hog_tells_directions_apart_and_does_not_see_brightness() -> None:
    ramp = np.tile(np.arange(48, dtype=np.uint8) * 3, (48, 1))
    across, down, brighter = Hog().compute(np.stack([ramp, ramp.T, ramp + 60]))
    assert np.abs(across - down).max() > 0.2
    np.testing.assert_allclose(across, brighter, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Hog(size=50), r"features.cell: found cells of 8 pixels .* a face of 50 pixels"),
        (lambda: Hog(size=8, cell=8), r"features.cell: .* hold a block"),
        (lambda: Hog(orientations=0), r"features: found cell=8, block=2, orientations=0"),
        (lambda: Pixels(size=4), r"features.size: found 4, expected at least 8"),
        (lambda: LinearSvm(costs=[]), r"model.costs: found \[\], expected one or several numbers above 0"),
        (lambda: LinearSvm(costs=[1, 0]), r"model.costs: found \[1, 0\]"),
        (lambda: NearestNeighbour(neighbours=0), r"model.neighbours: found 0, expected at least 1"),
        (
            lambda: NearestNeighbour(neighbours=31).fit(clouds(30, seed=0), clouds(9, seed=1), seed=0),
            r"model.neighbours: found 31, expected at most the 30 training faces",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


@pytest.mark.parametrize("classifier", [NearestNeighbour(), NearestNeighbour(5, refit=True), LinearSvm(), LinearSvm(refit=True)])
def test_a_classifier_learns_and_gives_distributions(classifier: Classifier) -> None:
    test = clouds(200, seed=3)
    fitted = classifier.fit(clouds(300, seed=1), clouds(100, seed=2), seed=0)
    probabilities = fitted.probabilities(test.features)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (200, 3)
    assert probabilities.min() > 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert (probabilities.argmax(axis=1) == test.targets).mean() > 0.9


def test_a_training_face_is_its_own_nearest_neighbour() -> None:
    train = clouds(300, seed=1, spread=30)
    fitted = NearestNeighbour().fit(train, clouds(50, seed=2, spread=30), seed=0)
    assert (fitted.probabilities(train.features).argmax(axis=1) == train.targets).all()


def test_one_neighbour_is_as_sure_as_it_was_right_on_validation() -> None:
    train, val = clouds(300, seed=1), clouds(400, seed=2)
    probabilities = NearestNeighbour().fit(train, val, val_reserved=True, seed=0).probabilities(val.features)
    right = (probabilities.argmax(axis=1) == val.targets).mean()
    np.testing.assert_allclose(probabilities.max(axis=1), right, atol=2e-3)


def test_of_labels_with_equal_votes_the_one_with_the_nearest_face_wins() -> None:
    train = Examples(np.array([[0], [1], [3], [4]], np.float32), np.array([1, 0, 0, 1]), 2)
    fitted = NearestNeighbour(4).fit(train, train, seed=0)
    assert fitted.probabilities(np.array([[0.2], [1.4]], np.float32)).argmax(axis=1).tolist() == [1, 0]


def test_a_validation_part_that_was_cut_out_is_given_back_and_a_published_one_is_not() -> None:
    train, val = clouds(50, seed=1, spread=30), clouds(50, seed=2, spread=30)
    for classifier in (NearestNeighbour(), LinearSvm()):
        cut, published = (classifier.fit(train, val, val_reserved=own, seed=0).facts() for own in (False, True))
        assert "training and validation" in cut["selection"]["rule"]
        assert "validation faces together" not in published["selection"]["rule"]
        assert "and validation part" not in published["selection"]["rule"]


def test_with_refit_validation_faces_are_neighbours() -> None:
    train, val = clouds(50, seed=1, spread=30), clouds(50, seed=2, spread=30)
    without, refitted = (NearestNeighbour(refit=refit).fit(train, val, seed=0) for refit in (False, True))
    assert (refitted.probabilities(val.features).argmax(axis=1) == val.targets).all()
    assert (without.probabilities(val.features).argmax(axis=1) != val.targets).any()
    assert "training and validation" in refitted.facts()["selection"]["rule"]


def test_the_machines_are_those_of_liblinear() -> None:
    train, test = clouds(200, seed=1, spread=2, decades=4), clouds(500, seed=2, spread=2, decades=4)
    [(_, machines)] = path(train, [1.0])
    mean, deviation = train.features.mean(axis=0), train.features.std(axis=0)
    theirs = LinearSVC(C=1 / 200, dual=False, tol=1e-8, intercept_scaling=100, max_iter=10_000)
    theirs.fit((train.features - mean) / deviation, train.targets)
    expected = theirs.decision_function((test.features - mean) / deviation)
    np.testing.assert_allclose(machines.linear.scores(test.features), expected, atol=0.02)


def test_validation_chooses_the_cost() -> None:
    train, val = clouds(30, seed=1, spread=2), clouds(300, seed=2, spread=2)
    chosen = LinearSvm(costs=[100, 0.01, 1], monitor="accuracy").fit(train, val, seed=0)
    selection = chosen.facts()["selection"]
    accuracies = {
        cost: (machines.linear.scores(val.features).argmax(axis=1) == val.targets).mean()
        for cost, machines in path(train, [0.01, 1, 100])
    }
    assert len(set(accuracies.values())) > 1
    assert accuracies[selection["chosen"]["cost"]] == max(accuracies.values()) == selection["value"]
    assert selection["tried"] == {f"{cost:g}": pytest.approx(value, abs=1e-6) for cost, value in accuracies.items()}
    assert selection["monitor"] == "val_accuracy"


def test_the_most_probable_label_is_the_one_with_the_highest_score() -> None:
    test = clouds(500, seed=3, spread=3)
    fitted = LinearSvm().fit(clouds(100, seed=1), clouds(100, seed=2, spread=3), seed=0)
    scores = LinearScores.from_arrays(fitted.arrays()).scores(test.features)
    assert (fitted.probabilities(test.features).argmax(axis=1) == scores.argmax(axis=1)).all()


def test_an_svm_is_made_again_from_its_arrays() -> None:
    fitted = LinearSvm().fit(clouds(100, seed=1), clouds(100, seed=2), seed=0)
    again = LinearScores.from_arrays(fitted.arrays())
    np.testing.assert_array_equal(
        again.probabilities(clouds(9, seed=3).features), fitted.probabilities(clouds(9, seed=3).features)
    )


def test_a_refit_learns_from_the_validation_faces_at_the_same_cost() -> None:
    train, val = clouds(40, seed=1, spread=2), clouds(400, seed=2, spread=2)
    once, twice = (LinearSvm(refit=refit).fit(train, val, seed=0) for refit in (False, True))
    [(_, expected)] = path(train.joined(val), [once.facts()["selection"]["chosen"]["cost"]])
    np.testing.assert_array_equal(twice.arrays()["weights"], expected.linear.weights)
    assert not np.array_equal(once.arrays()["weights"], expected.linear.weights)
    assert "training and validation faces together" in twice.facts()["selection"]["rule"]
    assert "on the training faces alone" in once.facts()["selection"]["rule"]


def test_a_label_without_training_faces_is_never_predicted() -> None:
    train, val = clouds(100, seed=1), clouds(60, seed=2)
    known = Examples(train.features, train.targets, 4)
    fitted = LinearSvm().fit(known, Examples(val.features, val.targets, 4), seed=0)
    probabilities = fitted.probabilities(val.features)
    assert (probabilities[:, 3] == 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
