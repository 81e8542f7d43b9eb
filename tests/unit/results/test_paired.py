"""This file tests the paired tests: against scipy and published values, by enumeration, and by simulation."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import PermutationMethod, binomtest, permutation_test, wilcoxon

from fer.results.metrics import Ints
from fer.results.paired import SMALLEST_P, holm, paired_test, sign_flip, signed_ranks
from fer.results.pairs import Kind, Units


def units(differences: list[int], images: int = 10, kind: Kind = "people", scale: int = 1) -> Units:
    return Units(kind, np.array(differences, np.int64), np.full(len(differences), images, np.int64), scale)


def enumerated(differences: list[int]) -> float:
    """The share of all sign patterns whose sum is at least as far from 0."""
    observed = abs(sum(differences))
    sums = [sum(s * d for s, d in zip(signs, differences, strict=True)) for signs in product((1, -1), repeat=len(differences))]
    return sum(abs(total) >= observed for total in sums) / len(sums)


@pytest.mark.parametrize("seed", range(8))
def test_the_sign_flip_test_is_the_enumeration_of_all_signs(seed: int) -> None:
    differences = np.random.default_rng(seed).integers(-4, 7, size=11).tolist()
    assert sign_flip(np.array(differences)) == pytest.approx(enumerated(differences), abs=1e-12)


def test_the_sign_flip_test_agrees_with_scipys_random_permutations() -> None:
    differences = np.random.default_rng(1).integers(-5, 8, size=118)
    drawn = permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=9999, rng=np.random.default_rng(0), vectorized=True
    )
    assert sign_flip(differences) == pytest.approx(drawn.pvalue, abs=4 * (drawn.pvalue / 9999) ** 0.5)


@pytest.mark.parametrize(("first", "second"), [(1, 7), (150, 86), (5, 0), (12, 2), (900, 700), (4, 4)])
def test_mcnemar_is_the_binomial_test_of_the_discordant_images(first: int, second: int) -> None:
    found = paired_test(units([1] * first + [-1] * second + [0] * 50, images=1, kind="images"))
    assert found.name == "exact McNemar test"
    assert found.p == pytest.approx(binomtest(first, first + second).pvalue, abs=1e-12)


def test_mcnemar_gives_the_value_computed_by_hand() -> None:
    # 1 and 7 discordant pairs, the example of Fagerland, Lydersen & Laake (2014): 2 · (1 + 8) of 2^8
    assert sign_flip(np.array([1] + [-1] * 7)) == pytest.approx(18 / 256)


def test_wilcoxon_agrees_with_scipy_where_nothing_is_tied() -> None:
    differences = [7, -3, 12, 5, -1, 9, 14, -8, 2, 10, 4, 21]
    found = paired_test(units(differences, images=30), "wilcoxon")
    assert found.p == pytest.approx(wilcoxon(differences, method="exact").pvalue)


def test_wilcoxon_agrees_with_scipys_enumeration_where_ranks_are_tied() -> None:
    differences = [2, 2, -1, 3, 0, 1, -1, 2]
    enumerating = PermutationMethod(n_resamples=np.inf)
    assert paired_test(units(differences), "wilcoxon").p == pytest.approx(wilcoxon(differences, method=enumerating).pvalue)


def test_ranks_are_of_the_means_over_a_persons_images() -> None:
    people = Units("people", np.array([3, -1, 2]), np.array([30, 2, 20]))
    assert signed_ranks(people.means).tolist() == [3, -6, 3]  # 0.1 and 0.1 share the ranks 1 and 2; twice the midrank


def test_the_ranks_may_favour_the_other_system_than_the_accuracy() -> None:
    people = units([-1, -1, -1, -1, -1, 9])
    assert paired_test(people).favours == 1
    assert paired_test(people, "wilcoxon").favours == -1


def test_systems_that_are_right_on_the_same_images_have_p_1() -> None:
    assert sign_flip(np.zeros(30, np.int64)) == 1
    assert sign_flip(np.zeros(0, np.int64)) == 1
    assert sign_flip(np.array([3, -3])) == 1


@pytest.mark.parametrize(("people", "smallest"), [(1, 1.0), (2, 0.5), (4, 0.125), (6, 0.03125)])
def test_few_people_have_a_smallest_p_that_is_reached_and_said(people: int, smallest: float) -> None:
    found = paired_test(units([5] * people + [0] * 3))
    assert found.p == pytest.approx(smallest)
    assert (found.smallest, found.differing, found.units) == (smallest, people, people + 3)


def test_no_p_is_smaller_than_rounding_allows() -> None:
    assert sign_flip(np.ones(3000, np.int64)) == SMALLEST_P


def test_half_images_of_several_seeds_are_counted_whole() -> None:
    assert sign_flip(np.array([1, 2, -1, 4]) * 6) == sign_flip(np.array([1, 2, -1, 4]))
    assert "McNemar's test does not take" in paired_test(units([1, -2, 3], images=1, kind="images", scale=3)).why


def test_the_order_and_the_sides_change_nothing_but_the_direction() -> None:
    differences = np.random.default_rng(3).integers(-3, 5, size=40)
    assert sign_flip(differences) == sign_flip(-differences[::-1])


def test_holm_gives_the_values_computed_by_hand() -> None:
    # sorted .005 .01 .03 .04 times 4 3 2 1 is .02 .03 .06 .04, and no smaller than the one before: .02 .03 .06 .06
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]


def right_answers(rng: np.random.Generator, *, people: int, images: int) -> Ints:
    """How many more images the first of two equally good systems has right, by person and image, (people, images).

    Each person suits one system better than the other, by chance, so that the images of a person go together.
    """
    suits = rng.normal(0, 0.2, (people, 1))
    a = rng.random((people, images)) < np.clip(0.6 + suits, 0, 1)
    b = rng.random((people, images)) < np.clip(0.6 - suits, 0, 1)
    return a.astype(np.int64) - b


def test_people_as_units_err_in_5_of_100_where_images_as_units_err_in_far_more() -> None:
    rng, repetitions = np.random.default_rng(0), 500
    over_people = over_ranks = over_images = 0
    for _ in range(repetitions):
        differences = right_answers(rng, people=20, images=15)
        over_people += sign_flip(differences.sum(axis=1)) < 0.05
        over_ranks += sign_flip(signed_ranks(differences.mean(axis=1))) < 0.05
        over_images += sign_flip(differences.ravel()) < 0.05
    assert 0.03 <= over_people / repetitions <= 0.07
    assert 0.03 <= over_ranks / repetitions <= 0.07
    assert over_images / repetitions > 0.20


def test_a_real_difference_is_found() -> None:
    rng, found = np.random.default_rng(1), 0
    for _ in range(100):
        better = right_answers(rng, people=40, images=15) + (rng.random((40, 15)) < 0.3)
        found += sign_flip(better.sum(axis=1)) < 0.05
    assert found > 95
