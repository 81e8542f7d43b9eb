"""This file reads a run folder: what was to be done, what was done, and what came out, checked against each other."""

import csv
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer.errors import RunError
from fer.files import read_json
from fer.readable import readable
from fer.results import json_values as values
from fer.results import shapes
from fer.results.predictions import REMEDY, Predictions, read_predictions

SCHEMA = 1
PLAN = "folds.json"
FOLDS = "folds"
HISTORY = "history.csv"
MARKS = ("config.json", PLAN)  # a folder with both is a run; the store writes the config last

Epoch = Mapping[str, float]  # a row of history.csv without its empty cells
Json = Mapping[str, Any]


@dataclass(frozen=True)
class PlannedSet:
    """A test set as it will be once all folds are done; `databases` are those that its images come from."""

    name: str
    images: int
    databases: tuple[str, ...]

    @property
    def title(self) -> str:
        """The database's name, and the test set's where it is another."""
        databases = "+".join(self.databases)
        return self.name if self.name == databases else f"{databases} · {self.name}"


@dataclass(frozen=True)
class PlannedFold:
    """What folds.json says of a fold: its seed, the ids of its test sets, the labels it trains on, its leak check's counts.

    `sources` are the databases that it learns from.
    """

    name: str
    seed: int
    sources: tuple[str, ...]
    tests: Mapping[str, tuple[str, ...]]
    trained: tuple[str, ...]
    leaks: Mapping[str, int]


