"""This file plans a test of a run's trained networks on a database that they never saw, whole.

The networks' own training data need not be here: what they have seen is recorded beside their weights.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fer.build import locate
from fer.data.cohort import Cohort
from fer.data.database import Database
from fer.errors import LeakError, RunError
from fer.labels import LabelSpace, Restriction
from fer.protocols.base import Fold
from fer.results.store import RunStore, folds_as_json
from fer.results.stored_run import StoredRun
from fer.training.experiment import prepare_cohort
from fer.training.learner import Learner
from fer.training.learners import build_learner
from fer.training.seen import Seen
from fer.training.start import NAMED, WEIGHTS

#: The protocol that this is: trained on some databases, tested on another.
PROTOCOL = "cross_database"


@dataclass(frozen=True)
class Retest:
    """The faces of the other database, the learner to restore, the folds with their new tests, and what folds.json says."""

    cohort: Cohort
    learner: Learner
    folds: Sequence[Fold]
    described: Mapping[str, Any]


def plan_elsewhere(run: StoredRun, database: Database, what: Mapping[str, Any]) -> Retest:
    """Plan the test of every fold that the run has trained; `what` is the run's configuration as this machine has it.

    Raises LeakError where the networks have seen an image or a person of the database; with a copy of an image, the test
    set gets a `_clean` one beside it. Raises RunError where several networks would answer for the same image.
    """
    folds = require_one_cut(run)
    records = database.records()
    restriction = labels_of(run).restrict(records)
    learner = build_learner(what, restriction.labels)
    cohort = prepare_cohort([(database, records)], restriction, learner, what["preprocess"], colour=trained_in_colour(run.config))
    seen = {fold.name: Seen.beside(run.path / "folds" / fold.name / WEIGHTS) for fold in folds}
    copies = {name: of.copied_among(cohort) for name, of in seen.items()}
    for name, of in seen.items():
        refuse_known(name, of.met_among(cohort), database)
    ids = tuple(record.id for record in cohort.records)
    copied = frozenset().union(*copies.values())
    tests = {database.name: ids}
    if copied:
        tests[f"{database.name}_clean"] = tuple(i for i in ids if i not in copied)
    retested = [Fold(f.name, f.train, f.val, tests, f.val_published, f.seed, f.unlabelled) for f in folds]
    return Retest(cohort, learner, retested, described(run, restriction, cohort, retested, copies))


def require_one_cut(run: StoredRun) -> list[Fold]:
    """The folds that the run has trained; RunError where they are cut differently, and would all answer for every image."""
    done = {fold.name for fold in run.folds}
    folds = [fold for fold in RunStore(run.path).folds() if fold.name in done]
    if len({fold.cut for fold in RunStore(run.path).folds()}) > 1:
        raise RunError(
            f"{run.path} has several folds, each with a network of its own, and every one could answer for an image elsewhere. "
            f"Give a run with one fold, such as protocol=official, or train on the whole database: protocol=cross_database."
        )
    return folds


def labels_of(run: StoredRun) -> LabelSpace:
    """The labels that the run's networks know, in the other database's own words."""
    return LabelSpace(names=run.plan.labels, merge=run.config["labels"].get("merge") or {})


def trained_in_colour(config: Mapping[str, Any]) -> bool:
    """Whether some database that the run was trained on has colour: a network that has seen grey alone is shown grey."""
    return any(data.get("colour", getattr(locate(str(data["_target_"])), "colour", False)) for data in config["data"].values())


def refuse_known(fold: str, met: Sequence[str], database: Database) -> None:
    """Raise LeakError where a network has seen images of the database, or the people in them."""
    if met:
        some = ", ".join(met[:NAMED]) + (", …" if len(met) > NAMED else "")
        raise LeakError(
            f"fold '{fold}': its network was trained or chosen on {len(met)} images of {database.name}, or on the people in "
            f"them: {some}.\n    Test it on a database that it has not seen; its own test images are in the run already."
        )


def described(
    run: StoredRun, restriction: Restriction, cohort: Cohort, folds: Sequence[Fold], copies: Mapping[str, frozenset[str]]
) -> dict[str, Any]:
    """The content of folds.json."""
    (database,) = {record.id.partition("/")[0] for record in cohort.records}
    trained = {fold.name: fold.trained for fold in run.plan.folds}
    leak = f"exact or mirrored copy: train → test {database!r}"
    checks = [{"trained": list(trained[f.name]), "leaks": {leak: len(found)} if (found := copies[f.name]) else {}} for f in folds]
    return folds_as_json(
        folds,
        checks,
        protocol=PROTOCOL,
        leaky=run.plan.leaky,
        labels=list(run.plan.labels),
        label_rule=restriction.labels.rule,
        images=len(cohort.records),
        dropped=dict(restriction.dropped),
        merged=dict(restriction.merged),
        cropped=list(cohort.cropped),
        not_found=dict(sorted(Counter(i.partition("/")[0] for i in cohort.not_found).items())),
    )
