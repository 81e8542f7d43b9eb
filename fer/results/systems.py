"""This file defines System, one experiment with all the seeds it was trained with, from one run folder or several."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count, product
from string import ascii_uppercase

from fer.errors import RunError
from fer.results.predictions import Predictions
from fer.results.reading import ENSEMBLE, kind_of, reading_of
from fer.results.repeats import NOT_YET, Repeats
from fer.results.report import pooled
from fer.results.stored_run import Json, PlannedSet, StoredRun


@dataclass(frozen=True)
class System:
    """Runs that differ in nothing but the seed, under the letter that tables and sentences call them by."""

    letter: str
    runs: tuple[StoredRun, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the run folders."""
        return tuple(run.name for run in self.runs)

    @property
    def called(self) -> str:
        """The letter with what it stands for, for messages."""
        more = f" and {len(self.runs) - 1} more" if len(self.runs) > 1 else ""
        return f"{self.letter} ({self.names[0]}{more})"

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of all runs, in the order of the runs."""
        return tuple(seed for run in self.runs for seed in run.plan.seeds)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that the system tells apart."""
        return self.runs[0].plan.labels

    @property
    def reading(self) -> str | None:
        """How its predictions were made, where it is not one network that looks at each face once."""
        return reading_of(self.runs[0].config)

    @property
    def averaged(self) -> bool:
        """Whether it is an ensemble, whose seed says nothing."""
        return kind_of(self.reading) == ENSEMBLE

    @property
    def protocol(self) -> str:
        """The name of the protocol."""
        return self.runs[0].plan.protocol

    @property
    def leaky(self) -> bool:
        """Whether the scores are inflated by what training knew of the test images."""
        return any(run.plan.leaky for run in self.runs)

    @property
    def tests(self) -> dict[str, PlannedSet]:
        """The test sets that every run has."""
        first, *others = (run.plan.tests for run in self.runs)
        return {name: planned for name, planned in first.items() if all(name in other for other in others)}

    @property
    def progress(self) -> str:
        """How many folds are done, in words."""
        done, planned = sum(len(run.folds) for run in self.runs), sum(len(run.plan.folds) for run in self.runs)
        return f"{done} of {planned} folds are done"

    @property
    def complete(self) -> bool:
        """Whether every fold is done."""
        return all(len(run.folds) == len(run.plan.folds) for run in self.runs)

    @cached_property
    def by_seed(self) -> dict[int, Predictions]:
        """The predictions of each seed that has any."""
        tested = {seed: run for run in self.runs for seed in dict.fromkeys(fold.seed for fold in run.folds)}
        return {seed: pooled(run, seed) for seed, run in tested.items()}

    def answers(self, test: str) -> Repeats:
        """The answers of all seeds to one test set; RunError where a seed lacks images that another has."""
        parts = {seed: rows.select(rows.test_set == test) for seed, rows in self.by_seed.items()}
        if not any(map(len, parts.values())):
            raise RunError(f"{self.called} has no predictions on test set {test!r} yet, {go_on(self)}")
        answers = Repeats.line_up(parts)
        missing = int((answers.predicted == NOT_YET).any(axis=0).sum())
        if missing or set(parts) != set(self.seeds):
            raise RunError(
                f"{self.called}: not every seed ({', '.join(map(str, self.seeds))}) has tested the same images of {test!r}: "
                f"{missing or len(answers.id):,} of {len(answers.id):,} lack one, {go_on(self)}"
            )
        return answers

    def cut(self, test: str) -> set[frozenset[str]]:
        """The parts that the folds cut a test set into."""
        return {frozenset(fold.tests[test]) for run in self.runs for fold in run.plan.folds if test in fold.tests}


def go_on(system: System) -> str:
    """What to do about a system that has not tested all images."""
    return f"{system.progress}: give the training command again to go on, or compare runs that have tested the same images."


def pool(runs: Sequence[StoredRun]) -> tuple[System, ...]:
    """The systems that the runs are: runs whose configuration is equal but for the seed are one; in the order given."""
    found: dict[str, list[StoredRun]] = {}
    for run in runs:
        found.setdefault(experiment(run), []).append(run)
    return tuple(system(letter, same) for letter, same in zip(letters(), found.values(), strict=False))


def facing(first: Sequence[StoredRun], second: Sequence[StoredRun]) -> tuple[System, System]:
    """Two systems as the user sets them against each other; RunError where a side is more than one experiment."""
    sides = []
    for letter, runs in (("A", first), ("B", second)):
        if other := next((run for run in runs if experiment(run) != experiment(runs[0])), None):
            keys = [key for key in other.config if other.config[key] != runs[0].config.get(key) and key != "seed"]
            raise RunError(
                f"{other.name} and {runs[0].name} stand on one side but differ in {', '.join(keys) or 'their configuration'}: "
                f"a side of --versus is one experiment with one or several seeds. Compare experiments without --versus."
            )
        sides.append(system(letter, runs))
    if shared := {run.path.resolve() for run in first} & {run.path.resolve() for run in second}:
        raise RunError(f"{min(shared).name} stands on both sides of --versus. Give it on one.")
    return sides[0], sides[1]


def experiment(run: StoredRun) -> str:
    """The run's configuration without the seed, as text that is equal where the experiments are."""
    return experiment_of(run.config)


def experiment_of(config: Json) -> str:
    """The same of a stored configuration."""
    return json.dumps({key: value for key, value in config.items() if key != "seed"}, sort_keys=True)


def system(letter: str, runs: Sequence[StoredRun]) -> System:
    """The system of runs of one experiment; RunError where two have the same seed."""
    owner: dict[int, StoredRun] = {}
    for run in runs:
        for seed in run.plan.seeds:
            if seed in owner:
                raise RunError(
                    f"{run.path} and {owner[seed].path} are the same experiment with the same seed {seed}. "
                    f"Give one of them, or set one against the other: fer compare RUN --versus RUN."
                )
            owner[seed] = run
    return System(letter, tuple(runs))


def letters() -> Iterator[str]:
    """A, B, …, Z, AA, AB, …"""
    return ("".join(letter) for length in count(1) for letter in product(ascii_uppercase, repeat=length))
