"""This file computes 95 % intervals of the scores: over subjects where people are known, over images where they are not.

Images of one person are alike, so that people are what is drawn at random; counting images as independent makes
intervals too narrow. The spread over folds is no interval and is never called one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from fer.results.metrics import Floats, Ints, accuracy, macro_f1, mean_of_defined, uar

LEVEL = 0.95
RESAMPLES = 2000
#: From this many subjects on the percentile bootstrap is used; with fewer, too few distinct people are in a resample.
SUBJECTS_FOR_BOOTSTRAP = 15
CELLS_AT_ONCE = 4_000_000  # resamples × subjects drawn at a time: 32 MB

Score = Callable[[Ints | Floats], Floats]
SCORES: Mapping[str, Score] = {"accuracy": accuracy, "uar": uar, "macro_f1": macro_f1}


@dataclass(frozen=True)
class Estimate:
    """A score in [0, 1] and its 95 % interval; `low` and `high` are None where nothing can be said."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Estimates:
    """The three scores of a test set with intervals, and in words how the intervals were computed."""

    accuracy: Estimate
    uar: Estimate
    macro_f1: Estimate
    method: str


def estimates_over_subjects(matrices: Ints, *, resamples: int = RESAMPLES, seed: int) -> Estimates:
    """Scores and intervals from one confusion matrix a subject, (S, K, K), or one a subject and training, (S, R, K, K).

    Bootstrap over subjects from 15 subjects on, Student t over the subjects' scores below, none for a single subject. Of
    several trainings the mean score is taken, and its interval over the same people.
    """
    matrices = matrices[:, None] if matrices.ndim == 3 else matrices
    subjects, of_mean = len(matrices), mean_of(matrices.shape[1])
    pooled = {name: mean_score(score, matrices.sum(axis=0)).item() for name, score in SCORES.items()}
    if subjects == 1:
        found = {name: Estimate(value) for name, value in pooled.items()}
        return Estimates(**found, method="no interval: one subject does not tell how other people would score")
    if subjects < SUBJECTS_FOR_BOOTSTRAP:
        found = {name: around(pooled[name], mean_score(score, matrices)) for name, score in SCORES.items()}
        return Estimates(
            **found, method=f"95 %: Student t over the scores of {subjects} subjects, round the pooled value{of_mean}"
        )
    drawn = resampled(matrices, np.full(subjects, 1 / subjects), draws=subjects, resamples=resamples, seed=seed)
    found = {name: percentiles(pooled[name], mean_score(score, drawn), units=subjects) for name, score in SCORES.items()}
    how = f"95 %: bootstrap over {subjects:,} subjects ({resamples:,} resamples, percentiles, seed {seed}){of_mean}"
    return Estimates(**found, method=how)


def estimates_over_images(matrix: Ints, *, resamples: int = RESAMPLES, seed: int) -> Estimates:
    """Scores and intervals from a confusion matrix (K, K) of images that are independent of each other.

    Wilson for accuracy; for UAR and macro-F1 a bootstrap of the matrix's cells, which is one over images.
    """
    images = int(matrix.sum())
    cells = np.random.default_rng(seed).multinomial(images, matrix.ravel() / images, size=resamples)
    drawn = cells.reshape(resamples, *matrix.shape)
    right = int(np.trace(matrix))
    return Estimates(
        accuracy=Estimate(right / images, *wilson(right / images, images)),
        uar=percentiles(float(uar(matrix)), uar(drawn), units=images),
        macro_f1=percentiles(float(macro_f1(matrix)), macro_f1(drawn), units=images),
        method="95 %: Wilson for accuracy, images taken as independent because nobody is identified; "
        f"UAR and macro-F1 by bootstrap over images ({resamples:,} resamples, percentiles, seed {seed})",
    )


def estimates_over_repeats(patterns: Floats, counts: Ints, *, resamples: int = RESAMPLES, seed: int) -> Estimates:
    """Mean scores of R trainings on independent images, and intervals by bootstrap over the images.

    `patterns` (P, R, K, K) are one-image confusion matrices, `counts` (P,) how many images have each.
    """
    images = int(counts.sum())
    drawn = resampled(patterns, counts / images, draws=images, resamples=resamples, seed=seed)
    whole = np.tensordot(counts, patterns, axes=1)
    found = {
        name: percentiles(mean_score(score, whole).item(), mean_score(score, drawn), units=images)
        for name, score in SCORES.items()
    }
    how = f"95 %: bootstrap over images, taken as independent because nobody is identified ({resamples:,} resamples, "
    return Estimates(**found, method=f"{how}percentiles, seed {seed}){mean_of(patterns.shape[1])}")


def mean_of(trainings: int) -> str:
    """What the interval is of where there are several trainings, as the end of a sentence."""
    return "" if trainings == 1 else f"; of the mean over {trainings} seeds, their spread not included"


def mean_score(score: Score, matrices: Ints | Floats) -> Floats:
    """The mean over trainings of a score of matrices (..., R, K, K), (...,); trainings without images do not count."""
    return mean_of_defined(score(matrices))


def resampled(matrices: Ints | Floats, shares: Floats, *, draws: int, resamples: int, seed: int) -> Floats:
    """The pooled matrices of `resamples` draws of units (U, R, K, K) with replacement by their shares, (resamples, R, K, K)."""
    cells = matrices.reshape(len(matrices), -1).astype(np.float64)
    rng = np.random.default_rng(seed)
    at_once = max(1, CELLS_AT_ONCE // len(matrices))
    sizes = [min(at_once, resamples - start) for start in range(0, resamples, at_once)]
    drawn = [rng.multinomial(draws, shares, size=size) @ cells for size in sizes]
    return np.concatenate(drawn).reshape(resamples, *matrices.shape[1:])


def percentiles(value: float, drawn: Floats, *, units: int) -> Estimate:
    """The percentile interval; where all draws agree, as when nothing was wrong, Wilson's with n = `units`."""
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail])
    if low == high:
        return Estimate(value, *wilson(value, units))
    return Estimate(value, float(min(low, value)), float(max(high, value)))


def around(value: float, of_subjects: Floats) -> Estimate:
    """value ± t·s/√S, clipped to [0, 1]; where all S subjects score the same, Wilson's interval with n = S."""
    from scipy.special import stdtrit  # takes a noticeable time to import

    subjects = len(of_subjects)
    if of_subjects.min() == of_subjects.max():
        return Estimate(value, *wilson(value, subjects))
    quantile = float(stdtrit(subjects - 1, (1 + LEVEL) / 2))
    half = quantile * float(of_subjects.std(ddof=1)) / sqrt(subjects)
    return Estimate(value, max(0.0, value - half), min(1.0, value + half))


def wilson(share: float, n: int) -> tuple[float, float]:
    """The 95 % score interval of a share of `n` independent trials (Wilson, JASA 22, 1927)."""
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share))  # rounding at 0 and 1


def people(subject: NDArray[np.str_]) -> tuple[Ints, int]:
    """The number of the person in each image, (N,) int64, and how many there are.

    An image of unknown people (an empty subject) counts as a person of its own.
    """
    unknown = subject == ""
    names, known = np.unique(subject[~unknown], return_inverse=True)
    person = np.empty(len(subject), np.int64)
    person[~unknown] = known
    person[unknown] = len(names) + np.arange(unknown.sum())
    return person, len(names) + int(unknown.sum())
