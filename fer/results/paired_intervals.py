"""This file computes the differences of two systems' scores on the same images, with 95 % intervals.

Resampling is paired: a person, or an image, is drawn with everything that both systems said about it.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from fer.results.intervals import LEVEL, RESAMPLES, SCORES, SUBJECTS_FOR_BOOTSTRAP, Score, mean_score, people, resampled, wilson
from fer.results.metrics import Floats, Ints
from fer.results.pairs import Pairs


@dataclass(frozen=True)
class Difference:
    """A score in [0, 1] of two systems, and the 95 % interval of a − b; None where nothing can be said."""

    a: float
    b: float
    low: float | None = None
    high: float | None = None

    @property
    def value(self) -> float:
        """How much higher the first system scores, in [−1, 1]."""
        return self.a - self.b

    @property
    def turned(self) -> "Difference":
        """The difference b − a."""
        low, high = (None if end is None else -end for end in (self.high, self.low))
        return Difference(self.b, self.a, low, high)

    @property
    def leaves_zero_out(self) -> bool:
        """Whether the whole interval lies on one side of 0."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)

    def within(self, low: float, high: float) -> "Difference":
        """The same difference with this interval, which no rounding or clipping keeps from holding it."""
        return Difference(self.a, self.b, max(-1.0, min(low, self.value)), min(1.0, max(high, self.value)))


@dataclass(frozen=True)
class Differences:
    """The differences of the three scores, and in words how their intervals were computed."""

    accuracy: Difference
    uar: Difference
    macro_f1: Difference
    method: str


@dataclass(frozen=True)
class Counted:
    """Confusion matrices by unit and training, (U, R, K, K), the first system's trainings first; unit u stands times[u] times."""

    matrices: Ints | Floats
    times: Ints
    first: int

    def scores(self, score: Score, matrices: Ints | Floats) -> tuple[Floats, Floats]:
        """The scores of both systems, means over their trainings, from matrices (..., R, K, K)."""
        a, b = matrices[..., : self.first, :, :], matrices[..., self.first :, :, :]
        return mean_score(score, a), mean_score(score, b)

    def difference(self, score: Score) -> Difference:
        """The difference over all units, without an interval."""
        a, b = self.scores(score, np.tensordot(self.times, self.matrices, axes=1))
        return Difference(a.item(), b.item())


def differences(pairs: Pairs, *, seed: int) -> Differences:
    """The differences with intervals over people, or over images where nobody is identified."""
    return differences_over_people(pairs, seed=seed) if pairs.identified else differences_over_images(pairs, seed=seed)


def differences_over_people(pairs: Pairs, *, seed: int) -> Differences:
    """Differences with people as units.

    Paired bootstrap from 15 people on, Student t with the jackknife below, no interval for a single person.
    """
    person, count = people(pairs.answers.subject)
    counted = Counted(pairs.answers.confusions(person, count), np.ones(count, np.int64), pairs.first)
    if count == 1:
        found = {name: counted.difference(score) for name, score in SCORES.items()}
        return Differences(**found, method="no interval: one person does not tell how other people would score")
    if count < SUBJECTS_FOR_BOOTSTRAP:
        found = {name: jackknife(counted, score) for name, score in SCORES.items()}
        how = f"Student t, jackknife over {count} people"
    else:
        found = bootstrap(counted, seed=seed)
        how = f"paired bootstrap over {count:,} people ({RESAMPLES:,} resamples, percentiles, seed {seed})"
    found["accuracy"] = unless_alike(found["accuracy"], pairs.units.means)
    return Differences(**found, method=f"95 %: {how}")


