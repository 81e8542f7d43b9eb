"""This file computes Report, everything that is said about a run, from its stored predictions."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer.results.predictions import Predictions, concatenate
from fer.results.reading import reading_of
from fer.results.set_report import SetReport, report_set, set_json
from fer.results.standing import SCHEMA
from fer.results.stored_run import Json, PlannedSet, StoredFold, StoredRun, check_once


@dataclass(frozen=True)
class Selection:
    """How the checkpoint was chosen: the rule in words, and by fold the epoch, the number of epochs and the value."""

    rule: str
    folds: Mapping[str, Json]


@dataclass(frozen=True)
class Report:
    """Everything that is said about a run.

    `folds` are the planned ones, `done` those that are trained and tested; `planned` are the test sets once all are done,
    `tests` those of which something is predicted. `reading` is how the predictions were read off the trained networks where
    that was not one look of one network at each face; an ensemble has no `seeds`, its members have. `train_images` is the
    number of labelled images a fold where labels were withheld, `starts` what the weights began as where that was not at
    random, `parameters` how many the model has, `seconds` what training took. `origin` is the run whose networks were
    tested, another one where this is an evaluation of it, and `trained_on` the databases learned from by test set.
    """

    run: str
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
    folds: tuple[str, ...]
    done: tuple[str, ...]
    planned: tuple[PlannedSet, ...]
    tests: tuple[SetReport, ...]
    trained_on: Mapping[str, tuple[str, ...]]
    selection: Selection
    leaks: Mapping[str, int]
    dropped: Mapping[str, int]
    merged: Mapping[str, int]
    preprocess: str
    cropped: tuple[str, ...]
    not_found: Mapping[str, int]
    train_images: int | None
    starts: tuple[str, ...]
    parameters: int | None
    seconds: float

    @property
    def complete(self) -> bool:
        """Whether every planned fold is done."""
        return self.folds == self.done

    @property
    def progress(self) -> str:
        """How many folds are done, in words."""
        cuts = len(self.folds) // max(1, len(self.seeds))
        folds = "1 fold" if cuts == 1 else f"{cuts} folds"
        if len(self.seeds) < 2:
            return folds if self.complete else f"{len(self.done)} of {folds}"
        all_of_it = f"{folds} × {len(self.seeds)} seeds"
        return all_of_it if self.complete else f"{len(self.done)} of {all_of_it}"

    def to_json(self) -> dict[str, Any]:
        """The content of report.json, without NaN."""
        return {
            "schema": SCHEMA,
            "run": self.run,
            "origin": self.origin,
            "databases": list(self.databases),
            "model": self.model,
            "reading": self.reading,
            "protocol": self.protocol,
            "leaky": self.leaky,
            "seeds": list(self.seeds),
            "folds": len(self.folds),
            "folds_done": len(self.done),
            "complete": self.complete,
            "planned": {test.name: {"images": test.images, "databases": list(test.databases)} for test in self.planned},
            "tests": {test.name: {"trained_on": list(self.trained_on[test.name]), **set_json(test)} for test in self.tests},
            "labels": list(self.labels),
            "label_rule": self.label_rule,
            "selection": {"rule": self.selection.rule, "folds": dict(self.selection.folds)},
            "leaks": dict(self.leaks),
            "dropped": dict(self.dropped),
            "merged": dict(self.merged),
            "preprocess": self.preprocess,
            "cropped": list(self.cropped),
            "not_found": dict(self.not_found),
            "train_images": self.train_images,
            "starts": list(self.starts),
            "parameters": self.parameters,
            "seconds": self.seconds,
        }


def make_report(run: StoredRun) -> Report:
    """Compute the report of a run from its predictions, its plan and its cards."""
    plan = run.plan
    return Report(
        run=run.name,
        path=run.path,
        origin=next((str(of["run"]) for fold in run.folds if (of := fold.card.get("evaluation"))), run.name),
        protocol=plan.protocol,
        leaky=plan.leaky,
        databases=tuple(run.config.get("data", {})),
        model=model_name(run.config),
        reading=reading_of(run.config),
        seeds=() if "ensemble" in run.config else plan.seeds,
        labels=plan.labels,
        label_rule=plan.label_rule,
        folds=tuple(fold.name for fold in plan.folds),
        done=tuple(fold.name for fold in run.folds),
        planned=tuple(plan.tests.values()),
        tests=report_sets(run),
        trained_on={name: sources_of(run, name) for name in plan.tests},
        selection=selection_of(run.folds),
        leaks=plan.leaks,
        dropped=plan.dropped,
        merged=plan.merged,
        preprocess=preprocess_name(run.config),
        cropped=plan.cropped,
        not_found=plan.not_found,
        train_images=run.config.get("train_images"),
        starts=tuple(dict.fromkeys(start for fold in run.folds for start in starts_of(fold.card))),
        parameters=parameters(run.folds),
        seconds=round(sum(fold.card.get("seconds", 0.0) for fold in run.folds), 3),
    )


def report_sets(run: StoredRun) -> tuple[SetReport, ...]:
    """The test sets of which something is predicted, in the order of the plan."""
    by_seed = {seed: pooled(run, seed) for seed in run.plan.seeds if any(fold.seed == seed for fold in run.folds)}
    reports = []
    for planned in run.plan.tests.values():
        parts = {seed: rows.select(rows.test_set == planned.name) for seed, rows in by_seed.items()}
        parts = {seed: rows for seed, rows in parts.items() if len(rows)}
        if parts:
            reports.append(report_set(parts, planned, trained=run.plan.trained_for(planned.name)))
    return tuple(reports)


def sources_of(run: StoredRun, test_set: str) -> tuple[str, ...]:
    """The databases that the networks tested on a set learned from."""
    return tuple(sorted({database for fold in run.plan.folds if test_set in fold.tests for database in fold.sources}))


def pooled(run: StoredRun, seed: int) -> Predictions:
    """The predictions of one seed over all folds that are done; RunError where an image is tested twice."""
    predictions = concatenate([fold.predictions for fold in run.folds if fold.seed == seed])
    check_once(Counter(zip(predictions.test_set.tolist(), predictions.id.tolist(), strict=True)), run.path)
    return predictions


def selection_of(folds: Sequence[StoredFold]) -> Selection:
    """How the checkpoints of the folds were chosen, from their cards."""
    chosen = {fold.name: fold.card.get("selection") or {} for fold in folds}
    rules = dict.fromkeys(selection_rule(selection) for selection in chosen.values())
    epochs = {name: {key: selection.get(key) for key in ("epoch", "epochs", "value")} for name, selection in chosen.items()}
    return Selection("; ".join(rules) or "no fold is done yet", {name: of for name, of in epochs.items() if any_value(of)})


def any_value(of: Json) -> bool:
    """Whether anything is known."""
    return any(value is not None for value in of.values())


def selection_rule(selection: Json) -> str:
    """The rule of one fold's card in words."""
    if "rule" in selection:
        return str(selection["rule"])
    if selection.get("monitor"):
        orders = len(selection.get("orders") or ())
        among = f" of {orders} presentation orders" if orders > 1 else ""
        return f"the epoch with the best {selection['monitor']}{among} on {selection.get('on') or 'unknown images'}"
    if selection.get("epoch") is not None:
        return "the last epoch; nothing was chosen"
    return "nothing was chosen: fitted once with fixed settings"


