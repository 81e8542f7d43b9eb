"""This file tests whether two systems differ, from paired values: one difference a person, or an image where nobody is known.

All tests are one idea. Were the two systems alike, each unit's difference might as well have had the other sign; p is the
share of all 2^n choices of signs whose sum is at least as far from 0 as the one observed (Fisher, The Design of
Experiments, 1935, §21). Differences of +1 and −1 make it McNemar's exact test, signed ranks Wilcoxon's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fer.results.metrics import Floats, Ints
from fer.results.pairs import Kind, Units

Method = Literal["permutation", "wilcoxon"]

#: No p-value below this is given: rounding in the Fourier transform leaves errors of up to 8e-13 at 60,000 units.
SMALLEST_P = 1e-12


@dataclass(frozen=True)
class PairedTest:
    """A test of no difference: its name, why it and no other, the units, how many of them differ, and p (two-sided).

    `favours` is 1 where the test's sum speaks for the first system, −1 for the second, 0 for neither.
    """

    name: str
    why: str
    kind: Kind
    units: int
    differing: int
    p: float
    favours: int

    @property
    def smallest(self) -> float:
        """The smallest p that this many differing units can give, whatever the systems are."""
        return min(1.0, 2.0 ** (1 - self.differing))


def paired_test(units: Units, method: Method = "permutation") -> PairedTest:
    """The test by `method`, the permutation test being about the accuracies themselves and Wilcoxon's about ranks.

    For independent images with one training a side both are McNemar's exact test.
    """
    name, why = name_and_reason(units, method)
    values = signed_ranks(units.means) if method == "wilcoxon" else units.differences
    return PairedTest(
        name=name,
        why=why,
        kind=units.kind,
        units=len(units),
        differing=int(np.count_nonzero(units.differences)),
        p=sign_flip(values),
        favours=int(np.sign(values.sum())),
    )


def name_and_reason(units: Units, method: Method) -> tuple[str, str]:
    """What the test is called, and why it is used."""
    names = {"permutation": "exact sign-flip permutation test", "wilcoxon": "exact Wilcoxon signed-rank test"}
    if units.kind == "people":
        return names[method], "images of one person are alike, so that the person is the unit"
    independent = "nobody is identified, so that images are taken as independent"
    if units.scale == 1:
        return "exact McNemar test", independent
    return names[method], f"{independent}; means over seeds are shares, which McNemar's test does not take"


def sign_flip(differences: Ints) -> float:
    """The exact two-sided p of the sum of `differences`, (U,) whole numbers, over all 2^U choices of their signs.

    The sum of independent ±d has the characteristic function Π cos(d·t), and its transform back is the distribution; so
    nothing is enumerated or drawn at random, however many units there are. (Pagano & Tritchler, JASA 78, 1983, had the
    same by recursion.) Units without a difference change nothing.
    """
    observed = abs(int(differences.sum()))
    if observed == 0:
        return 1.0
    sizes, times = np.unique(np.abs(differences[differences != 0]), return_counts=True)
    step = int(np.gcd.reduce(sizes))
    chances = chances_of_sums(sizes // step, times)
    tail = 2 * float(chances[observed // step :].sum())
    return min(1.0, max(tail, 2.0 ** (1 - int(times.sum())), SMALLEST_P))


def chances_of_sums(sizes: Ints, times: Ints) -> Floats:
    """The chance of each sum 0, 1, …, total when every `sizes[i]` is added `times[i]` times with a random sign."""
    total = int(sizes @ times)
    length = 1 << (2 * total).bit_length()  # more than the 2·total + 1 possible sums, so that none wraps round
    frequency = np.arange(length // 2 + 1)
    spectrum = np.ones(len(frequency))
    for size, count in zip(sizes.tolist(), times.tolist(), strict=True):
        spectrum *= np.cos(2 * np.pi / length * (frequency * size % length)) ** count
    return np.fft.irfft(spectrum, length)[: total + 1]


def signed_ranks(values: Floats) -> Ints:
    """Twice the midrank of each |value| that is not 0, with the value's sign; whole numbers, ties or none.

    Wilcoxon (Biometrics Bulletin 1, 1945) drops what is 0. scipy.stats ranks too, but takes seconds to import.
    """
    told = values[values != 0]
    _, place, times = np.unique(np.abs(told), return_inverse=True, return_counts=True)
    twice = 2 * np.cumsum(times) - times + 1
    ranks: Ints = np.sign(told).astype(np.int64) * twice[place]
    return ranks


def holm(ps: Sequence[float]) -> list[float]:
    """The p-values corrected for their number, in the same order (Holm, Scandinavian Journal of Statistics 6, 1979)."""
    order = np.argsort(ps, kind="stable")
    stepped = (len(ps) - np.arange(len(ps))) * np.asarray(ps, np.float64)[order]
    corrected = np.empty(len(ps))
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(stepped))
    return [float(p) for p in corrected]
