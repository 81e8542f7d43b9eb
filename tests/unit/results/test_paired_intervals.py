"""This file tests the intervals of differences: published values, coverage, and which method is used when."""

import numpy as np
import pytest
from numpy.typing import NDArray

from fer.results.metrics import Ints, macro_f1
from fer.results.paired_intervals import (
    Counted,
    Difference,
    bootstrap,
    differences,
    jackknife,
    newcombe,
    unless_alike,
)
from fer.results.pairs import Pairs
from fer.results.repeats import Repeats


def pairs_of(a: NDArray[np.bool_], b: NDArray[np.bool_], subject: list[str] | None = None) -> Pairs:
    """Pairs of trainings that are right, (T, N) each, on images of two labels in turn."""
    images = a.shape[1]
    target = np.arange(images) % 2
    answers = np.where(np.vstack([a, b]), target, 1 - target)
    people = np.array(subject or [""] * images, np.str_)
    ids = np.array([f"synthetic/{i:05d}" for i in range(images)])
    return Pairs(Repeats(tuple(range(len(answers))), ids, people, target, answers, ("anger", "fear")), first=len(a))


def of_people(right_a: NDArray[np.bool_], right_b: NDArray[np.bool_]) -> Pairs:
    """Pairs of one training a side from (people, images)."""
    people, images = right_a.shape
    return pairs_of(right_a.reshape(1, -1), right_b.reshape(1, -1), [f"S{i // images:03d}" for i in range(people * images)])


def some_people(people: int, *, images: int = 12, better: float = 0.1, seed: int = 0) -> Pairs:
    rng = np.random.default_rng(seed)
    ability = rng.beta(6, 4, (people, 1))
    a = rng.random((people, images)) < np.clip(ability + better, 0, 1)
    return of_people(a, rng.random((people, images)) < ability)


def holds(found: Difference) -> bool:
    assert found.low is not None
    assert found.high is not None
    return -1 <= found.low <= found.value <= found.high <= 1


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((20, 12, 2, 16), 0.0562, 0.3292),  # Newcombe, Statistics in Medicine 17 (1998), the example of method 10
        ((1, 1, 7, 12), -0.507, -0.026),  # Fagerland, Lydersen & Laake, Statistics in Medicine 33 (2014)
    ],
)
def test_newcombe_gives_the_published_values(table: tuple[int, int, int, int], low: float, high: float) -> None:
    found = newcombe(*table)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-4 if low < 0 else 5e-5)


def test_newcombe_holds_where_a_cell_or_a_margin_is_empty() -> None:
    for table in [(10, 0, 0, 0), (0, 0, 0, 7), (0, 5, 0, 0), (0, 3, 3, 0), (53, 0, 0, 1), (1, 0, 0, 0)]:
        assert holds(newcombe(*table))
        assert newcombe(*table).low < newcombe(*table).high  # type: ignore[operator]


def test_exchanging_the_systems_turns_the_interval_round() -> None:
    assert newcombe(20, 12, 2, 16).turned.value == newcombe(20, 2, 12, 16).value
    turned = newcombe(20, 12, 2, 16).turned
    assert (turned.low, turned.high) == pytest.approx((newcombe(20, 2, 12, 16).low, newcombe(20, 2, 12, 16).high))


@pytest.mark.parametrize(("people", "method"), [(1, "no interval"), (2, "Student t"), (14, "Student t"), (15, "bootstrap")])
def test_the_number_of_people_decides_the_method(people: int, method: str) -> None:
    found = differences(some_people(people), seed=0)
    assert method in found.method
    assert people == 1 or all(map(holds, (found.accuracy, found.uar, found.macro_f1)))


def test_one_person_has_a_difference_without_an_interval() -> None:
    found = differences(some_people(1), seed=0).accuracy
    assert (found.low, found.high) == (None, None)


def test_few_people_with_as_many_images_have_the_plain_t_interval_of_their_differences() -> None:
    pairs = some_people(6, images=20)
    each = pairs.units.means
    half = 2.5705818 * each.std(ddof=1) / 6**0.5  # t of 5 degrees of freedom
    found = differences(pairs, seed=0).accuracy
    assert found.value == pytest.approx(each.mean())
    assert (found.low, found.high) == pytest.approx((each.mean() - half, each.mean() + half))


