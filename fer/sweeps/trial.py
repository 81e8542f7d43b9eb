"""This file carries out one trial: its run, watched epoch by epoch, and the value that the run has on validation."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from optuna import TrialPruned
from optuna.trial import Trial

from fer.errors import RunError
from fer.files import refusals
from fer.results.store import RunStore, locked
from fer.sweeps.attempts import PLACE, RUN
from fer.sweeps.objective import Epochs, measured
from fer.sweeps.program import ProgramFailed, has_ended, require_success, started
from fer.sweeps.search_space import settings_of
from fer.sweeps.sweep_file import SweepFile

#: Seconds between two looks at a running program.
LOOK = 0.5

#: The value of a trial where nothing is measured: Optuna knows no trial that is done without one.
UNMEASURED = 0.0


class Stopped(Exception):
    """The user stopped the sweep in the middle of a trial."""


@dataclass(frozen=True)
class Conditions:
    """What all trials of a worker have in common.

    `foresee` says from a trial's overrides where its run will lie; `further` overrides are those of this machine; `folder`
    is for logs; `stop` is set when the user wants an end; `environment` is asked for that of a program when it is started.
    """

    sweep: SweepFile
    foresee: Callable[[Sequence[str]], RunStore]
    further: tuple[str, ...]
    folder: Path
    stop: Event
    environment: Callable[[], Mapping[str, str]] = os.environ.copy


def carry_out(trial: Trial, conditions: Conditions) -> float:
    """Run a trial, unless its run is complete already, and return its value.

    Raises TrialPruned, ProgramFailed, Stopped, or the FerError of a trial that cannot even begin.
    """
    sweep = conditions.sweep
    settings = settings_of(sweep.parameters, trial.params)
    store = conditions.foresee(sweep.command.overrides(settings, further=conditions.further))
    trial.set_user_attr(RUN, store.folder.name)
    epochs = Epochs(store, sweep.objective.metric) if sweep.objective else None
    with alone(store, conditions):
        while not store.complete:
            run(trial, store, sweep.command.line(settings, further=conditions.further), epochs, conditions)
    if sweep.objective is None or epochs is None:
        return UNMEASURED
    report(trial, epochs)  # what is left, for others to be compared with; this trial has come to its end
    return measured(store, sweep.objective.metric)


@contextmanager
def alone(store: RunStore, conditions: Conditions) -> Iterator[None]:
    """Wait until no other trial has the same run, to which several drawings can lead, and keep others waiting."""
    lock = conditions.folder.parent / ".locks" / store.folder.name
    with refusals(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(locked(lock, store.folder.name))
                break
            except RunError:
                if conditions.stop.wait(LOOK):
                    raise Stopped from None
        yield


def run(trial: Trial, store: RunStore, command: Sequence[str], epochs: Epochs | None, conditions: Conditions) -> None:
    """Run the program of a trial to its end, and wait where it has left folds to a command of the user's that is at them.

    Raises ProgramFailed where the run is not complete then, and nobody else has worked on it.
    """
    log = conditions.folder / f"{trial.user_attrs[PLACE]:02d}-{trial.number:02d}.log"
    with started(command, log, conditions.environment()) as process:
        while not has_ended(process, within=LOOK):
            require_worth_while(trial, epochs, conditions)
    if store.taken:
        while store.taken:
            conditions.stop.wait(LOOK)
            require_worth_while(trial, epochs, conditions)
    elif not store.complete:
        require_success(process.returncode, log)
        raise ProgramFailed(f"the program ended well, but left no complete run in {store.folder} ({log})", for_good=True)


def require_worth_while(trial: Trial, epochs: Epochs | None, conditions: Conditions) -> None:
    """Raise Stopped or TrialPruned where there is no point in going on with a trial."""
    if conditions.stop.is_set():
        raise Stopped
    if epochs is not None and report(trial, epochs):
        raise TrialPruned


def report(trial: Trial, epochs: Epochs) -> bool:
    """Tell Optuna of the epochs that have ended, and say whether others have done better after as many."""
    worse = False
    for epoch, value in epochs.new():
        trial.report(value, epoch)
        worse = trial.should_prune() or worse
    return worse
