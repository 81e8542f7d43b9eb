"""This file pools run folders that differ in their seed alone, so that they are reported like one run of several seeds."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fer.protocols.base import seeded_name
from fer.results.report import Report, make_report
from fer.results.stored_run import PlannedFold, StoredFold, StoredRun, read_object, read_run
from fer.results.systems import experiment_of


def pooled_reports(paths: Sequence[Path]) -> Iterator[Report]:
    """The report of each experiment that has several run folders with different seeds, in the order of the folders."""
    groups: dict[str, list[Path]] = {}
    for path in paths:
        groups.setdefault(experiment_of(read_object(path / "config.json")), []).append(path)
    for same in groups.values():
        if len(same) > 1 and (run := joined([read_run(path) for path in same])):
            title = same[0].resolve().name.rpartition("-")[0]
            yield replace(make_report(run), run=f"{title}, {len(run.plan.seeds)} seeds of {len(same)} runs")


def joined(runs: Sequence[StoredRun]) -> StoredRun | None:
    """The runs as one, the name of each fold saying its seed; None where two have the same seed."""
    seeds = [seed for run in runs for seed in run.plan.seeds]
    if len(set(seeds)) < len(seeds):
        return None
    planned = tuple(renamed_plan(fold) for run in runs for fold in run.plan.folds)
    done = tuple(renamed_fold(fold) for run in runs for fold in run.folds)
    return replace(runs[0], plan=replace(runs[0].plan, folds=planned), folds=done)


def renamed_plan(fold: PlannedFold) -> PlannedFold:
    """The planned fold under a name that says its seed."""
    return replace(fold, name=seeded_name(fold.name, fold.seed))


def renamed_fold(fold: StoredFold) -> StoredFold:
    """The fold and its predictions under a name that says its seed."""
    name = seeded_name(fold.name, fold.seed)
    predictions = replace(fold.predictions, fold=np.full(len(fold.predictions), name))
    return replace(fold, name=name, predictions=predictions)
