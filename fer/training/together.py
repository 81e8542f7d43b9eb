"""This file carries out a run in processes that torchrun or srun has started: all of them train every fold together."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from fer.errors import ConfigError
from fer.progress import RunProgress
from fer.results.store import RunStore
from fer.training.experiment import Experiment, RunSettings, start_run
from fer.training.fold import run_fold
from fer.training.how import How, fold_context, fold_line, recorded_threads, threads_line
from fer.training.places import roots_of
from fer.training.ranks import Ranks


def run_together(
    store: RunStore, what: Mapping[str, Any], together: Ranks, *, run: RunSettings, loggers: Mapping[str, Any]
) -> None:
    """Train and test every chosen fold that is not done yet, in step with the other processes; the first one writes."""
    experiment = Experiment.plan(what)
    require_as_many(together, experiment.learner.devices)
    if together.is_first:
        start_run(store, experiment, what, run=run)
    todo = [fold for fold in run.chosen(experiment.folds) if not store.done(fold.name)]
    how = How(run, recorded_threads(store, run), loggers, roots_of(what))
    with RunProgress() as progress:
        if together.is_first and (line := threads_line(run, how.threads)):
            progress.say(line)
        progress.start("folds", len(todo))
        for fold in todo:
            with store.work(fold.name) if together.is_first else nullcontext():
                run_fold(fold, experiment.cohort, experiment.learner, fold_context(store, fold, how, progress=progress))
            if together.is_first:
                progress.advance("folds")
                progress.say(fold_line(store, fold))


def require_as_many(together: Ranks, devices: int) -> None:
    """Raise ConfigError unless the experiment wants as many processes as were started; classical models want one."""
    if devices != together.ranks:
        raise ConfigError(
            f"model: it learns in {devices} process{'es' * (devices > 1)}, but {together.ranks} were started together. "
            f"Start one; run.workers and run.shard share out the folds."
        )
