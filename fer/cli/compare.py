"""This file is `fer compare`: paired statistics between runs, from their stored predictions alone."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # numpy is not loaded for --help
    from fer.results.comparison import Comparisons
    from fer.results.stored_run import StoredRun

HELP = "compare runs on the same test images: differences with intervals, paired tests, and what can be said"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `fer compare`."""
    parser.add_argument(
        "runs",
        nargs="+",
        type=Path,
        metavar="RUN",
        help="run folders; runs that differ in nothing but the seed are taken together as one",
    )
    against = parser.add_mutually_exclusive_group()
    against.add_argument(
        "--versus",
        nargs="+",
        type=Path,
        metavar="RUN",
        help="compare the runs before this, as one experiment with several seeds, with those after it",
    )
    against.add_argument("--baseline", type=Path, metavar="RUN", help="compare every other run with this one only")
    parser.add_argument(
        "--test",
        choices=("permutation", "wilcoxon"),
        default="permutation",
        help="sign-flip permutation of the accuracies (default), or Wilcoxon's signed ranks",
    )
    parser.add_argument("--json", action="store_true", help="print the results as JSON")


def run(arguments: Namespace) -> None:
    """Compare the runs and print the result."""
    import json

    from fer.results.comparison import comparisons_json
    from fer.results.comparison_table import print_comparisons
    from fer.results.comparison_words import sentences

    compared = compare_runs(arguments)
    if arguments.json:
        print(json.dumps(comparisons_json(compared, sentences(compared)), indent=2, ensure_ascii=False))
    else:
        print_comparisons(compared)


def compare_runs(arguments: Namespace) -> "Comparisons":
    """Read the runs and compare them as the arguments say."""
    from fer.results.comparison import compare
    from fer.results.systems import facing, pool

    if arguments.versus:
        return compare(facing(read_all(arguments.runs), read_all(arguments.versus)), method=arguments.test)
    if arguments.baseline is None:
        return compare(pool(read_all(arguments.runs)), method=arguments.test)
    baseline = arguments.baseline.resolve()
    others = [path for path in arguments.runs if path.resolve() != baseline]
    first, *systems = pool(read_all([arguments.baseline, *others]))
    return compare([first, *systems], baseline=first, method=arguments.test)


def read_all(paths: Sequence[Path]) -> "list[StoredRun]":
    """The runs at the paths, with a bar where somebody watches."""
    from fer.progress import tracked
    from fer.results.stored_run import read_run

    return [read_run(path) for path in tracked(paths, "runs", len(paths))]