@dataclass(frozen=True)
class Plan:
    """What folds.json says of a run."""

    protocol: str
    leaky: bool
    labels: tuple[str, ...]
    label_rule: str
    dropped: Mapping[str, int]
    merged: Mapping[str, int]
    cropped: tuple[str, ...]
    not_found: Mapping[str, int]
    folds: tuple[PlannedFold, ...]

    @property
    def tests(self) -> Mapping[str, PlannedSet]:
        """The test sets, pooled over folds; each seed tests the same ones."""
        ids: dict[str, list[str]] = {}
        for fold in self.folds_of_a_seed:
            for name, images in fold.tests.items():
                ids.setdefault(name, []).extend(images)
        return {name: PlannedSet(name, len(images), databases_of(images)) for name, images in ids.items()}

    @property
    def leaks(self) -> Mapping[str, int]:
        """The counts of the leak check, summed over folds."""
        found: Counter[str] = Counter()
        for fold in self.folds_of_a_seed:
            found.update(fold.leaks)
        return found

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of the run in order."""
        return tuple(dict.fromkeys(fold.seed for fold in self.folds))

    @property
    def folds_of_a_seed(self) -> tuple[PlannedFold, ...]:
        """The folds of the first seed; the others have the same."""
        return tuple(fold for fold in self.folds if fold.seed == self.folds[0].seed)

    def trained_for(self, test_set: str) -> frozenset[str]:
        """The labels that some training had which this set tests."""
        return frozenset(label for fold in self.folds_of_a_seed if test_set in fold.tests for label in fold.trained)


@dataclass(frozen=True)
class StoredFold:
    """A fold that is done; `history` is empty for learners without epochs.

    `pretraining` has the error of every epoch by stage, for what learned without labels before.
    """

    name: str
    seed: int
    predictions: Predictions
    card: Json
    history: tuple[Epoch, ...]
    pretraining: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class StoredRun:
    """A run folder: `config` is the hashed half, `folds` are those that are done, in the order of the plan.

    `running` are the epochs so far of the folds that somebody works on, or worked on until an interruption.
    """

    path: Path
    config: Json
    provenance: Json
    plan: Plan
    folds: tuple[StoredFold, ...]
    running: Mapping[str, tuple[Epoch, ...]]

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.resolve().name


def databases_of(ids: Iterable[str]) -> tuple[str, ...]:
    """The databases that the images come from; an id begins with the name of its database."""
    return tuple(sorted({image.split("/", 1)[0] for image in ids}))


def is_run(folder: Path) -> bool:
    """Whether the folder is a run, be it complete or not."""
    return all(os.path.isfile(folder / mark) for mark in MARKS)


def find_runs(folder: Path) -> Iterator[Path]:
    """The run folders at or below `folder`, sorted by path; hidden folders and the insides of runs are not searched.

    Last come folders that may not be looked into, so that reading them says so.
    """
    refused: list[OSError] = []
    for path, below, _ in os.walk(folder, onerror=refused.append):
        if is_run(Path(path)):
            below.clear()
            yield Path(path)
        below[:] = sorted(name for name in below if not name.startswith("."))
    yield from (Path(error.filename) for error in refused if isinstance(error, PermissionError))


def read_run(path: Path) -> StoredRun:
    """Read and check a run folder; RunError where it is none, or where a file is missing, damaged or does not fit."""
    with readable(path, RunError):
        return checked_run(path)


def checked_run(path: Path) -> StoredRun:
    """The same, where the system refuses no file."""
    if os.path.isdir(path):
        os.listdir(path)  # a folder that is closed is said to be, rather than to be no run
    if not is_run(path):
        raise RunError(f"{path} is no run folder (looked for {' and '.join(MARKS)}). Give a folder below outputs/.")
    plan = read_plan(path / PLAN)
    done = [fold for fold in plan.folds if (path / FOLDS / fold.name / "predictions.csv").is_file()]
    return StoredRun(
        path=path,
        config=read_config(path / "config.json"),
        provenance=read_object(path / "provenance.json", shapes.PROVENANCE),
        plan=plan,
        folds=tuple(read_fold(path / FOLDS / fold.name, fold, labels=plan.labels) for fold in done),
        running=read_running(path, [fold.name for fold in plan.folds if fold not in done]),
    )


def read_running(path: Path, folds: Iterable[str]) -> dict[str, tuple[Epoch, ...]]:
    """The epochs so far of folds that are not done, of each order of the faces where they try several."""
    found = {}
    for fold in folds:
        working = path / FOLDS / f".{fold}.working"
        for file in sorted([working / HISTORY, *working.glob(f"orders/*/{HISTORY}")]):
            if history := read_history(file):
                found[fold if file.parent == working else f"{fold}, order {file.parent.name}"] = history
    return found


def read_config(path: Path) -> Json:
    """The configuration of a run, which names nothing but what runs are made of; RunError for any other."""
    config = read_object(path, shapes.CONFIG)
    try:
        shapes.require_known_targets(config)
    except (TypeError, RecursionError) as error:
        raise RunError(f"{path} is damaged, or no configuration of a run: {error}. {REMEDY}") from None
    return config


def read_object(path: Path, shape: shapes.Shape = shapes.OBJECT) -> Json:
    """The JSON object of this shape in a file; RunError where there is none."""
    try:
        with readable(path, RunError):
            if not path.is_file():
                raise RunError(f"{path} is {'no file' if path.exists() else 'missing'}. {REMEDY}")
            content: Json = read_json(path)
        shapes.require_shape(content, shape)
    except (ValueError, TypeError, RecursionError) as error:  # ValueError for numbers of thousands of digits too
        raise RunError(f"{path} is damaged: {error}. {REMEDY}") from None
    return content


def require_schema(content: Json, path: Path) -> None:
    """Raise RunError for a file that another version of this code has written otherwise."""
    if (found := content.get("schema")) != SCHEMA:
        raise RunError(
            f"{path}: found schema {found!r}, expected {SCHEMA}; another version of ferlab wrote it. Read it with that one, "
            "or train it again."
        )


def read_plan(path: Path) -> Plan:
    """The plan in folds.json."""
    content = read_object(path)
    require_schema(content, path)
    try:
        folds = tuple(
            PlannedFold(
                name=values.name(fold["name"]),
                seed=values.whole(fold["seed"]),
                sources=databases_of(values.texts(fold["train"])),
                tests={values.text(name): values.texts(ids) for name, ids in values.mapping(fold["tests"]).items()},
                trained=values.texts(fold["trained"]),
                leaks=values.counts(fold["leaks"]),
            )
            for fold in values.several(content["folds"])
        )
        return Plan(
            protocol=values.text(content["protocol"]),
            leaky=values.flag(content["leaky"]),
            labels=values.texts(content["labels"]),
            label_rule=values.text(content["label_rule"]),
            dropped=values.counts(content["dropped"]),
            merged=values.counts(content["merged"]),
            cropped=values.texts(content["cropped"]),
            not_found=values.counts(content["not_found"]),
            folds=folds,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{path} is damaged: {type(error).__name__} {error}") from None


def read_fold(folder: Path, planned: PlannedFold, *, labels: tuple[str, ...]) -> StoredFold:
    """A fold that is done, its predictions checked against the plan."""
    predictions = read_predictions(folder / "predictions.csv")
    check_predictions(predictions, planned, labels=labels, path=folder / "predictions.csv")
    card, history = read_object(folder / "card.json", shapes.CARD), read_history(folder / HISTORY)
    require_schema(card, folder / "card.json")
    return StoredFold(planned.name, planned.seed, predictions, card, history, read_errors(folder / "pretraining.csv"))


def check_predictions(predictions: Predictions, planned: PlannedFold, *, labels: tuple[str, ...], path: Path) -> None:
    """RunError unless the predictions are exactly those of the planned fold, each image once a test set."""
    if predictions.labels != labels:
        raise RunError(f"{path}: found the labels {', '.join(predictions.labels)}, {PLAN} has {', '.join(labels)}. {REMEDY}")
    if strange := set(predictions.fold.tolist()) - {planned.name}:
        raise RunError(f"{path}: found rows of fold {', '.join(sorted(strange))}, expected {planned.name} only. {REMEDY}")
    found = Counter(zip(predictions.test_set.tolist(), predictions.id.tolist(), strict=True))
    check_once(found, path)
    expected = {(test, image) for test, ids in planned.tests.items() for image in ids}
    missing, unplanned = expected - found.keys(), found.keys() - expected
    if missing or unplanned:
        example = " of test set ".join(reversed(min(missing or unplanned)))
        raise RunError(
            f"{path}: {len(missing)} images of {PLAN} are missing, {len(unplanned)} are not in it, such as {example}. {REMEDY}"
        )


def check_once(found: Counter[tuple[str, str]], path: Path) -> None:
    """RunError where an image stands more than once in a test set."""
    if twice := sorted(key for key, times in found.items() if times > 1):
        test, image = twice[0]
        raise RunError(f"{path}: {image} stands {found[twice[0]]} times in test set {test} ({len(twice)} such images)")


def read_history(path: Path) -> tuple[Epoch, ...]:
    """The rows of history.csv, empty where the learner has no epochs."""
    try:
        return tuple({name: float(text) for name, text in row.items() if text} for row in read_rows(path))
    except (ValueError, TypeError) as error:
        raise RunError(f"{path} is damaged: {error}. {REMEDY}") from None


def read_errors(path: Path) -> dict[str, tuple[float, ...]]:
    """The errors in pretraining.csv by stage, an epoch each; empty where nothing was pre-trained."""
    found: dict[str, list[float]] = {}
    try:
        for row in read_rows(path):
            found.setdefault(row["stage"], []).append(float(row["error"]))
    except (ValueError, TypeError, KeyError) as error:
        raise RunError(f"{path} is damaged: {type(error).__name__} {error}. {REMEDY}") from None
    return {stage: tuple(errors) for stage, errors in found.items()}


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a csv; none where there is no file."""
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise RunError(f"{path} is damaged: {error}. {REMEDY}") from None
