"""This file tests which of many faces stand for all of them."""

import numpy as np
import pytest
from planted import planted_cohort

from fer.data.faces import evenly


@pytest.mark.parametrize(
    ("count", "most", "expected"), [(5, 3, [0, 2, 4]), (3, 5, [0, 1, 2]), (7, 1, [0]), (1, 4, [0]), (0, 4, [])]
)
def test_some_of_many_are_spread_from_the_first_to_the_last(count: int, most: int, expected: list[int]) -> None:
    assert evenly(count, most).tolist() == expected


def test_some_of_many_faces_keep_their_pixels_and_targets() -> None:
    cohort = planted_cohort()
    faces = cohort.faces([record.id for record in cohort.records])
    some, which = faces.evenly(10), evenly(len(faces), 10)
    assert len(some) == 10
    np.testing.assert_array_equal(some.take(np.arange(10)), faces.take(which))
    np.testing.assert_array_equal(some.targets, faces.targets[which])
