"""This file carries out a run: every fold that is not done yet, here or in worker processes, and the report at the end."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import SimpleQueue
from typing import Any

from fer.errors import EXIT_STATUS, FerError, RunError
from fer.progress import RunProgress
from fer.protocols.base import Fold
from fer.results.store import RunStore
from fer.training.experiment import Experiment, RunSettings, open_run, start_run
from fer.training.fold import run_fold
from fer.training.how import How, fold_context, fold_line
from fer.training.places import roots_of
from fer.training.ranks import started_together
from fer.training.together import run_together


class FoldFailed(FerError):
    """A worker process that ended with an error; the message is the worker's own."""

    def __str__(self) -> str:
        return str(self.args[0])


def run_experiment(
    config: Mapping[str, Any], *, title: str, run: RunSettings, loggers: Mapping[str, Any]
) -> tuple[RunStore, bool]:
    """Train and test every chosen fold that is not done yet; says whether there was any. Of a complete run nothing is built."""
    store, what = open_run(config, title=title, run=run)
    if store.exists and not left(store, run):
        return store, False
    together = started_together()
    if together.ranks > 1:
        run_together(store, what, together, run=run, loggers=loggers)
        return store, True
    experiment = start_run(store, what, run=run)
    with RunProgress() as progress:
        progress.say(str(experiment.restriction))
        how = How(run, recorded_threads(store, run, progress), loggers, roots_of(what))
        run_folds(store, experiment, how, progress=progress)
    return store, True


def left(store: RunStore, run: RunSettings) -> list[Fold]:
    """The folds that this call is to run and that are not done yet."""
    return [fold for fold in run.chosen(store.folds()) if not store.done(fold.name)]


def recorded_threads(store: RunStore, run: RunSettings, progress: RunProgress) -> int:
    """The threads a fold that the run began with, so that all its folds are computed alike."""
    recorded = int(store.provenance["threads"])
    if run.threads is not None and run.threads != recorded:
        progress.say(f"This run began with {recorded} threads a fold; it goes on with them rather than with {run.threads}.")
    return recorded


def run_folds(store: RunStore, experiment: Experiment, how: How, *, progress: RunProgress) -> None:
    """Run folds one after the other, or `run.workers` at a time; several devices train a fold in a worker as well."""
    todo = left(store, how.run)
    progress.start("folds", len(todo))
    devices = experiment.learner.devices
    if how.run.at_a_time > 1 or devices > 1:
        return run_in_workers(store, todo, how, devices=devices, progress=progress)
    for fold in todo:
        with store.work(fold.name):
            context = fold_context(store, fold, how, progress=progress)
            run_fold(fold, experiment.cohort, experiment.learner, context)
        progress.advance("folds")
        progress.say(fold_line(store, fold))


def run_in_workers(store: RunStore, folds: Sequence[Fold], how: How, *, devices: int, progress: RunProgress) -> None:
    """Run each fold in a process of its own, several at a time; what fails is said after the others have ended."""
    failures: list[FoldFailed] = []
    places: SimpleQueue[dict[str, str]] = SimpleQueue()
    for place in range(how.run.at_a_time):
        places.put(worker_environment(place, devices))
    with ThreadPoolExecutor(how.run.at_a_time) as pool:
        started = {pool.submit(run_in_place, places, store, fold, how): fold for fold in folds}
        for future in as_completed(started):
            try:
                future.result()
            except FoldFailed as failure:
                failures.append(failure)
                continue
            progress.advance("folds")
            progress.say(fold_line(store, started[future]))
    if failures:
        raise failures[0]


def run_in_place(places: "SimpleQueue[dict[str, str]]", store: RunStore, fold: Fold, how: How) -> None:
    """Run one fold where no other one is running."""
    environment = places.get()
    try:
        run_worker(store, fold, how, environment)
    finally:
        places.put(environment)


def run_worker(store: RunStore, fold: Fold, how: How, environment: Mapping[str, str]) -> None:
    """Run one fold in a worker process; its output goes to a log beside the fold's folder."""
    store.folds_folder.mkdir(parents=True, exist_ok=True)
    log = store.folds_folder / f".{fold.name}.log"
    command = [sys.executable, "-m", "fer.training.worker", str(store.folder), fold.name, how.to_json()]
    with log.open("w") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, env=environment, check=False)
    if done.returncode == EXIT_STATUS:
        raise FoldFailed(log.read_text().strip())
    if done.returncode != 0:
        raise FoldFailed(str(RunError(f"fold {fold.name} ended with status {done.returncode}; its output is in {log}")))
    log.unlink()


def worker_environment(place: int, devices: int) -> dict[str, str]:
    """The environment of the workers in a place: `devices` GPUs of their own, among several.

    More places than that share the GPUs, in turn. A learner that has not loaded torch by now has no use for a GPU.
    """
    torch = sys.modules.get("torch")
    found = torch.cuda.device_count() if torch else 0
    if found < 2:
        return dict(os.environ)
    order = os.environ.get("CUDA_VISIBLE_DEVICES", ",".join(map(str, range(found)))).split(",")
    first = place * devices % len(order)
    return {**os.environ, "CUDA_VISIBLE_DEVICES": ",".join((order[first:] + order[:first])[:devices])}
