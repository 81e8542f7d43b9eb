"""This file averages the probabilities of several trainings, and stores the result as a run like any other.

Nothing is trained and nothing chosen: every member counts the same, and its test images are those of the other members.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fer.errors import RunError
from fer.files import write_json
from fer.protocols.base import Fold
from fer.results.members import Member
from fer.results.predictions import Predictions, write_predictions
from fer.results.report import selection_rule
from fer.results.store import RunStore, folds_as_json
from fer.results.stored_run import StoredFold, databases_of

Json = Mapping[str, Any]


def ensemble_store(members: Sequence[Member], output: Path) -> RunStore:
    """The run folder of the ensemble below `output`, whether or not it was written yet."""
    tested = (image for fold in members[0].planned.values() for ids in fold.tests.values() for image in ids)
    config = ensemble_config(members)
    databases = sorted(config["data"]) or databases_of(tested)
    return RunStore.at(output, f"{'+'.join(databases)}-ensemble-{members[0].run.plan.protocol}", config)


def write_ensemble(store: RunStore, members: Sequence[Member], *, provenance: Json) -> bool:
    """Average every fold that is not done yet; says whether there was any. RunError where members differ in a target."""
    store.create(what=ensemble_config(members), provenance=provenance, folds=ensemble_folds(members))
    todo = store.todo()
    for fold in todo:
        parts = [member.folds[fold.name] for member in members]
        predictions = mean([replace(part.predictions, fold=np.full(len(part.predictions), fold.name)) for part in parts])
        with store.work(fold.name) as folder:
            write_predictions(folder / "predictions.csv", predictions)
            write_json(folder / "card.json", card(fold.name, members, parts))
    return bool(todo)


def mean(parts: Sequence[Predictions]) -> Predictions:
    """The mean probabilities of several predictions of the same images, in the order of the first one's rows."""
    first, *others = parts
    total = first.probabilities.astype(np.float64)
    for other in others:
        row = {key: i for i, key in enumerate(keys(other))}
        rows = other.select(np.array([row[key] for key in keys(first)], np.int64))
        require_same_people(first, rows)
        total += rows.probabilities
    return replace(first, probabilities=(total / len(parts)).astype(np.float32))


def keys(predictions: Predictions) -> Iterable[tuple[str, str]]:
    """What tells a row from others: its test set and its image."""
    return zip(predictions.test_set.tolist(), predictions.id.tolist(), strict=True)


def require_same_people(a: Predictions, b: Predictions) -> None:
    """RunError where the same rows have another target or another person."""
    for what, of_a, of_b in (("label", a.target, b.target), ("person", a.subject, b.subject)):
        differ = np.flatnonzero(of_a != of_b)
        if len(differ):
            raise RunError(
                f"the members do not have the same {what} for {len(differ)} of {len(a)} images of fold {a.fold[0]}, such as "
                f"{a.id[differ[0]]}: they were trained on other versions of the database. Train one of them again."
            )


def ensemble_config(members: Sequence[Member]) -> dict[str, Any]:
    """What the members' configurations have in common, who they are, and digests of what they predicted."""
    configs = [member.run.config for member in members]
    common = {key: value for key, value in shared(configs).items() if key not in ("seed", "features")}
    databases = [name for name in configs[0].get("data", {}) if all(name in config.get("data", {}) for config in configs)]
    return {
        **common,
        "data": {name: shared([config["data"][name] for config in configs]) for name in databases},
        "content": {**shared([config.get("content", {}) for config in configs]), **{m.name: m.digest for m in members}},
        "model": {"name": f"mean of {len(members)}: {models(members)}"},
        "ensemble": [member.name for member in members],
    }


def shared(mappings: Sequence[Json]) -> dict[str, Any]:
    """The keys that have the same value in all mappings."""
    first, *others = mappings
    return {key: value for key, value in first.items() if all(key in other and other[key] == value for other in others)}


def models(members: Sequence[Member]) -> str:
    """The members' models, each with its number: CompactCnn ×2, FaceVgg."""
    counted = sorted(Counter(member.model for member in members).items())
    return ", ".join(name if times == 1 else f"{name} ×{times}" for name, times in counted)


def ensemble_folds(members: Sequence[Member]) -> dict[str, Any]:
    """The content of folds.json: the cuts that the members share, without seeds, and all that was found in any of them."""
    plans = [member.run.plan for member in members]
    stored = [stored_folds(member) for member in members]
    folds = [joined([of[cut] for of in stored]) for cut in stored[0]]
    checks = [check(members, fold.name) for fold in folds]
    return folds_as_json(
        folds,
        checks,
        protocol=plans[0].protocol,
        leaky=plans[0].leaky,
        labels=list(plans[0].labels),
        label_rule=plans[0].label_rule,
        images=len({image for fold in folds for ids in fold.parts.values() for image in ids}),
        dropped=largest([plan.dropped for plan in plans]),
        merged=largest([plan.merged for plan in plans]),
        cropped=sorted({name for plan in plans for name in plan.cropped}),
        not_found=largest([plan.not_found for plan in plans]),
    )


def stored_folds(member: Member) -> dict[str, Fold]:
    """The folds of a member with all their parts, by the name of their cut."""
    return {fold.cut: fold for fold in RunStore(member.run.path).folds() if fold.seed == member.seed}


def joined(folds: Sequence[Fold]) -> Fold:
    """One fold for all: it trains on what any member trained on, and what chose but trained none is its validation."""
    train = {image for fold in folds for image in fold.train}
    val = {image for fold in folds for image in fold.val} - train
    unlabelled = {image for fold in folds for image in fold.unlabelled} - train - val
    return Fold(
        name=folds[0].cut,
        train=tuple(sorted(train)),
        val=tuple(sorted(val)),
        tests=folds[0].tests,
        val_published=all(fold.val_published for fold in folds),
        unlabelled=tuple(sorted(unlabelled)),
    )


def check(members: Sequence[Member], cut: str) -> dict[str, Any]:
    """The labels that some member was trained on, and the largest count of each kind of leak in any of them."""
    planned = [member.planned[cut] for member in members]
    trained = {label for fold in planned for label in fold.trained}
    in_order = [label for label in members[0].run.plan.labels if label in trained]
    return {"trained": in_order, "leaks": largest([fold.leaks for fold in planned])}


def largest(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """The largest count under each name."""
    return {name: max(of.get(name, 0) for of in counts) for name in dict.fromkeys(name for of in counts for name in of)}


def card(fold: str, members: Sequence[Member], parts: Sequence[StoredFold]) -> dict[str, Any]:
    """How the members of a fold were chosen, how many parameters they have together, and how long they took together."""
    known = [{"member": member.name, **facts(part.card)} for member, part in zip(members, parts, strict=True)]
    counts = [of["parameters"] for of in known if "parameters" in of]
    rules = dict.fromkeys(selection_rule(of.get("selection") or {}) for of in known)
    return {
        "schema": 1,
        "fold": fold,
        "labels": list(members[0].run.plan.labels),
        "selection": {"rule": f"each member: {'; or '.join(rules)}; nothing was chosen for the ensemble"},
        **({"parameters": sum(counts)} if len(counts) == len(known) else {}),
        "seconds": round(sum(of.get("seconds", 0.0) for of in known), 3),
        "members": known,
    }


def facts(stored: Json) -> dict[str, Any]:
    """What the card of an ensemble keeps of a member's."""
    return {key: stored[key] for key in ("model", "selection", "start", "teacher", "parameters", "seconds") if key in stored}
