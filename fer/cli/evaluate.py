"""This file is `fer evaluate`: the trained networks of a run tested again, on several views of each face or elsewhere."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from fer.errors import ConfigError

if TYPE_CHECKING:  # numpy is not loaded for --help
    from fer.results.store import RunStore
    from fer.results.stored_run import StoredRun
    from fer.training.evaluation import Question

HELP = "test the networks of a run again: on another database, or on several views of each face"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `fer evaluate`."""
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="a run folder with networks, complete or not")
    parser.add_argument("--on", metavar="NAME", help="another database, all of whose faces are tested: jaffe, folder, …")
    parser.add_argument(
        "--tta",
        metavar="VIEWS",
        help="what is averaged: flip (face and mirror image) or ten_crops (centre and corners, each mirrored too)",
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="the folder for the new run folder (default: RUN's)")
    parser.add_argument(
        "--root",
        action="append",
        type=named_place,
        default=[],
        metavar="NAME=PATH",
        help="where a database lies, or weights that the run started from (model.weights=PATH), if not where it was",
    )
    parser.add_argument("--config-dir", type=Path, metavar="DIR", help="a folder of your own with data/NAME.yaml")


def named_place(text: str) -> tuple[str, str]:
    """NAME=PATH in its two halves."""
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise ArgumentTypeError(f"found {text!r}, expected NAME=PATH, such as ckplus=/data/ckplus")
    return name, path


def run(arguments: Namespace) -> None:
    """Test what is not tested yet, write the report, and print it with the accuracy of one look below."""
    from fer.files import require_writable
    from fer.results.publish import write_report
    from fer.results.stored_run import read_run
    from fer.results.table import print_report
    from fer.training.evaluation import evaluate, evaluated_store

    trained, question, roots = read_run(arguments.run_folder), question_of(arguments), dict(arguments.root)
    store = evaluated_store(trained, question, output=arguments.output or arguments.run_folder.resolve().parent)
    require_writable(store.folder / "config.json")
    elsewhere = {name: place for name, place in roots.items() if name != arguments.on}
    if not evaluate(trained, store, question, roots=elsewhere):
        print("All trained folds are evaluated already; nothing was predicted.\n")
    print_report(write_report(store.folder))
    if arguments.on is None:
        print_beside(trained, store, arguments.tta)
    print_places(trained, store)


def question_of(arguments: Namespace) -> "Question":
    """What is asked of the networks; raises ConfigError where it is nothing."""
    from fer.build import build
    from fer.cli.databases import configuration
    from fer.training.evaluation import Question

    if arguments.on is None and arguments.tta is None:
        raise ConfigError("found neither --on NAME nor --tta VIEWS, expected one or both: the run's own test is in it already")
    if arguments.on is None:
        return Question(arguments.tta)
    root = dict(arguments.root).get(arguments.on)
    config = configuration(arguments.on, root=root and Path(root), config_dir=arguments.config_dir)
    return Question(arguments.tta, (build(config, f"data.{arguments.on}"), config))


def print_beside(trained: "StoredRun", store: "RunStore", views: str) -> None:
    """Print both accuracies."""
    from fer.results.accuracies import print_accuracies
    from fer.results.predictions import concatenate
    from fer.results.reading import VIEWED
    from fer.results.stored_run import read_run

    evaluated = read_run(store.folder)
    done = [fold.name for fold in evaluated.folds]
    one_look = [fold.predictions for fold in trained.folds if fold.name in done]
    several = [fold.predictions for fold in evaluated.folds]
    print_accuracies({f"{VIEWED}: {views}": concatenate(several), "one look at each face": concatenate(one_look)})


def print_places(trained: "StoredRun", store: "RunStore") -> None:
    """Print where the results lie, and what is missing because the run has not trained it."""
    from fer.results.publish import PAGE

    print(f"Results  {store.folder}\nPage     {store.folder / PAGE}")
    if not store.complete:
        left = ", ".join(fold.name for fold in store.todo())
        print(f"Missing  folds that {trained.name} has not trained yet: {left}")
