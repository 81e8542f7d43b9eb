"""This file says whether the maps of some faces are better than chance, with intervals over people or faces."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.explain.faithfulness import Curves, Faithfulness, mean
from fer.results.intervals import RESAMPLES, SUBJECTS_FOR_BOOTSTRAP, people, resampled
from fer.results.metrics import Floats, Ints
from fer.results.paired_intervals import Counted, Difference, jackknife, percentiles

#: The orders that a map must beat, as `Faithfulness` has them, and what a sentence calls them.
RIVALS = {"random": "chance", "centre": "beginning at the centre of any face"}


@dataclass(frozen=True)
class Gain:
    """How much better the maps are than a rival, in area under the curve: lower for deletion, higher for insertion."""

    rival: str
    deletion: Difference
    insertion: Difference

    @property
    def both(self) -> tuple[Difference, Difference]:
        """Both differences; above 0 the maps are better."""
        return self.deletion, self.insertion


@dataclass(frozen=True)
class Verdict:
    """The mean curves of all faces, what the maps gain on each rival, and in words how the intervals were computed."""

    faces: int
    curves: Faithfulness
    gains: tuple[Gain, ...]
    method: str

    @property
    def sentences(self) -> str:
        """What can be said, in plain words."""
        return " ".join([*map(sentence, self.gains), f"n = {self.faces:,} face{'s' if self.faces > 1 else ''}."])


def judge(found: Sequence[Faithfulness], subjects: Sequence[str], *, seed: int) -> Verdict:
    """The verdict on the maps of some faces, whose people are `subjects`, "" for unknown ones."""
    person, count = people(np.array(subjects, np.str_))
    curves = {name: [getattr(of, name) for of in found] for name in ("map", *RIVALS)}
    gains = tuple(gain(rival, curves["map"], curves[rival], person, count, seed=seed) for rival in RIVALS)
    whole = Faithfulness(**{name: mean(of) for name, of in curves.items()})
    return Verdict(len(found), whole, gains, how(count, known=any(subjects), seed=seed))


def gain(rival: str, maps: Sequence[Curves], others: Sequence[Curves], person: Ints, count: int, *, seed: int) -> Gain:
    """What the maps gain on one rival."""
    ours, theirs = np.array([of.areas for of in maps]), np.array([of.areas for of in others])
    deletion = difference(1 - ours[:, 0], 1 - theirs[:, 0], person, count, seed=seed)
    return Gain(rival, deletion, difference(ours[:, 1], theirs[:, 1], person, count, seed=seed))


def difference(ours: Floats, theirs: Floats, person: Ints, count: int, *, seed: int) -> Difference:
    """The difference of two means over faces (N,) in [0, 1], with people as units.

    Paired bootstrap from 15 people on, Student t with the jackknife below, no interval for a single one.
    """
    sums = np.zeros((count, 2, 1, 2))  # of each person and side: the sum of the areas, and how many there are
    for side, areas in enumerate((ours, theirs)):
        sums[:, side, 0, 0] = np.bincount(person, areas, count)
        sums[:, side, 0, 1] = np.bincount(person, minlength=count)
    counted = Counted(sums, np.ones(count, np.int64), first=1)
    if count == 1:
        return counted.difference(ratio)
    if count < SUBJECTS_FOR_BOOTSTRAP:
        return jackknife(counted, ratio)
    drawn = resampled(sums, np.full(count, 1 / count), draws=count, resamples=RESAMPLES, seed=seed)
    a, b = counted.scores(ratio, drawn)
    return percentiles(counted.difference(ratio), a - b)


def ratio(sums: Ints | Floats) -> NDArray[np.float64]:
    """The means (...) of sums and counts (..., 1, 2)."""
    return np.asarray(sums[..., 0, 0] / sums[..., 0, 1], np.float64)


def how(count: int, *, known: bool, seed: int) -> str:
    """How the intervals were computed."""
    units = "people" if known else "faces, taken as independent because nobody is identified"
    if count == 1:
        return f"no interval: one {'person' if known else 'face'} does not tell how others would do"
    if count < SUBJECTS_FOR_BOOTSTRAP:
        return f"95 %: Student t, jackknife over {count} {units}"
    return f"95 %: paired bootstrap over {count:,} {units} ({RESAMPLES:,} resamples, percentiles, seed {seed})"


def sentence(gain: Gain) -> str:
    """What can be said of the maps and one rival."""
    rival = RIVALS[gain.rival]
    deletion, insertion = map(judged, gain.both)
    if deletion == insertion:
        return f"The maps {deletion} {rival}, by deletion and by insertion."
    return f"By deletion the maps {deletion} {rival}, by insertion they {insertion} it."


def judged(found: Difference) -> str:
    """The verb for a difference."""
    if not found.leaves_zero_out:
        return "cannot be told from"
    return "are better than" if found.value > 0 else "are worse than"
