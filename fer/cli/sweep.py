"""This file is `fer sweep`: the trials of a W&B sweep file carried out here, without an account."""

import shlex
import signal
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer.errors import ConfigError, RunError

if TYPE_CHECKING:  # optuna is not loaded for --help
    from optuna.trial import FrozenTrial
    from sqlalchemy import URL

    from fer.sweeps.status import Status
    from fer.sweeps.study import Study
    from fer.sweeps.sweep_file import SweepFile
    from fer.sweeps.trial import Conditions

HELP = "carry out a W&B sweep file here: grid, random or bayes, resumable, by several workers"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `fer sweep`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a W&B sweep configuration, such as sweeps/smoke.yaml")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--status", action="store_true", help="only say how the sweep stands")
    what.add_argument("--dry-run", action="store_true", help="only print the command lines of the next trials")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="trials at the same time (default 1)")
    parser.add_argument(
        "--trials",
        type=int,
        metavar="N",
        help="trials in all, or more of them later (default: run_cap of the file, or all of a grid)",
    )
    parser.add_argument("--retries", type=int, default=1, metavar="N", help="further attempts at a trial that failed (default 1)")
    parser.add_argument("--again", action="store_true", help="also try what has failed for good, after you have mended it")
    parser.add_argument("--output", type=Path, metavar="DIR", help="where runs go, instead of the command's run.output")
    parser.add_argument(
        "--storage", metavar="URL", help="what workers share, for many machines: postgresql://… (default: a file in DIR/sweeps)"
    )


def run(arguments: Namespace) -> None:
    """Carry out what is left of a sweep, or say how it stands, or print what would be run."""
    require_optuna()
    from fer.cli.compose import composed
    from fer.sweeps.attempts import attempts_by_place
    from fer.sweeps.search_space import corner
    from fer.sweeps.status import status
    from fer.sweeps.storage import open_for_reading, parse, reachable, sqlite_file
    from fer.sweeps.study import number_of_trials, read_trials
    from fer.sweeps.sweep_file import read_sweep
    from fer.sweeps.table import print_status

    require_sensible(arguments)
    sweep = read_sweep(arguments.file)
    config = composed(sweep.command.overrides(corner(sweep.parameters, 0), further=further(sweep, arguments)))
    output = Path(config["run"]["output"])
    url = parse(arguments.storage) if arguments.storage else sqlite_file(output / "sweeps" / f"{sweep.path.stem}.db")
    with reachable(url):
        stored = read_trials(open_for_reading(url), sweep)
        planned = number_of_trials(sweep, arguments.trials, already=len(attempts_by_place(stored)))
        if arguments.dry_run:
            print_commands(sweep, stored, planned, arguments)
        elif arguments.status:
            print_status(status(sweep, stored, planned=planned), output)
        else:
            carry_out_sweep(sweep, url, planned, arguments, config)


def require_optuna() -> None:
    """Raise ConfigError where the libraries of sweeps are missing."""
    from importlib.util import find_spec

    if missing := [name for name in ("optuna", "sqlalchemy") if find_spec(name) is None]:
        raise ConfigError(f"sweeps need the package {missing[0]!r}, which is not installed: pip install 'ferlab[sweep]'")


def require_sensible(arguments: Namespace) -> None:
    """Raise ConfigError for numbers with which nothing can be run."""
    for name, least in (("workers", 1), ("trials", 1), ("retries", 0)):
        found = getattr(arguments, name)
        if found is not None and found < least:
            raise ConfigError(f"--{name}: found {found}, expected at least {least}")


def further(sweep: "SweepFile", arguments: Namespace) -> tuple[str, ...]:
    """The overrides of this machine: where runs go, and the cores shared out among the workers unless the file says how."""
    import os

    words = [] if arguments.output is None else [f"run.output={arguments.output}"]
    says_threads = "run.threads" in sweep.parameters or any(word.startswith("run.threads=") for word in sweep.command.words)
    if arguments.workers > 1 and not says_threads:
        words.append(f"run.threads={max(1, (os.cpu_count() or 1) // arguments.workers)}")
    return tuple(words)


def print_commands(sweep: "SweepFile", stored: "Sequence[FrozenTrial]", planned: int, arguments: Namespace) -> None:
    """Print the command lines of the next trials."""
    from fer.sweeps.preview import next_settings

    for settings in next_settings(sweep, stored, planned=planned):
        print(shlex.join(sweep.command.line(settings, further=further(sweep, arguments))))


def carry_out_sweep(sweep: "SweepFile", url: "URL", planned: int, arguments: Namespace, config: dict[str, Any]) -> None:
    """Join the sweep, or begin it, and work until nothing is left; then print the table, and raise RunError for what failed."""
    from fer.progress import console
    from fer.sweeps.search_space import pruner
    from fer.sweeps.status import status
    from fer.sweeps.study import Study
    from fer.sweeps.table import print_status
    from fer.sweeps.worker import work_together
    from fer.training.experiment import require_valid

    require_valid(config)
    stops = pruner(sweep.stopping, epochs=config["trainer"].get("epochs"))
    study = Study(sweep, url, trials=planned, pruner=stops, retries=arguments.retries)
    say = partial(console.print, highlight=False, soft_wrap=True)
    say(greeting(study, again=study.try_failed_again() if arguments.again else 0))
    output = Path(config["run"]["output"])
    with ended_by_signal():
        work_together(study, conditions_of(sweep, output, arguments), arguments.workers, say)
    standing = status(sweep, study.trials, planned=planned)
    print_status(standing, output)
    require_no_failure(standing, output)


def greeting(study: "Study", *, again: int) -> str:
    """What there is to do, and what a user may not expect of it."""
    name, left = study.sweep.name, study.left
    if study.before:
        return f"{study.sweep.path} has changed since {study.before[-1]}; this is another sweep, {name}, of {left} trials."
    if again:
        return f"{name}: {again} failed trials are tried again."
    return f"{name}: {left} trials to do." if left else f"{name}: nothing is left to be run."


def conditions_of(sweep: "SweepFile", output: Path, arguments: Namespace) -> "Conditions":
    """What all trials on this machine have in common."""
    from threading import Event

    from fer.cli.foreseen import foresee
    from fer.sweeps.trial import Conditions

    return Conditions(sweep, foresee, further(sweep, arguments), output / "sweeps" / sweep.name, Event())


@contextmanager
def ended_by_signal() -> Iterator[None]:
    """Take what batch systems send before they kill as Ctrl-C is taken, so that running trials are put back."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def require_no_failure(standing: "Status", output: Path) -> None:
    """Raise RunError where trials have failed for good."""
    if failed := standing.counts.get("failed"):
        raise RunError(
            f"{failed} of {len(standing.trials)} trials failed. Mend what the errors above name, then start the same command "
            f"with --again.\n    The logs are in {output / 'sweeps' / standing.sweep.name}"
        )
