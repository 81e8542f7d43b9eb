"""This file is `fer ensemble`: finished runs averaged into one result, which is stored and reported like a run."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

HELP = "average the probabilities of finished runs into one result, reported apart from single networks"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `fer ensemble`."""
    parser.add_argument(
        "runs",
        nargs="+",
        type=Path,
        metavar="RUN",
        help="run folders with the same protocol, labels and folds; every seed of a run is one network of the ensemble",
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="the folder for the new run folder (default: the first RUN's)")


def run(arguments: Namespace) -> None:
    """Average what is not averaged yet, write the report, and print it with the accuracy of each member below."""
    from fer.files import require_writable
    from fer.results.accuracies import print_accuracies
    from fer.results.ensemble import ensemble_store, write_ensemble
    from fer.results.members import read_members
    from fer.results.predictions import concatenate
    from fer.results.publish import PAGE, write_report
    from fer.results.stored_run import read_run
    from fer.results.table import print_report
    from fer.training.provenance import provenance

    members = read_members(arguments.runs)
    store = ensemble_store(members, arguments.output or arguments.runs[0].resolve().parent)
    require_writable(store.folder / "config.json")
    if not write_ensemble(store, members, provenance=provenance(threads=1)):
        print("This ensemble is complete; nothing was averaged.\n")
    print_report(write_report(store.folder))
    made = concatenate([fold.predictions for fold in read_run(store.folder).folds])
    alone = {member.name: concatenate([fold.predictions for fold in member.folds.values()]) for member in members}
    print_accuracies({f"ensemble of {len(members)}": made, **alone})
    print(f"Results  {store.folder}\nPage     {store.folder / PAGE}")
