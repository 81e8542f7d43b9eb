"""This file is `fer report`: everything that is shown of finished runs, rebuilt from their predictions."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from fer.errors import FerError, OutputError, RunError

MANY = 12  # runs, from which on a process for each core is worth its start

HELP = "rebuild the reports and pages of all runs from their predictions, and write the leaderboard"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `fer report`."""
    parser.add_argument(
        "outputs",
        nargs="?",
        type=Path,
        default=Path("outputs"),
        metavar="OUTPUTS",
        help="a folder with runs at any depth below it, or one run (default: outputs)",
    )


def run(arguments: Namespace) -> None:
    """Rebuild one run, or all runs and the leaderboard; one that cannot be read or written is named in the end."""
    from fer.results.stored_run import find_runs, is_run

    outputs: Path = arguments.outputs
    if is_run(outputs):
        return rebuild_run(outputs)
    runs = list(find_runs(outputs))
    if not runs:
        found = "has no run in it" if outputs.is_dir() else "is no folder"
        raise RunError(
            f"{outputs} {found} (looked for folders with config.json and folds.json).\n"
            f"    Train one with: python train.py model=… data=…, or give the folder that run.output named."
        )
    return rebuild_all(outputs, runs)


def rebuild_run(path: Path) -> None:
    """Rebuild one run and print its scores."""
    from fer.results.publish import PAGE, write_report
    from fer.results.table import print_report

    print_report(write_report(path))
    print(f"\nPage   {path / PAGE}")


def rebuild_all(outputs: Path, runs: list[Path]) -> None:
    """Rebuild all runs, write the leaderboard and print it."""
    from fer.results.leaderboard import print_boards
    from fer.results.publish import LEADERBOARD, PAGE, write_leaderboard

    done, errors = [], []
    for path, error in zip(runs, rebuilt(runs), strict=True):
        if error is None:
            done.append(path)
        else:
            errors.append(error)
    print_boards(write_leaderboard(outputs, done))
    print(f"Scores in %, their 95 % intervals below.\n\nPage   {outputs / PAGE}\nTable  {outputs / LEADERBOARD}")
    if errors:
        raise RunError("\n    ".join([f"{len(errors)} of {len(runs)} runs are left out:", *(error.args[0] for error in errors)]))


def rebuilt(runs: list[Path]) -> Iterator[FerError | None]:
    """Rebuild runs, on all cores where they are many; gives what is wrong with each, or None."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from fer.progress import tracked

    if len(runs) < MANY:
        yield from tracked(map(attempt, runs), "reports", len(runs))
        return
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        yield from tracked(pool.map(attempt, runs), "reports", len(runs))


def attempt(run: Path) -> FerError | None:
    """Rebuild a run; gives what is wrong with it where it cannot be read or written."""
    from fer.results.publish import write_report

    try:
        write_report(run)
    except (RunError, OutputError) as error:
        return error
    return None