def parameters(folds: Sequence[StoredFold]) -> int | None:
    """How many parameters the model has, where a card says so."""
    counts = [count for fold in folds if isinstance(count := fold.card.get("parameters"), int)]
    return counts[0] if counts else None


def starts_of(card: Json) -> Iterator[str]:
    """What the weights of a fold started from, and who taught them; those of an ensemble's members included."""
    for of in (card, *card.get("members", ())):
        if of.get("start"):
            yield start_in_words(of["start"])
        if of.get("teacher"):
            yield f"taught by {run_of(Path(of['teacher']))}"
        if of.get("evaluation"):
            yield f"{of['evaluation']['run']} as it is, trained on {', '.join(of['evaluation']['trained_on'])}"


def start_in_words(start: Json) -> str:
    """What a card says of the weights that a fold started from."""
    name = run_of(Path(start["file"]))
    if "loaded" not in start:
        return name
    absent = {"missing": "not in it", "reshaped": "of another shape", "unused": "of it unused"}
    lacking = [f"{len(start[key])} {words}" for key, words in absent.items() if start.get(key)]
    head = "the head too" if start.get("head") else "the head at random"
    parts = ", ".join([f"{start['loaded']} tensors", *lacking, head])
    return f"{name}: {parts}"


def run_of(weights: Path) -> str:
    """The name of the run or, in the box, of the network that a file of weights belongs to, or its path where it is of none."""
    if weights.parts[-4:-2] == ("deploy", "networks"):
        return f"{weights.parent.name} in the box"
    return weights.parents[2].name if weights.parent.parent.name == "folds" else str(weights)


def preprocess_name(config: Json) -> str:
    """What was done to the images before the model, in words: the class, and its settings as configured."""
    unknown = "each member's own" if "ensemble" in config else "unknown"
    settings = {**(config.get("preprocess") or {"_target_": unknown})}
    name = str(settings.pop("_target_")).rsplit(".", 1)[-1]
    return name + (f" ({', '.join(f'{key} {value}' for key, value in settings.items())})" if settings else "")


def model_name(config: Json) -> str:
    """What a reader calls the model: the backbone's name, or the last part of its `_target_`, and the features it is given."""
    model = config.get("model") or {}
    inner = model["backbone"] if isinstance(model.get("backbone"), Mapping) else model
    named = inner.get("name") or inner.get("architecture")
    features = (config.get("features") or {}).get("_target_", "")
    name = str(named or inner.get("_target_", "unknown").rsplit(".", 1)[-1])
    return f"{name} on {features.rsplit('.', 1)[-1]}" if features else name
