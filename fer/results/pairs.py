"""This file defines Pairs, the answers of two systems to the same images, and Units, what of them is drawn at random."""

from dataclasses import dataclass
from math import lcm
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fer.results.intervals import people
from fer.results.metrics import Floats, Ints
from fer.results.repeats import Repeats

Kind = Literal["people", "images"]


@dataclass(frozen=True)
class Units:
    """The units that are drawn at random, and how many more of their images the first system has right than the second.

    `differences` and `images` are (U,); a difference is counted in 1/`scale` image, so that means over seeds are whole.
    """

    kind: Kind
    differences: Ints
    images: Ints
    scale: int = 1

    def __len__(self) -> int:
        return len(self.differences)

    @property
    def means(self) -> Floats:
        """The mean difference of each unit's images, (U,) in [−1, 1]."""
        means: Floats = self.differences / (self.images * self.scale)
        return means


@dataclass(frozen=True)
class Pairs:
    """The answers of two systems to the same images: the first `first` trainings of `answers` are the first system's."""

    answers: Repeats
    first: int

    def __post_init__(self) -> None:
        assert 0 < self.first < len(self.answers.predicted), "each system has a training"
        assert (self.answers.predicted >= 0).all(), "every training has answered every image"

    def __len__(self) -> int:
        return len(self.answers.target)

    @property
    def single(self) -> bool:
        """Whether each system was trained once, so that its answer to an image is right or wrong and nothing between."""
        return len(self.answers.predicted) == 2

    @property
    def identified(self) -> bool:
        """Whether any person is known."""
        return bool((self.answers.subject != "").any())

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which answers are right, (R, N)."""
        right: NDArray[np.bool_] = self.answers.predicted == self.answers.target
        return right

    @property
    def accuracies(self) -> tuple[list[float], list[float]]:
        """The accuracy of each training of the two systems."""
        shares = self.right.mean(axis=1).tolist()
        return shares[: self.first], shares[self.first :]

    @property
    def units(self) -> Units:
        """The people, because images of one person are alike; the images where nobody is identified."""
        trainings = len(self.right)
        scale = lcm(self.first, trainings - self.first)
        a, b = self.right[: self.first].sum(axis=0), self.right[self.first :].sum(axis=0)
        differences = a * (scale // self.first) - b * (scale // (trainings - self.first))
        if not self.identified:
            return Units("images", differences, np.ones(len(self), np.int64), scale)
        person, count = people(self.answers.subject)
        summed = np.zeros(count, np.int64)
        np.add.at(summed, person, differences)
        return Units("people", summed, np.bincount(person, minlength=count), scale)
