"""This file computes SetReport, the scores on one test set with everything that must stand beside them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fer.results import metrics
from fer.results.intervals import Estimate, Estimates, estimates_over_images, estimates_over_subjects, people
from fer.results.metrics import Calibration, Floats, Ints
from fer.results.predictions import Predictions
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
    """The accuracy on one fold's part of a test set."""

    fold: str
    n: int
    accuracy: float


@dataclass(frozen=True)
class SetReport:
    """The scores on one test set, pooled over the folds that are done; `subjects` is None where nobody is identified."""

    planned: PlannedSet
    n: int
    subjects: int | None
    scores: Estimates
    per_class: tuple[LabelScore, ...]
    confusion: Ints
    nll: float
    calibration: Calibration
    folds: tuple[FoldScore, ...]

    @property
    def name(self) -> str:
        """The test set's name in predictions.csv."""
        return self.planned.name

    @property
    def title(self) -> str:
        """The database's name, and the test set's where it is another."""
        return self.planned.title


def report_set(predictions: Predictions, planned: PlannedSet) -> SetReport:
    """The scores of the predictions of one test set, whatever the order of the rows."""
    rows = predictions.select(np.argsort(predictions.id, kind="stable"))
    matrix = metrics.confusion(rows.target, rows.predicted, labels=len(rows.labels))
    known = set(rows.subject.tolist()) - {""}
    return SetReport(
        planned=planned,
        n=len(rows),
        subjects=len(known) or None,
        scores=estimate(rows) if known else estimates_over_images(matrix, seed=BOOTSTRAP_SEED),
        per_class=label_scores(matrix, rows.labels),
        confusion=matrix,
        nll=metrics.nll(rows.probabilities, rows.target),
        calibration=metrics.calibration(rows.probabilities, rows.target),
        folds=fold_scores(rows),
    )


def estimate(rows: Predictions) -> Estimates:
    """Scores and intervals over the subjects of the rows."""
    person, count = people(rows.subject)
    matrices = metrics.grouped_confusions(person, rows.target, rows.predicted, groups=count, labels=len(rows.labels))
    return estimates_over_subjects(matrices, seed=BOOTSTRAP_SEED)


def label_scores(matrix: Ints, labels: Sequence[str]) -> tuple[LabelScore, ...]:
    """The scores of each label in the order of `labels`."""
    columns = (
        labels,
        matrix.sum(axis=1).tolist(),
        *map(none_for_nan, (metrics.recall(matrix), metrics.precision(matrix), metrics.f1(matrix))),
    )
    return tuple(LabelScore(*row) for row in zip(*columns, strict=True))


def fold_scores(rows: Predictions) -> tuple[FoldScore, ...]:
    """The accuracy of each fold; their deviation is no interval, because folds share training images."""
    names, fold = np.unique(rows.fold, return_inverse=True)
    matrices = metrics.grouped_confusions(
        fold.astype(np.int64), rows.target, rows.predicted, groups=len(names), labels=len(rows.labels)
    )
    shares = metrics.accuracy(matrices).tolist()
    return tuple(FoldScore(*row) for row in zip(names.tolist(), matrices.sum(axis=(1, 2)).tolist(), shares, strict=True))


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
    }


def label_json(score: LabelScore) -> dict[str, Any]:
    """One label of report.json."""
    return {"n": score.n, **{key: rounded(value) for key, value in asdict(score).items() if key not in ("name", "n")}}


def estimate_json(estimate: Estimate) -> dict[str, float | None]:
    """One score of report.json with its interval."""
    return {key: rounded(value) for key, value in asdict(estimate).items()}


def rounded(value: float | None) -> float | None:
    """The value with as many decimals as report.json has."""
    return None if value is None else round(value, DECIMALS)
