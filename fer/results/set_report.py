"""This file computes SetReport, the scores on one test set with everything that must stand beside them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fer.results import metrics
from fer.results.intervals import (
    Estimate,
    Estimates,
    estimates_over_images,
    estimates_over_repeats,
    estimates_over_subjects,
    people,
)
from fer.results.metrics import Calibration, Floats, Ints
from fer.results.predictions import Predictions, Strings, concatenate
from fer.results.repeats import Repeats
from fer.results.stored_run import PlannedSet

DECIMALS = 10  # of report.json: more than any score means, fewer than the last bits that differ between machines
BOOTSTRAP_SEED = 0


@dataclass(frozen=True)
class LabelScore:
    """How well one label is recognised; None where there are no images, or no predictions, to count."""

    name: str
    n: int
    recall: float | None
    precision: float | None
    f1: float | None


@dataclass(frozen=True)
class FoldScore:
    """The accuracy on one fold's part of a test set; their deviation is no interval, because folds share training images."""

    fold: str
    n: int
    accuracy: float


@dataclass(frozen=True)
class PersonScore:
    """The accuracy on the images of one person, of all seeds."""

    subject: str
    n: int
    accuracy: float


@dataclass(frozen=True)
class SeedScore:
    """The scores of one seed's trainings, without intervals."""

    seed: int
    n: int
    accuracy: float
    uar: float
    macro_f1: float


@dataclass(frozen=True)
class SetReport:
    """The scores on one test set, pooled over the folds that are done; `subjects` is None where nobody is identified.

    Of several seeds `scores` are the mean, `confusion` is the sum, and likelihood and calibration are over all answers.
    `common` is the second reading where the set lacks a label of the model, or the training one of the set: only images of
    the labels that both have, and the most probable of those labels as the answer.
    """

    planned: PlannedSet
    labels: tuple[str, ...]
    n: int
    subjects: int | None
    scores: Estimates
    per_class: tuple[LabelScore, ...]
    confusion: Ints
    nll: float
    calibration: Calibration
    folds: tuple[FoldScore, ...]
    people: tuple[PersonScore, ...]
    seeds: tuple[SeedScore, ...]
    common: "SetReport | None"

    @property
    def name(self) -> str:
        """The test set's name in predictions.csv."""
        return self.planned.name

    @property
    def title(self) -> str:
        """The database's name, and the test set's where it is another."""
        return self.planned.title


def report_set(by_seed: Mapping[int, Predictions], planned: PlannedSet, *, trained: Collection[str]) -> SetReport:
    """The scores of each seed's predictions of one test set, whatever the order of the rows; `trained` had images."""
    repeats = Repeats.line_up(by_seed)
    rows = concatenate(list(by_seed.values()))
    rows = rows.select(np.argsort(rows.id, kind="stable"))
    matrix = metrics.confusion(rows.target, rows.predicted, labels=len(rows.labels))
    images = np.bincount(repeats.target, minlength=len(rows.labels))
    known = set(repeats.subject.tolist()) - {""}
    return SetReport(
        planned=planned,
        labels=rows.labels,
        n=len(repeats.id),
        subjects=len(known) or None,
        scores=estimate_over_people(repeats) if known else estimate_over_images(repeats, matrix),
        per_class=label_scores(matrix, images, rows.labels),
        confusion=matrix,
        nll=metrics.nll(rows.probabilities, rows.target),
        calibration=metrics.calibration(rows.probabilities, rows.target),
        folds=tuple(FoldScore(*of) for of in group_scores(rows, rows.fold)),
        people=tuple(PersonScore(*of) for of in group_scores(rows, rows.subject)) if known else (),
        seeds=seed_scores(repeats),
        common=report_common(by_seed, planned, trained=trained),
    )


def report_common(by_seed: Mapping[int, Predictions], planned: PlannedSet, *, trained: Collection[str]) -> SetReport | None:
    """The reading restricted to the labels that test and training have in common; None where these are all, or one."""
    first = next(iter(by_seed.values()))
    tested = {first.labels[index] for rows in by_seed.values() for index in np.unique(rows.target)}
    common = [name for name in first.labels if name in tested and name in trained]
    if len(common) in (0, 1, len(first.labels)):
        return None
    restricted = {seed: rows.restrict(common) for seed, rows in by_seed.items()}
    return report_set({seed: rows for seed, rows in restricted.items() if len(rows)}, planned, trained=common)


