"""This file tests the scores against values computed by hand and against scikit-learn."""

import numpy as np
import pytest
from made_up_run import made_up_predictions

from fer.results.metrics import (
    accuracy,
    calibration,
    confusion,
    ece,
    f1,
    grouped_confusions,
    macro_f1,
    nll,
    precision,
    recall,
    uar,
)

# rows target, columns predicted; the fourth label neither occurs nor is predicted, the third is predicted only
HAND = np.array([[3, 1, 0, 0], [2, 3, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]])


def test_confusion_counts_targets_in_rows() -> None:
    matrix = confusion(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2]), labels=3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 1], [0, 0, 0]]


def test_scores_by_hand() -> None:
    assert accuracy(HAND) == pytest.approx(6 / 10)
    assert recall(HAND)[:2].tolist() == pytest.approx([3 / 4, 3 / 6])
    assert precision(HAND)[:3].tolist() == pytest.approx([3 / 5, 3 / 4, 0])
    assert f1(HAND)[:3].tolist() == pytest.approx([6 / 9, 6 / 10, 0])


def test_uar_is_over_labels_that_occur_and_macro_f1_also_over_those_only_predicted() -> None:
    assert uar(HAND) == pytest.approx((3 / 4 + 3 / 6) / 2)
    assert macro_f1(HAND) == pytest.approx((6 / 9 + 6 / 10 + 0) / 3)


def test_what_is_not_counted_has_no_score() -> None:
    assert np.isnan(recall(HAND)[2:]).all()
    assert np.isnan(precision(HAND)[3])
    assert np.isnan(f1(HAND)[3])
    assert np.isnan(accuracy(np.zeros((3, 3))))


def test_many_matrices_at_once_score_as_one_by_one() -> None:
    group = np.arange(100) % 7
    rng = np.random.default_rng(0)
    target, predicted = rng.integers(0, 4, 100), rng.integers(0, 4, 100)
    matrices = grouped_confusions(group, target, predicted, groups=7, labels=4)
    for i, matrix in enumerate(matrices):
        assert matrix.tolist() == confusion(target[group == i], predicted[group == i], labels=4).tolist()
    for score in (accuracy, uar, macro_f1):
        assert score(matrices).tolist() == [float(score(matrix)) for matrix in matrices]


def test_nll_by_hand_and_clipped() -> None:
    shares = np.array([[0.25, 0.75], [0.5, 0.5]], np.float32)
    assert nll(shares, np.array([0, 1])) == pytest.approx(-(np.log(0.25) + np.log(0.5)) / 2)
    assert nll(np.array([[1.0, 0.0]], np.float32), np.array([1])) == pytest.approx(15.942385, abs=1e-5)
    assert nll(np.array([[1.0, 0.0]], np.float32), np.array([0])) == 0


def test_ece_by_hand() -> None:
    # two images between 0.6 and 2/3, one of them right; one between 14/15 and 1, right
    shares = np.array([[0.62, 0.38], [0.64, 0.36], [0.02, 0.98]], np.float32)
    assert ece(shares, np.array([0, 1, 1])) == pytest.approx((2 * abs(0.63 - 0.5) + abs(0.98 - 1)) / 3, abs=1e-6)


def test_the_upper_edge_belongs_to_a_bin() -> None:
    found = calibration(np.array([[1.0, 0.0], [0.5, 0.5]], np.float32), np.array([0, 0]), bins=2)
    assert found.count.tolist() == [1, 1]
    assert found.error == pytest.approx(0.25)


@pytest.mark.parametrize("seed", range(5))
def test_scores_agree_with_scikit_learn(seed: int) -> None:
    judge = pytest.importorskip("sklearn.metrics")
    made = made_up_predictions(60, skill=0.5, seed=seed)
    target, predicted = made.target, made.predicted
    matrix = confusion(target, predicted, labels=7)
    assert matrix.tolist() == judge.confusion_matrix(target, predicted, labels=range(7)).tolist()
    assert accuracy(matrix) == pytest.approx(judge.accuracy_score(target, predicted))
    assert uar(matrix) == pytest.approx(judge.balanced_accuracy_score(target, predicted))
    assert macro_f1(matrix) == pytest.approx(judge.f1_score(target, predicted, average="macro"))
    shares = made.probabilities / made.probabilities.sum(axis=1, keepdims=True, dtype=float)
    assert nll(made.probabilities, target) == pytest.approx(judge.log_loss(target, shares, labels=range(7)), rel=1e-5)
