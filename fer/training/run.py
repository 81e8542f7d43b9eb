"""This file carries out a run: every fold that is not done yet, here or in worker processes, and the report at the end."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import SimpleQueue
from subprocess import PIPE, STDOUT
from typing import Any

from fer.errors import EXIT_STATUS, FerError, MachineError, RunError
from fer.files import write_atomically
from fer.machine import GOES_ON
from fer.progress import RunProgress
from fer.protocols.base import Fold
from fer.results.store import RunStore, Taken
from fer.training.experiment import Experiment, RunSettings, open_run, start_run
from fer.training.fold import run_fold
from fer.training.how import How, fold_context, fold_line, recorded_threads, threads_line
from fer.training.loggers.configured import require_loggers
from fer.training.loggers.several import troubles
from fer.training.places import roots_of
from fer.training.ranks import require_srun, started_together
from fer.training.together import run_together
from fer.training.worker import TAKEN_STATUS

WAS_KILLED = (
    "was ended by signal 9, as the system does where memory is used up.\n    End other programs, or take fewer run.workers."
)


class FoldFailed(FerError):
    """A worker process that ended with an error; the message is the worker's own."""

    def __str__(self) -> str:
        return str(self.args[0])


def run_experiment(
    config: Mapping[str, Any], *, title: str, run: RunSettings, loggers: Mapping[str, Any]
) -> tuple[RunStore, bool]:
    """Train and test every chosen fold that is not done yet; says whether there was any. Of a complete run nothing is built."""
    require_srun()
    store, what = open_run(config, title=title, run=run)
    store.tidy()
    if store.exists and not left(store, run):
        return store, False
    require_loggers(loggers)
    together = started_together()
    if together.ranks > 1:
        run_together(store, what, together, run=run, loggers=loggers)
        return store, True
    experiment = Experiment.plan(what)
    start_run(store, experiment, what, run=run)
    with RunProgress() as progress:
        progress.say(str(experiment.restriction))
        how = How(run, recorded_threads(store, run), loggers, roots_of(what))
        if line := threads_line(run, how.threads):
            progress.say(line)
        run_folds(store, experiment, how, progress=progress)
    return store, True


def left(store: RunStore, run: RunSettings) -> list[Fold]:
    """The folds that this call is to run and that are not done yet."""
    return [fold for fold in run.chosen(store.folds()) if not store.done(fold.name)]


def run_folds(store: RunStore, experiment: Experiment, how: How, *, progress: RunProgress) -> None:
    """Run folds one after the other, or `run.workers` at a time; several devices train a fold in a worker as well.

    What other processes have taken is left to them; raises Taken where that is all there is to do.
    """
    todo = left(store, how.run)
    progress.start("folds", len(todo))
    devices = experiment.learner.devices
    if how.run.at_a_time > 1 or devices > 1:
        taken = run_in_workers(store, todo, how, devices=devices, progress=progress)
    else:
        taken = run_in_turn(store, todo, experiment, how, progress=progress)
    names = ", ".join(fold.name for fold in taken)
    if len(taken) == len(todo) and not all(store.done(fold.name) for fold in taken):
        raise Taken(f"{names}: every fold that is left of {store.folder} is being run by other processes. Wait for them.")
    if taken:
        progress.say(f"Left to other processes, which are running them or have just finished: {names}")


def run_in_turn(store: RunStore, folds: Sequence[Fold], experiment: Experiment, how: How, *, progress: RunProgress) -> list[Fold]:
    """Run folds one after the other in this process; gives those that other processes have taken."""
    taken = []
    for fold in folds:
        try:
            with store.work(fold.name):
                context = fold_context(store, fold, how, progress=progress)
                run_fold(fold, experiment.cohort, experiment.learner, context)
        except Taken:
            taken.append(fold)
            continue
        progress.advance("folds")
        progress.say(fold_line(store, fold))
    return taken


def run_in_workers(store: RunStore, folds: Sequence[Fold], how: How, *, devices: int, progress: RunProgress) -> list[Fold]:
    """Run each fold in a process of its own, several at a time; gives those that other processes have taken.

    What fails is said after the others have ended.
    """
    failures: list[FoldFailed] = []
    taken: list[Fold] = []
    places: SimpleQueue[dict[str, str]] = SimpleQueue()
    for place in range(how.run.at_a_time):
        places.put(worker_environment(place, devices))
    with ThreadPoolExecutor(how.run.at_a_time) as pool:
        started = {pool.submit(run_in_place, places, store, fold, how): fold for fold in folds}
        for future in as_completed(started):
            try:
                output = future.result()
            except FoldFailed as failure:
                failures.append(failure)
                continue
            except Taken:
                taken.append(started[future])
                continue
            progress.advance("folds")
            for line in (*troubles(output), fold_line(store, started[future])):
                progress.say(line)
    if failures:
        raise failures[0]
    return sorted(taken, key=folds.index)


def run_in_place(places: "SimpleQueue[dict[str, str]]", store: RunStore, fold: Fold, how: How) -> str:
    """Run one fold where no other one is running, and give what it said; raises Taken where that is up to another process."""
    store.require_undone(fold.name)
    environment = places.get()
    try:
        return run_worker(store, fold, how, environment)
    finally:
        places.put(environment)


def run_worker(store: RunStore, fold: Fold, how: How, environment: Mapping[str, str]) -> str:
    """Run one fold in a worker process, and give its output; that of a worker that breaks down is kept in a log."""
    log = store.folds_folder / f".{fold.name}.log"
    worker = [sys.executable, "-m", "fer.training.worker"]
    status, said = outcome([*worker, str(store.folder), fold.name, how.to_json()], environment)
    if status == TAKEN_STATUS:
        raise Taken(f"fold {fold.name} of {store.folder} is being run by another process, or was just finished by it.")
    if status == EXIT_STATUS:
        raise FoldFailed(said.strip())
    if status == -signal.SIGKILL:
        raise FoldFailed(str(MachineError(f"fold {fold.name} {WAS_KILLED} {GOES_ON}")))
    if status:
        write_atomically(log, said)
        raise FoldFailed(str(RunError(f"fold {fold.name} ended with status {status}; its output is in {log}")))
    log.unlink(missing_ok=True)
    return said


def outcome(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """The exit status of a command and what it said; its standard input is a pipe, which is closed when this process dies."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        with subprocess.Popen(command, stdin=PIPE, stdout=output, stderr=STDOUT, env=environment) as process:
            status = process.wait()
        output.seek(0)
        return status, output.read()


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