def estimate_over_people(repeats: Repeats) -> Estimates:
    """Scores and intervals over the subjects of the images."""
    person, count = people(repeats.subject)
    return estimates_over_subjects(repeats.confusions(person, count), seed=BOOTSTRAP_SEED)


def estimate_over_images(repeats: Repeats, matrix: Ints) -> Estimates:
    """Scores and intervals over images, of which nobody knows whom they show."""
    if len(repeats.seeds) == 1:
        return estimates_over_images(matrix, seed=BOOTSTRAP_SEED)
    return estimates_over_repeats(*repeats.patterns(), seed=BOOTSTRAP_SEED)


def seed_scores(repeats: Repeats) -> tuple[SeedScore, ...]:
    """The scores of each seed."""
    matrices = repeats.confusions(np.zeros(len(repeats.id), np.int64), 1)[0]
    columns = (metrics.accuracy(matrices), metrics.uar(matrices), metrics.macro_f1(matrices))
    images = matrices.sum(axis=(1, 2)).tolist()
    return tuple(SeedScore(*row) for row in zip(repeats.seeds, images, *(column.tolist() for column in columns), strict=True))


def label_scores(matrix: Ints, images: Ints, labels: Sequence[str]) -> tuple[LabelScore, ...]:
    """The scores of each label in the order of `labels`, of which there are so many `images`, (K,)."""
    columns = (
        labels,
        images.tolist(),
        *map(none_for_nan, (metrics.recall(matrix), metrics.precision(matrix), metrics.f1(matrix))),
    )
    return tuple(LabelScore(*row) for row in zip(*columns, strict=True))


def group_scores(rows: Predictions, group: Strings) -> Iterator[tuple[str, int, float]]:
    """The images and the accuracy of each fold or person, sorted by name; those without a name are left out."""
    names, index = np.unique(group, return_inverse=True)
    matrices = metrics.grouped_confusions(
        index.astype(np.int64), rows.target, rows.predicted, groups=len(names), labels=len(rows.labels)
    )
    shares, images = metrics.accuracy(matrices).tolist(), matrices.sum(axis=(1, 2)).tolist()
    return (of for of in zip(names.tolist(), images, shares, strict=True) if of[0])


def none_for_nan(values: Floats) -> list[float | None]:
    """The values as a list that JSON can hold."""
    return [None if np.isnan(value) else float(value) for value in values]


def set_json(test: SetReport) -> dict[str, Any]:
    """One test set of report.json."""
    return {
        "n": test.n,
        "planned": test.planned.images,
        "databases": list(test.planned.databases),
        "subjects": test.subjects,
        "accuracy": estimate_json(test.scores.accuracy),
        "uar": estimate_json(test.scores.uar),
        "macro_f1": estimate_json(test.scores.macro_f1),
        "interval": test.scores.method,
        "nll": round(test.nll, DECIMALS),
        "ece": round(test.calibration.error, DECIMALS),
        "per_class": {score.name: label_json(score) for score in test.per_class},
        "confusion": test.confusion.tolist(),
        "folds": {fold.fold: {"n": fold.n, "accuracy": rounded(fold.accuracy)} for fold in test.folds},
        "seeds": {str(score.seed): seed_json(score) for score in test.seeds},
        "common": {"labels": list(test.common.labels), **set_json(test.common)} if test.common else None,
    }


def seed_json(score: SeedScore) -> dict[str, Any]:
    """One seed of report.json."""
    return {"n": score.n, "accuracy": rounded(score.accuracy), "uar": rounded(score.uar), "macro_f1": rounded(score.macro_f1)}


def label_json(score: LabelScore) -> dict[str, Any]:
    """One label of report.json."""
    return {"n": score.n, **{key: rounded(value) for key, value in asdict(score).items() if key not in ("name", "n")}}


def estimate_json(estimate: Estimate) -> dict[str, float | None]:
    """One score of report.json with its interval."""
    return {key: rounded(value) for key, value in asdict(estimate).items()}


def rounded(value: float | None) -> float | None:
    """The value with as many decimals as report.json has."""
    return None if value is None else round(value, DECIMALS)
