"""This file is `fer report`: everything that is shown of finished runs, rebuilt from their predictions."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from fer.errors import OutputError, RunError

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
    from fer.progress import tracked
    from fer.results.leaderboard import print_boards
    from fer.results.publish import LEADERBOARD, PAGE, write_leaderboard, write_report

    done, errors = [], []
    for path in tracked(runs, "reports", len(runs)):
        try:
            write_report(path)
            done.append(path)
        except (RunError, OutputError) as error:
            errors.append(error)
    print_boards(write_leaderboard(outputs, done))
    print(f"Scores in %, their 95 % intervals below.\n\nPage   {outputs / PAGE}\nTable  {outputs / LEADERBOARD}")
    if errors:
        raise RunError("\n    ".join([f"{len(errors)} of {len(runs)} runs are left out:", *(error.args[0] for error in errors)]))
