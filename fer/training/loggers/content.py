"""This file defines RunContent, what loggers show of a run, and the scalars that every logger is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from fer.results import metrics
from fer.results.predictions import Predictions
from fer.results.report import Report
from fer.results.set_report import SetReport
from fer.results.stored_run import StoredFold, StoredRun

SCORES = ("accuracy", "uar", "macro_f1")


@dataclass(frozen=True)
class RunContent:
    """A run with its report, and the files of the report: first its numbers, then its page."""

    run: StoredRun
    report: Report
    files: Sequence[Path]

    @property
    def tests(self) -> Mapping[str, SetReport]:
        """The test sets by name; the reading of the common labels, where there is one, is NAME_common."""
        found = {test.name: test for test in self.report.tests}
        return found | {f"{test.name}_common": test.common for test in self.report.tests if test.common}

    @property
    def config(self) -> dict[str, Any]:
        """What the run is made of and where it comes from."""
        return {**self.run.config, "provenance": dict(self.run.provenance)}


def pooled_scores(content: RunContent) -> dict[str, float]:
    """The scalars of a run: scores with intervals, counts and likelihood of every test set, and validation's choice."""
    found = chosen_on_validation(content.run.folds)
    for name, test in content.tests.items():
        found |= {f"{name}/{key}": value for key, value in set_scalars(test).items() if value is not None}
    return found


def set_scalars(test: SetReport) -> dict[str, float | None]:
    """The scalars of one test set; None where nothing can be said."""
    found: dict[str, float | None] = {"n": test.n, "subjects": test.subjects}
    for score in SCORES:
        estimate = getattr(test.scores, score)
        found |= {score: estimate.value, f"{score}_low": estimate.low, f"{score}_high": estimate.high}
    return {**found, "nll": test.nll, "ece": test.calibration.error}


def class_scalars(test: SetReport) -> dict[str, float]:
    """Recall, precision and F1 of every label for which there is one, under names such as recall/happiness."""
    return {
        f"{key}/{label.name}": value
        for label in test.per_class
        for key in ("recall", "precision", "f1")
        if (value := getattr(label, key)) is not None
    }


def chosen_on_validation(folds: Sequence[StoredFold]) -> dict[str, float]:
    """What the chosen epochs, or settings, had on validation: the mean over folds of each value that all of them have."""
    values = [validation_values(fold) for fold in folds]
    names = [name for name in (values[0] if values else {}) if all(name in of for of in values)]
    return {name: fmean(of[name] for of in values) for name in names}


def validation_values(fold: StoredFold) -> dict[str, float]:
    """The values on validation of what was chosen in one fold."""
    selection = fold.card.get("selection") or {}
    row = next((row for row in fold.history if row["epoch"] + 1 == selection.get("epoch")), {})
    known = {selection["monitor"]: float(selection["value"])} if "monitor" in selection and "value" in selection else {}
    return {**{name: value for name, value in row.items() if name.startswith("val_")}, **known}


def fold_scores(predictions: Predictions) -> dict[str, float]:
    """The scores on one fold's part of every test set; without intervals, which belong to all folds together."""
    found: dict[str, float] = {}
    for name in dict.fromkeys(predictions.test_set.tolist()):
        rows = predictions.select(predictions.test_set == name)
        matrix = metrics.confusion(rows.target, rows.predicted, labels=len(rows.labels))
        values = (metrics.accuracy(matrix), metrics.uar(matrix), metrics.macro_f1(matrix))
        found |= {f"{name}/n": len(rows), **{f"{name}/{score}": float(v) for score, v in zip(SCORES, values, strict=True)}}
    return found
