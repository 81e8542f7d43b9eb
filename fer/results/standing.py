"""This file defines Standing, what the leaderboard shows of a run, read from report.json so that a thousand are read at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer.errors import RunError
from fer.results.intervals import Estimate, Estimates
from fer.results.stored_run import Json, PlannedSet, read_object

REPORT = "report.json"
SCHEMA = 1  # of report.json


@dataclass(frozen=True)
class Tested:
    """The scores on one test set; `subjects` is None where nobody is identified, `trained_on` the databases learned from."""

    n: int
    subjects: int | None
    scores: Estimates
    nll: float
    ece: float
    trained_on: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """A run among others; the fields are those of Report, but `folds` and `done` count, and `selection` is the rule alone.

    `origin` is the run whose networks were tested: the run itself, or the one that an evaluation took them from.
    """

    name: str
    path: Path
    origin: str
    protocol: str
    leaky: bool
    databases: tuple[str, ...]
    model: str
    reading: str | None
    seeds: tuple[int, ...]
    labels: tuple[str, ...]
    label_rule: str
    folds: int
    done: int
    selection: str
    train_images: int | None
    starts: tuple[str, ...]
    parameters: int | None
    seconds: float
    planned: tuple[PlannedSet, ...]
    tests: Mapping[str, Tested]

    @property
    def complete(self) -> bool:
        """Whether every planned fold is done."""
        return self.done == self.folds


def read_standing(run: Path) -> Standing:
    """The standing of a run folder; RunError where its report.json is missing, damaged or of another version."""
    return standing_of(read_object(run / REPORT), run)


def standing_of(report: Json, path: Path) -> Standing:
    """The standing that a report.json in the folder `path` describes."""
    found = report.get("schema")
    if found != SCHEMA or "planned" not in report:
        raise RunError(f"{path / REPORT}: another version of ferlab wrote it. Rebuild it: fer report {path}")
    try:
        return Standing(
            name=report["run"],
            path=path,
            origin=report["origin"],
            protocol=report["protocol"],
            leaky=report["leaky"],
            databases=tuple(report["databases"]),
            model=report["model"],
            reading=report["reading"],
            seeds=tuple(report["seeds"]),
            labels=tuple(report["labels"]),
            label_rule=report["label_rule"],
            folds=report["folds"],
            done=report["folds_done"],
            selection=report["selection"]["rule"],
            train_images=report["train_images"],
            starts=tuple(report["starts"]),
            parameters=report["parameters"],
            seconds=report["seconds"],
            planned=tuple(PlannedSet(name, of["images"], tuple(of["databases"])) for name, of in report["planned"].items()),
            tests={name: tested_of(test) for name, test in report["tests"].items()},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{path / REPORT} is damaged: {type(error).__name__} {error}. Rebuild it: fer report {path}") from None


def tested_of(test: Mapping[str, Any]) -> Tested:
    """The scores of one test set of report.json."""
    accuracy, uar, macro_f1 = (Estimate(**test[name]) for name in ("accuracy", "uar", "macro_f1"))
    return Tested(
        n=test["n"],
        subjects=test["subjects"],
        scores=Estimates(accuracy, uar, macro_f1, method=test["interval"]),
        nll=test["nll"],
        ece=test["ece"],
        trained_on=tuple(test["trained_on"]),
    )
