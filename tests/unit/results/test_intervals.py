"""This file tests the intervals: known values, coverage, and which method is used when."""

import numpy as np
import pytest

from fer.results.intervals import Estimate, estimates_over_images, estimates_over_subjects, people, wilson
from fer.results.metrics import Ints, accuracy


def binary_subjects(shares: list[float], images: int = 20) -> Ints:
    """One confusion matrix of two labels a subject with this share of right answers."""
    right = np.round(np.array(shares) * images).astype(np.int64)
    half, rest = right // 2, right - right // 2
    wrong = images - right
    return np.stack([[[a, w // 2], [w - w // 2, b]] for a, b, w in zip(half, rest, wrong, strict=True)])


def inside(estimate: Estimate) -> bool:
    assert estimate.low is not None
    assert estimate.high is not None
    return 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_wilson_gives_the_published_values() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15 / 148, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0 / 20, 20) == pytest.approx((0.0000, 0.1611), abs=5e-5)
    assert wilson(1 / 29, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_few_subjects_use_student_t_over_their_scores() -> None:
    shares = [0.5, 0.6, 0.7, 0.8]
    found = estimates_over_subjects(binary_subjects(shares), seed=0)
    half = 3.1824463 * np.std(shares, ddof=1) / 2  # t of 3 degrees of freedom
    assert found.accuracy.value == pytest.approx(0.65)
    assert (found.accuracy.low, found.accuracy.high) == pytest.approx((0.65 - half, 0.65 + half), abs=1e-7)
    assert "Student t over the scores of 4 subjects" in found.method


@pytest.mark.parametrize(("subjects", "method"), [(1, "no interval"), (2, "Student t"), (14, "Student t"), (15, "bootstrap")])
def test_the_number_of_subjects_decides_the_method(subjects: int, method: str) -> None:
    shares = list(np.linspace(0.4, 0.9, subjects))
    found = estimates_over_subjects(binary_subjects(shares), seed=0)
    assert method in found.method
    assert subjects == 1 or all(map(inside, (found.accuracy, found.uar, found.macro_f1)))


def test_one_subject_has_scores_without_an_interval() -> None:
    found = estimates_over_subjects(binary_subjects([0.6]), seed=0)
    assert found.accuracy == Estimate(0.6, None, None)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    matrices = binary_subjects(list(np.linspace(0.3, 0.95, 30)))
    assert estimates_over_subjects(matrices, seed=1) == estimates_over_subjects(matrices, seed=1)
    assert estimates_over_subjects(matrices, seed=1).accuracy != estimates_over_subjects(matrices, seed=2).accuracy


@pytest.mark.parametrize("subjects", [5, 40])
def test_a_model_without_errors_is_not_certain(subjects: int) -> None:
    found = estimates_over_subjects(binary_subjects([1.0] * subjects), seed=0)
    for score in (found.accuracy, found.uar, found.macro_f1):
        assert score.value == score.high == 1
        assert score.low == pytest.approx(wilson(1.0, subjects)[0])


def test_images_without_errors_are_not_certain() -> None:
    found = estimates_over_images(np.diag([50, 50]), seed=0)
    assert found.uar.low == found.accuracy.low == pytest.approx(wilson(1.0, 100)[0])


def test_independent_images_use_wilson_for_accuracy() -> None:
    found = estimates_over_images(np.array([[60, 40], [10, 90]]), seed=0)
    assert (found.accuracy.low, found.accuracy.high) == wilson(0.75, 200)
    assert inside(found.uar)
    assert inside(found.macro_f1)
    assert "Wilson" in found.method


def test_intervals_over_subjects_are_wider_than_over_their_images() -> None:
    matrices = binary_subjects([0.2, 0.95] * 15)
    over_subjects = estimates_over_subjects(matrices, seed=0).accuracy
    over_images = estimates_over_images(matrices.sum(axis=0), seed=0).accuracy
    assert over_subjects.high - over_subjects.low > 2 * (over_images.high - over_images.low)


@pytest.mark.parametrize(("subjects", "least"), [(8, 0.90), (40, 0.88)])
def test_about_95_of_100_intervals_cover_the_truth(subjects: int, least: float) -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for repetition in range(120):
        ability = rng.beta(6, 4, subjects)  # people differ; the mean person is right 60 % of the time
        right = rng.binomial(20, ability)
        found = estimates_over_subjects(binary_subjects(list(right / 20)), resamples=400, seed=repetition).accuracy
        covered += found.low <= 0.6 <= found.high
    assert least <= covered / 120 <= 0.99


def test_images_of_unknown_people_count_as_one_person_each() -> None:
    person, count = people(np.array(["S1", "", "S2", "S1", ""]))
    assert count == 4
    assert person.tolist() == [0, 2, 1, 0, 3]
    assert people(np.array(["B", "A"]))[1] == 2


def test_the_bootstrap_of_many_subjects_is_drawn_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    matrices = binary_subjects(list(np.linspace(0.3, 0.95, 30)))
    at_once = estimates_over_subjects(matrices, resamples=100, seed=0)
    monkeypatch.setattr("fer.results.intervals.CELLS_AT_ONCE", 30 * 7)
    assert estimates_over_subjects(matrices, resamples=100, seed=0) == at_once
    assert at_once.accuracy.value == float(accuracy(matrices.sum(axis=0)))
