"""This file is `fer export`: a trained network as a file for other runtimes, compared with the network on its test faces."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fer.cli.bench import titled
from fer.cli.evaluate import named_place
from fer.errors import ConfigError

if TYPE_CHECKING:  # torch is not loaded for --help
    from rich.table import Table

    from fer.bench.measurement import Measurement
    from fer.deploy.export import Form

HELP = "write a trained network as a file for other runtimes, in eight bits too, and say what that changes"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `fer export`."""
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="a run folder with networks")
    parser.add_argument("--to", required=True, metavar="FORMAT", help="onnx or torchscript")
    parser.add_argument("--int8", action="store_true", help="also with weights and activations of eight bits")
    parser.add_argument("--fold", metavar="NAME", help="the fold whose network it is, where the run has several: 03, 00-seed1")
    parser.add_argument("--output", type=Path, metavar="DIR", help="the folder for the files (default: RUN/exported)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of every form; medians over them are shown (default 5)")
    parser.add_argument("--seconds", type=float, default=0.5, help="how long a turn takes (default 0.5)")
    where = "where a database lies, if not where it was"
    parser.add_argument("--root", action="append", type=named_place, default=[], metavar="NAME=PATH", help=where)


def run(arguments: Namespace) -> None:
    """Write the files, compare what they say with what the network says, measure, and print a row a form."""
    from fer.deploy.export import NATIVE, compare, measure, natively, trained, write
    from fer.deploy.format import format_named
    from fer.files import require_writable, write_json
    from fer.results.stored_run import read_run
    from fer.terminal import plain_console
    from fer.training.provenance import provenance

    if arguments.rounds < 1 or not 0 < arguments.seconds < float("inf"):
        raise ConfigError("--rounds and --seconds: expected more than 0")
    to, stored = format_named(arguments.to), read_run(arguments.run_folder)
    if arguments.int8:
        to.require_int8()
    folder = arguments.output or arguments.run_folder / "exported"
    require_writable(folder / "export.json")
    network = trained(stored, arguments.fold, roots=dict(arguments.root))
    files = write(network, to, folder, int8=arguments.int8)
    reads = {NATIVE: natively(network.classifier()), **{name: to.open(path, threads=1) for name, path in files.items()}}
    forms = compare(network, files, reads)
    batches, ones = measure(network, reads, rounds=arguments.rounds, seconds=arguments.seconds)
    machine = provenance(threads=1)
    plain_console().print(table(forms, batches, ones))
    described = {"forms": [vars(form) for form in forms], "rates": [batches.as_json(), ones.as_json()]}
    write_json(folder / f"{network.name}{to.suffix}.json", {"schema": 1, **machine, **described, "files": names(files)})
    print(f"{len(network.tests):,} test faces · {titled(machine)}")
    print("\n".join(f"File     {path}" for path in files.values()))


def names(files: Mapping[str, Path]) -> dict[str, str]:
    """The names of the files by form."""
    return {form: path.name for form, path in files.items()}


def table(forms: "Sequence[Form]", batches: "Measurement", ones: "Measurement") -> "Table":
    """One row a form."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from fer.results.table import percent

    made = Table("Form", box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("MB", "accuracy %", "as torch %", "largest Δp", "faces/s", "ms for one"):
        made.add_column(heading, justify="right")
    for form in forms:
        made.add_row(
            form.name,
            f"{form.bytes / 1e6:.1f}",
            percent(form.accuracy),
            f"{100 * form.same:.2f}",
            f"{form.apart:.1e}",
            f"{batches.rate(form.name):,.0f}",
            f"{1000 / ones.rate(form.name):.2f}",
        )
    return made
