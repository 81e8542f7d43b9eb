"""This file makes the pages of sweeps: the list of all, and that of one with its charts and trials."""

from pathlib import PurePosixPath

from fer.dashboard.outputs import Outputs
from fer.dashboard.pages import page
from fer.dashboard.sweep_charts import history, parallel_coordinates
from fer.dashboard.sweeps import FEWEST, StoredSweep, importance, names_of_sweeps, read_sweep
from fer.errors import OutputError
from fer.sweeps.table import short_names


def all_sweeps(outputs: Outputs) -> tuple[dict[str, StoredSweep], list[str]]:
    """The sweeps of all storages by name, which is that of the folder with their logs, and why others cannot be read."""
    sweeps, unreadable = {}, []
    for storage in outputs.look().storages:
        try:
            for name in names_of_sweeps(outputs.folder / storage):
                if sweep := read_sweep(outputs.folder / storage, name):
                    sweeps[str(PurePosixPath(storage).with_name(name))] = sweep
        except OutputError as error:
            unreadable.append(str(error.args[0]))
    return sweeps, unreadable


def sweeps_page(sweeps: dict[str, StoredSweep], unreadable: list[str]) -> str:
    """The list of all sweeps."""
    return page("sweeps.html", sweeps=sweeps, unreadable=unreadable)


def sweep_named(name: str, outputs: Outputs) -> StoredSweep | None:
    """The sweep of this name; None where there is none, OutputError where its storage cannot be read."""
    storage = outputs.storage_of(name)
    return read_sweep(storage, PurePosixPath(name).name) if storage else None


def sweep_page(sweep: StoredSweep, runs: dict[str, str]) -> str:
    """The page of one sweep; `runs` has the names below OUTPUTS of the runs that are here, by the names of their folders."""
    names = short_names(list(sweep.space))
    if sweep.objective is None:
        return page("sweep.html", sweep=sweep, runs=runs, names=names)
    return page(
        "sweep.html",
        sweep=sweep,
        runs=runs,
        names=names,
        history=history(sweep),
        parallel=parallel_coordinates(sweep),
        importance=importance(sweep),
        fewest=FEWEST,
    )


def runs_of(name: str, sweep: StoredSweep, outputs: Outputs) -> dict[str, str]:
    """The run folders of a sweep's trials that lie beside its storage, as `fer sweep` leaves them."""
    output, here = PurePosixPath(name).parent.parent, outputs.look().runs
    named = {trial.run: str(output / trial.run) for trial in sweep.trials if trial.run}
    return {run: below for run, below in named.items() if below in here}