def differences_over_images(pairs: Pairs, *, seed: int) -> Differences:
    """Differences with images as units, taken as independent.

    With one training a side Newcombe's interval for accuracy; otherwise, and for UAR and macro-F1, a paired bootstrap.
    """
    found = bootstrap(Counted(*pairs.answers.patterns(), pairs.first), seed=seed)
    how = f"paired bootstrap over images ({RESAMPLES:,} resamples, percentiles, seed {seed})"
    if pairs.single:
        found["accuracy"] = newcombe(*fourfold(pairs))
        how = f"Newcombe's score interval for paired shares (1998, method 10) for accuracy; UAR and macro-F1 by {how}"
    else:
        found["accuracy"] = unless_alike(found["accuracy"], pairs.units.means)
    return Differences(**found, method=f"95 %: {how}; images taken as independent because nobody is identified")


def bootstrap(counted: Counted, *, resamples: int = RESAMPLES, seed: int) -> dict[str, Difference]:
    """Percentile intervals of the differences, drawing units with replacement."""
    n = int(counted.times.sum())
    drawn = resampled(counted.matrices, counted.times / n, draws=n, resamples=resamples, seed=seed)
    found = {}
    for name, score in SCORES.items():
        a, b = counted.scores(score, drawn)
        found[name] = percentiles(counted.difference(score), a - b)
    return found


def percentiles(found: Difference, drawn: Floats) -> Difference:
    """The percentile interval; none where all draws agree, which is no certainty but too few units that differ."""
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail]).tolist()
    return found.within(low, high) if low < high else found


def jackknife(counted: Counted, score: Score) -> Difference:
    """The difference ± t·s/√S of the S pseudo-values (Tukey 1958; Efron & Tibshirani, An Introduction to the Bootstrap, 11.5).

    Where all people have as many images, the accuracy's is the plain t interval of the people's differences.
    """
    from scipy.special import stdtrit  # takes a noticeable time to import

    units, found = len(counted.times), counted.difference(score)
    a, b = counted.scores(score, counted.matrices.sum(axis=0) - counted.matrices)  # without one unit each
    pseudo = units * found.value - (units - 1) * (a - b)
    half = float(stdtrit(units - 1, (1 + LEVEL) / 2)) * float(pseudo.std(ddof=1)) / sqrt(units)
    return found.within(found.value - half, found.value + half) if half > 0 else found


def unless_alike(found: Difference, means: Floats) -> Difference:
    """The difference as it is, or, where every unit differs by the same, (U,) `means`, an interval that is not empty.

    None of U units differs otherwise, so that at most a share w of all units does (Wilson), by anything from −1 to 1.
    """
    if means.min() < means.max():
        return found
    w = wilson(0.0, len(means))[1]
    return found.within((1 - w) * found.value - w, (1 - w) * found.value + w)


def fourfold(pairs: Pairs) -> tuple[int, int, int, int]:
    """The images that both systems, trained once each, have right, only the first, only the second, and neither."""
    a, b = pairs.right
    both, first, second, neither = (int(images.sum()) for images in (a & b, a & ~b, ~a & b, ~a & ~b))
    return both, first, second, neither


def newcombe(both: int, first: int, second: int, neither: int) -> Difference:
    """The score interval of a difference of paired shares: Newcombe, Statistics in Medicine 17, 2635–2650 (1998), method 10.

    Two Wilson intervals added in squares, with the correlation of the pairs.
    """
    n = both + first + second + neither
    a, b = (both + first) / n, (both + second) / n
    (low_a, high_a), (low_b, high_b) = wilson(a, n), wilson(b, n)
    phi = correlation(both, first, second, neither)
    below, above = (sqrt(x * x - 2 * phi * x * y + y * y) for x, y in ((a - low_a, high_b - b), (high_a - a, b - low_b)))
    return Difference(a, b).within(a - b - below, a - b + above)


def correlation(both: int, first: int, second: int, neither: int) -> float:
    """Newcombe's φ of the fourfold table, corrected for continuity where it is positive; 0 where a margin is empty."""
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    if margins == 0:
        return 0.0
    product = both * neither - first * second
    corrected = max(product - (both + first + second + neither) / 2, 0.0) if product > 0 else product
    return float(corrected / sqrt(margins))
