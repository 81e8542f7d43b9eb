"""This file runs an experiment: the straight line from a configuration to a complete run folder."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fer.build import build, find_mistakes
from fer.data import leaks
from fer.data.cohort import Cohort
from fer.data.database import Database
from fer.data.digest import file_digest
from fer.data.near_leaks import NearLeaks
from fer.data.prepare import prepare
from fer.errors import ConfigError, DatabaseDamaged, FerError, ProtocolError
from fer.labels import Restriction
from fer.protocols.base import EvaluationProtocol, Fold, for_each_seed
from fer.protocols.few_labels import with_few_labels
from fer.records import FaceRecord
from fer.results.store import RunStore, folds_as_json
from fer.training.learner import Learner
from fer.training.learners import build_learner, learner_mistakes
from fer.training.places import roots_of, without_roots
from fer.training.provenance import provenance
from fer.training.ranks import gpus, started_together
from fer.training.settings import require_started, resolve_auto
from fer.training.start import named_weights, require_unseen, weights_digest

#: The groups whose every setting is part of the result, and of the run's fingerprint; `run` and `logger` are not.
WHAT = ("data", "labels", "preprocess", "features", "augment", "model", "loss", "optim", "trainer",
        "protocol", "train_images", "seed")  # fmt: skip


@dataclass(frozen=True)
class RunSettings:
    """What `conf/run` describes: how a run is carried out, which its result does not depend on.

    `threads` is the number of CPU threads a fold; the last digits of a result do depend on it, so it is recorded when a
    run begins and kept when it goes on. `workers` folds are trained at a time, `auto` one a GPU; `folds` restricts the run
    to some folds, `shard` "1/3" to every third.
    """

    output: str = "outputs"
    workers: int | Literal["auto"] = 1
    threads: int | None = None
    loader_workers: int = 0
    folds: Sequence[str] | None = None
    shard: str | None = None

    def __post_init__(self) -> None:
        workers = None if self.workers == "auto" else self.workers
        least = {"workers": (workers, 1), "threads": (self.threads, 1), "loader_workers": (self.loader_workers, 0)}
        mistakes = [
            f"run.{name}: found {found}, expected at least {minimum}"
            for name, (found, minimum) in least.items()
            if found is not None and found < minimum
        ]
        if self.shard is not None and not is_shard(self.shard):
            mistakes.append(f"run.shard: found {self.shard!r}, expected 1/N to N/N")
        if mistakes:
            raise ConfigError("\n    ".join(mistakes))

    def shard_of(self, position: int) -> bool:
        """Whether the fold at this position is in the shard."""
        if self.shard is None:
            return True
        number, _, of = self.shard.partition("/")
        return position % int(of) == int(number) - 1

    def chosen(self, folds: Sequence[Fold]) -> list[Fold]:
        """The folds that this call is to run."""
        names = [fold.name for fold in folds]
        wanted = [name_of_fold(str(name), names) for name in self.folds or names]
        if unknown := [name for name in wanted if name not in names]:
            raise ConfigError(f"run.folds: there is no fold {', '.join(unknown)}; the folds are {', '.join(names)}")
        return [fold for i, fold in enumerate(folds) if fold.name in wanted and self.shard_of(i)]

    @property
    def threads_a_fold(self) -> int:
        """The number of threads as given, or the cores shared out among the workers."""
        return self.threads or max(1, (os.cpu_count() or 1) // max(self.at_a_time, started_together().local))

    @property
    def at_a_time(self) -> int:
        """How many folds are trained at the same time."""
        return max(1, gpus()) if self.workers == "auto" else self.workers


def is_shard(text: str) -> bool:
    """Whether a text names a shard, such as 2/3."""
    number, _, of = text.partition("/")
    return number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)


def name_of_fold(asked: str, names: Sequence[str]) -> str:
    """The name of the fold that is asked for: 3 stands for 03, as YAML reads both as a number."""
    same = [name for name in names if name.isdigit() and asked.isdigit() and int(name) == int(asked)]
    return same[0] if same else asked


@dataclass(frozen=True)
class Experiment:
    """A planned experiment: every object built, every face prepared, every fold checked for leaks; nothing trained yet."""

    restriction: Restriction
    cohort: Cohort
    learner: Learner
    protocol: EvaluationProtocol
    folds: Sequence[Fold]
    checks: Sequence[Mapping[str, Any]]

    @classmethod
    def plan(cls, what: Mapping[str, Any]) -> "Experiment":
        """Follow the line from the hashed configuration to folds that are proved clean."""
        require_valid(what)
        databases = build_databases(what["data"])
        require_same_content(databases, what["content"])
        records = [(database, database.records()) for database in databases]
        restriction = build(what["labels"], "labels").restrict(by_id(records))
        protocol: EvaluationProtocol = build(what["protocol"], "protocol")
        folds = list(protocol.folds(restriction.records))
        learner = build_learner(what, restriction.labels)
        cohort = prepare_cohort(records, restriction, learner, what["preprocess"])
        checked = leaks.check(map(require_faces, folds), cohort, protocol)
        near = NearLeaks.across(records)
        checks = [
            {"trained": trained_labels(fold, cohort), "leaks": {**counts, **(near.count(fold) if near else {})}}
            for fold, counts in checked
        ]
        seeds = seeds_of(what)
        repeated = for_each_seed([fold for fold, _ in checked], seeds)
        if what["train_images"] is not None:
            expression_of = {record.id: record.expression for record in cohort.records}
            repeated = [with_few_labels(fold, expression_of, images=what["train_images"]) for fold in repeated]
        require_unseen(repeated, cohort, learner)
        return cls(restriction, cohort, learner, protocol, repeated, checks * len(seeds))

    def described(self, what: Mapping[str, Any]) -> dict[str, Any]:
        """The content of folds.json."""
        return folds_as_json(
            self.folds,
            self.checks,
            protocol=protocol_name(what),
            leaky=self.protocol.leaky,
            labels=list(self.restriction.labels.resolved),
            label_rule=self.restriction.labels.rule,
            images=len(self.restriction.records),
            dropped=dict(self.restriction.dropped),
            merged=dict(self.restriction.merged),
            cropped=list(self.cohort.cropped),
            not_found=dict(sorted(Counter(i.partition("/")[0] for i in self.cohort.not_found).items())),
        )


def open_run(config: Mapping[str, Any], *, title: str, run: RunSettings) -> tuple[RunStore, dict[str, Any]]:
    """The store of this experiment and all that its result depends on, `auto` replaced and content digests filled in.

    Raises what train.py would refuse at once.
    """
    what = {key: config[key] for key in WHAT}
    try:
        content = {database.name: database.digest() for database in build_databases(what["data"])}
    except FerError:
        require_valid(what)  # mistakes of the configuration are said first, and all of them
        raise
    content |= {key: weights_digest(Path(path)) for key, path in named_weights(what).items()}
    if path := what["protocol"].get("file"):
        content["protocol.file"] = file_digest(Path(path)).hex() if Path(path).is_file() else "missing"
    what = {**what, "trainer": resolve_auto(what["trainer"]), "content": content}
    require_started(started_together(), what["trainer"])
    return RunStore.at(Path(run.output), title, without_roots(what)), what


def start_run(store: RunStore, experiment: Experiment, what: Mapping[str, Any], *, run: RunSettings) -> None:
    """Write down what will be run, before anything is trained."""
    recorded = {**provenance(threads=run.threads_a_fold), "roots": roots_of(what)}
    store.create(what=without_roots(what), provenance=recorded, folds=experiment.described(what))


def require_valid(what: Mapping[str, Any]) -> None:
    """Raise ConfigError with every mistake of every group at once; an `auto` is none."""
    what = {**what, "trainer": resolve_auto(what["trainer"])}
    groups = ("labels", "preprocess", "protocol")
    mistakes = [mistake for name, config in what["data"].items() for mistake in find_mistakes(config, f"data.{name}")]
    mistakes += [mistake for group in groups for mistake in find_mistakes(what[group], group)] + learner_mistakes(what)
    seeds = seeds_of(what)
    if not seeds or not all(type(seed) is int and seed >= 0 for seed in seeds) or len(set(seeds)) < len(seeds):
        mistakes.append(f"seed: found {what['seed']!r}, expected a whole number, or several different ones such as [0,1,2]")
    if (images := what["train_images"]) is not None and (type(images) is not int or images < 1):
        mistakes.append(f"train_images: found {images!r}, expected a number of images, or null for all")
    if mistakes:
        raise ConfigError("\n    ".join(mistakes))


def seeds_of(what: Mapping[str, Any]) -> list[int]:
    """The seeds of an experiment; `seed` is one or a list of them."""
    return list(what["seed"]) if isinstance(what["seed"], list | tuple) else [what["seed"]]


def build_databases(config: Mapping[str, Mapping[str, Any]]) -> list[Database]:
    """The databases of an experiment, by name."""
    databases: list[Database] = [build(config[name], f"data.{name}") for name in sorted(config)]
    if twice := [name for name, times in Counter(database.name for database in databases).items() if times > 1]:
        raise ConfigError(f"data: two databases are named {', '.join(twice)}; set data.{twice[0]}.name of one to another name")
    return databases


def require_same_content(databases: Sequence[Database], content: Mapping[str, str]) -> None:
    """Raise DatabaseDamaged where a database is not the one that the run began with."""
    for database in databases:
        if database.digest() != content[database.name]:
            raise DatabaseDamaged(
                f"{database.name} has changed since this run began. Start the command again: it is another run."
            )


def by_id(records: Sequence[tuple[Database, Sequence[FaceRecord]]]) -> list[FaceRecord]:
    """All records of all databases, sorted by id."""
    return sorted((record for _, own in records for record in own), key=lambda record: record.id)


def prepare_cohort(
    records: Sequence[tuple[Database, Sequence[FaceRecord]]],
    restriction: Restriction,
    learner: Learner,
    preprocess: Mapping[str, Any],
    *,
    colour: bool = True,
) -> Cohort:
    """The faces of the experiment at the size that the learner wants; colour only where both sides have it, and unless told."""
    colour = colour and learner.spec.channels == 3 and any(database.colour for database, _ in records)
    prepared = [
        (
            own,
            prepare(
                database,
                own,
                preprocess=build(preprocess, "preprocess"),
                spec=preprocess,
                size=learner.spec.size,
                channels=3 if colour else 1,
            ),
        )
        for database, own in records
    ]
    cropped = [database.name for database, _ in records if database.cropped]
    return Cohort.join(prepared, records=restriction.records, labels=restriction.labels, cropped=cropped)


def trained_labels(fold: Fold, cohort: Cohort) -> list[str]:
    """The labels that the training part has images of, in their order; a model knows no others."""
    found = {cohort.records[i].expression for i in cohort.positions(fold.train)}
    return [name for name in cohort.labels.resolved if name in found]


def require_faces(fold: Fold) -> Fold:
    """The fold, every part of which has faces."""
    if empty := [name for name, ids in fold.parts.items() if not ids]:
        raise ProtocolError(f"fold '{fold.name}' has no faces in {', '.join(empty)}. Use fewer folds, or more images.")
    return fold


def protocol_name(what: Mapping[str, Any]) -> str:
    """The protocol's name in the field's words, from its module: subject_independent, official."""
    return str(what["protocol"]["_target_"]).split(".")[-2]