def test_independent_images_have_newcombes_interval_for_accuracy_and_a_bootstrap_for_the_rest() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((1, 400)) < 0.7, rng.random((1, 400)) < 0.6
    found = differences(pairs_of(a, b), seed=0)
    table = [int(x.sum()) for x in (a & b, a & ~b, ~a & b, ~a & ~b)]
    assert found.accuracy == newcombe(*table)
    assert all(map(holds, (found.uar, found.macro_f1)))
    assert "Newcombe" in found.method


def test_the_paired_bootstrap_over_images_agrees_with_newcombe_on_many_images() -> None:
    rng = np.random.default_rng(0)
    right = rng.random((1, 3000)) < 0.7
    worse = right & (rng.random((1, 3000)) > 0.05)
    exact = differences(pairs_of(right, worse), seed=0).accuracy
    drawn = differences(pairs_of(np.vstack([right, right]), worse), seed=0)  # the same training twice: the same mean
    assert "Newcombe" not in drawn.method
    assert (drawn.accuracy.low, drawn.accuracy.high) == pytest.approx((exact.low, exact.high), abs=0.002)


def test_several_seeds_have_the_mean_score() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((3, 200)) < 0.7, rng.random((2, 200)) < 0.6
    pairs = pairs_of(a, b)
    found = differences(pairs, seed=0)
    assert found.accuracy.a == pytest.approx(a.mean())
    assert found.accuracy.b == pytest.approx(b.mean())
    each = [macro_f1(matrix).item() for matrix in pairs.answers.confusions(np.zeros(200, np.int64), 1)[0]]
    assert found.macro_f1.a == pytest.approx(np.mean(each[:3]))
    assert pairs.units.scale == 6
    assert pairs.units.means.mean() == pytest.approx(found.accuracy.value)


def test_equal_answers_do_not_make_the_difference_certain() -> None:
    for people in (6, 40):
        same = some_people(people).right[:1].reshape(people, -1)
        found = differences(of_people(same, same), seed=0)
        assert found.accuracy.low < -0.05 < 0.05 < found.accuracy.high  # type: ignore[operator]
        assert found.uar.low is None


def test_an_interval_of_people_who_all_differ_by_the_same_narrows_with_their_number() -> None:
    few, many = (unless_alike(Difference(0.6, 0.5), np.full(n, 0.1)) for n in (5, 500))
    assert few.low < 0 < many.low < 0.1 < many.high < few.high  # type: ignore[operator]


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    pairs = some_people(30)
    assert differences(pairs, seed=1) == differences(pairs, seed=1)
    assert differences(pairs, seed=1) != differences(pairs, seed=2)


def test_pairing_makes_intervals_narrower_than_two_separate_samples() -> None:
    rng = np.random.default_rng(0)
    right = rng.random((40, 12)) < rng.beta(2, 2, (40, 1))
    worse = right & (rng.random((40, 12)) > 0.1)
    paired, separate = of_people(right, worse), of_people(right, worse[::-1])
    widths = [found.high - found.low for found in (differences(p, seed=0).accuracy for p in (paired, separate))]  # type: ignore[operator]
    assert 3 * widths[0] < widths[1]


def counted(differing: Ints, images: int) -> Counted:
    """One matrix a person and side: `images` of one label, `differing` more of them right on the first side."""
    half = images // 2
    a, b = half + differing // 2, half - (differing - differing // 2)
    sides = [np.stack([[[r, images - r], [0, 0]] for r in right]) for right in (a, b)]
    return Counted(np.stack(sides, axis=1), np.ones(len(differing), np.int64), first=1)


@pytest.mark.parametrize(("people", "least"), [(8, 0.90), (40, 0.88)])
def test_about_95_of_100_intervals_cover_the_truth(people: int, least: float) -> None:
    rng, covered = np.random.default_rng(0), 0
    for repetition in range(100):
        of_person = counted(rng.binomial(12, rng.beta(3, 3, people)) - 4, images=24)  # 2 of 24 images more, on average
        if people < 15:
            found = jackknife(of_person, score=lambda m: m[..., 0, 0] / m.sum(axis=(-2, -1)))
        else:
            found = bootstrap(of_person, resamples=300, seed=repetition)["accuracy"]
        covered += found.low <= 2 / 24 <= found.high  # type: ignore[operator]
    assert least <= covered / 100 <= 0.99
