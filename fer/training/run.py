"""This file carries out a run: every fold that is not done yet, here or in worker processes, and the report at the end."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from typing import Any

from fer.errors import EXIT_STATUS, FerError, RunError
from fer.progress import RunProgress
from fer.protocols.base import Fold
from fer.results.store import RunStore
from fer.training.experiment import Experiment, RunSettings, open_run, start_run
from fer.training.fold import fold_seed, run_fold
from fer.training.learner import FoldContext
from fer.training.places import roots_of


class FoldFailed(FerError):
    """A worker process that ended with an error; the message is the worker's own."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class How:
    """How a run is carried out on this machine, which no result depends on but for the threads in its last digits."""

    run: RunSettings
    threads: int
    loggers: Mapping[str, Any]
    roots: Mapping[str, str]

    def to_json(self) -> str:
        """The same as text, for a worker's command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "How":
        """What `to_json` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "run": RunSettings(**fields["run"])})


def run_experiment(
    config: Mapping[str, Any], *, title: str, run: RunSettings, loggers: Mapping[str, Any]
) -> tuple[RunStore, bool]:
    """Train and test every chosen fold that is not done yet; says whether there was any. Of a complete run nothing is built."""
    store, what = open_run(config, title=title, run=run)
    if store.exists and not left(store, run):
        return store, False
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
    if how.run.workers > 1 or experiment.learner.devices > 1:
        return run_in_workers(store, todo, how, progress=progress)
    for fold in todo:
        with store.work(fold.name):
            context = fold_context(store, fold, how, progress=progress)
            run_fold(fold, experiment.cohort, experiment.learner, context)
        progress.advance("folds")
        progress.say(fold_line(store, fold))


def fold_context(store: RunStore, fold: Fold, how: How, *, progress: RunProgress) -> FoldContext:
    """Where and how a fold is learned."""
    return FoldContext(
        run=store.folder.name,
        name=fold.name,
        folder=store.working(fold.name),
        seed=fold_seed(fold.seed, fold.cut),
        threads=how.threads,
        cut=fold.cut,
        val_published=fold.val_published,
        loader_workers=how.run.loader_workers,
        loggers=how.loggers,
        progress=progress,
    )


def run_in_workers(store: RunStore, folds: Sequence[Fold], how: How, *, progress: RunProgress) -> None:
    """Run each fold in a process of its own, `run.workers` at a time; what fails is said after the others have ended."""
    failures: list[FoldFailed] = []
    with ThreadPoolExecutor(how.run.workers) as pool:
        started = {pool.submit(run_worker, store, fold, how, gpu_turn=i): fold for i, fold in enumerate(folds)}
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


def run_worker(store: RunStore, fold: Fold, how: How, *, gpu_turn: int) -> None:
    """Run one fold in a worker process; its output goes to a log beside the fold's folder."""
    store.folds_folder.mkdir(parents=True, exist_ok=True)
    log = store.folds_folder / f".{fold.name}.log"
    command = [sys.executable, "-m", "fer.training.worker", str(store.folder), fold.name, how.to_json()]
    with log.open("w") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, env=worker_environment(gpu_turn), check=False)
    if done.returncode == EXIT_STATUS:
        raise FoldFailed(log.read_text().strip())
    if done.returncode != 0:
        raise FoldFailed(str(RunError(f"fold {fold.name} ended with status {done.returncode}; its output is in {log}")))
    log.unlink()


def worker_environment(gpu_turn: int) -> dict[str, str]:
    """The environment of a worker: among several GPUs, workers take turns at being given one first.

    A learner that has not loaded torch by now has no use for a GPU.
    """
    torch = sys.modules.get("torch")
    gpus = torch.cuda.device_count() if torch else 0
    if gpus < 2:
        return dict(os.environ)
    order = os.environ.get("CUDA_VISIBLE_DEVICES", ",".join(map(str, range(gpus)))).split(",")
    turn = gpu_turn % len(order)
    return {**os.environ, "CUDA_VISIBLE_DEVICES": ",".join(order[turn:] + order[:turn])}


def fold_line(store: RunStore, fold: Fold) -> str:
    """One line about a fold that is done: what was chosen. Its test result waits for the table."""
    card = store.card(fold.name)
    seconds = f", {card['seconds']:.0f} s" if "seconds" in card else ""
    return f"fold {fold.name}: {card['train_images']:,} training images{choice(card.get('selection', {}))}{seconds}"


def choice(selection: Mapping[str, Any]) -> str:
    """What validation chose, an epoch or settings, and its value there; nothing where nothing was chosen."""
    if "value" not in selection:
        return ""
    settings = ", ".join(f"{name} {value:g}" for name, value in selection.get("chosen", {}).items())
    place = settings or f"epoch {selection['epoch']} of {selection['epochs']}"
    return f", {selection['monitor']} {selection['value']:.3f} at {place}"
