"""This file defines Member, one training of every fold out of a finished run, and refuses members that do not fit together."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer.errors import RunError
from fer.results.reading import reading_of
from fer.results.report import model_name
from fer.results.stored_run import PLAN, PlannedFold, StoredFold, StoredRun, read_run
from fer.results.systems import experiment

#: What members must have in common besides their test images, by the words for it.
COMMON: Mapping[str, Callable[[StoredRun], Any]] = {
    "protocol": lambda run: run.plan.protocol,
    "labels": lambda run: run.plan.labels,
    "rule for labels": lambda run: run.plan.label_rule,
    "train_images": lambda run: run.config.get("train_images"),
    "leaky protocol": lambda run: run.plan.leaky,
    "reading of a face (fer evaluate)": lambda run: reading_of(run.config) or "one look",
}


@dataclass(frozen=True)
class Member:
    """All folds of a finished run that were trained with one of its seeds."""

    run: StoredRun
    seed: int

    @property
    def name(self) -> str:
        """The name of the run folder, and the seed where the run has several."""
        return self.run.name if len(self.run.plan.seeds) == 1 else f"{self.run.name} seed {self.seed}"

    @property
    def model(self) -> str:
        """What a reader calls the model."""
        return model_name(self.run.config)

    @property
    def planned(self) -> dict[str, PlannedFold]:
        """What was planned of each fold, by the name of its cut."""
        return {cut_of(fold): fold for fold in self.run.plan.folds if fold.seed == self.seed}

    @property
    def folds(self) -> dict[str, StoredFold]:
        """The folds by the name of their cut."""
        return {cut_of(fold): fold for fold in self.run.folds if fold.seed == self.seed}

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits of all predictions."""
        files = [self.run.path / "folds" / fold.name / "predictions.csv" for fold in self.folds.values()]
        return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()[:16]


def cut_of(fold: PlannedFold | StoredFold) -> str:
    """The name that the protocol gave a fold, which the trainings of several seeds share."""
    return fold.name.removesuffix(f"-seed{fold.seed}")


def read_members(paths: Sequence[Path]) -> tuple[Member, ...]:
    """A member a run and seed, sorted by name; RunError where there are too few, or where they do not fit together."""
    runs = [require_finished(read_run(path)) for path in paths]
    members = [Member(run, seed) for run in runs for seed in run.plan.seeds]
    require_different(members)
    if len(members) < 2:
        raise RunError(
            f"{members[0].name} is one network, and an ensemble has at least two: "
            f"give more runs, or one that was trained with several seeds (seed=[0,1,2])."
        )
    for other in members[1:]:
        require_alike(members[0], other)
    return tuple(sorted(members, key=lambda member: (member.name, member.seed)))


def require_finished(run: StoredRun) -> StoredRun:
    """The run; RunError where a fold is not done, or where it is an ensemble itself."""
    if run.config.get("ensemble"):
        raise RunError(
            f"{run.path} is an ensemble itself, and an average of averages weighs networks unequally. "
            f"Give its members: {', '.join(run.config['ensemble'])}."
        )
    done = {fold.name for fold in run.folds}
    if left := [fold.name for fold in run.plan.folds if fold.name not in done]:
        raise RunError(
            f"{run.path} is not finished: {len(left)} of {len(run.plan.folds)} folds are still to do ({', '.join(left)}). "
            f"Give the command that made it again to go on."
        )
    return run


def require_different(members: Sequence[Member]) -> None:
    """RunError where two members are the same experiment with the same seed, wherever they lie."""
    owner: dict[tuple[str, int], Member] = {}
    for member in members:
        first = owner.setdefault((experiment(member.run), member.seed), member)
        if first is not member:
            raise RunError(
                f"{member.run.path} with seed {member.seed} is in {first.run.path} already: the same experiment with the same "
                f"seed would count twice. Give it once."
            )


def require_alike(first: Member, other: Member) -> None:
    """RunError unless both were measured in the same way on the same images."""
    for what, value in COMMON.items():
        a, b = value(first.run), value(other.run)
        if a != b:
            raise RunError(
                f"{first.name} and {other.name} do not have the same {what}: found {shown(a)} and {shown(b)}. "
                f"Only runs that were measured in the same way can be averaged."
            )
    a_tests, b_tests = ({cut: tests_of(fold) for cut, fold in member.planned.items()} for member in (first, other))
    if a_tests != b_tests:
        raise RunError(
            f"{first.name} and {other.name} have not tested the same images in the same folds: {difference(a_tests, b_tests)}.\n"
            f"    A network that trained on another one's test images must not answer for it. Train one of them with the data, "
            f"protocol and protocol.seed of the other ({PLAN} has the folds)."
        )


def tests_of(fold: PlannedFold) -> dict[str, frozenset[str]]:
    """The ids of each test set of a fold."""
    return {name: frozenset(ids) for name, ids in fold.tests.items()}


def difference(a: Mapping[str, Mapping[str, frozenset[str]]], b: Mapping[str, Mapping[str, frozenset[str]]]) -> str:
    """The first difference between the test sets of two members' folds."""
    if a.keys() != b.keys():
        return f"found the folds {', '.join(a)} and {', '.join(b)}"
    cut = next(cut for cut in a if a[cut] != b[cut])
    if a[cut].keys() != b[cut].keys():
        return f"fold {cut} has the test sets {', '.join(a[cut])} and {', '.join(b[cut])}"
    test = next(test for test in a[cut] if a[cut][test] != b[cut][test])
    only_a, only_b = a[cut][test] - b[cut][test], b[cut][test] - a[cut][test]
    return f"fold {cut}, test set {test!r}: {len(only_a)} images only the first has, {len(only_b)} only the second"


def shown(value: Any) -> str:
    """A value as a message shows it."""
    return ", ".join(value) if isinstance(value, tuple) else json.dumps(value)
