"""This file is `fer dashboard`: the pages of all runs, served to this machine and changing while runs train."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from fer.errors import RunError
from fer.listening import address, listening, require_packages, require_port

HELP = "serve the pages of all runs to this machine: they change while runs train, and runs and sweeps are compared"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `fer dashboard`."""
    what = "a folder with runs at any depth below it, in which nothing is written (default: outputs)"
    parser.add_argument("outputs", nargs="?", type=Path, default=Path("outputs"), metavar="OUTPUTS", help=what)
    where = "the port to listen on (default: 8427, or a free one where another program has that)"
    parser.add_argument("--port", type=int, metavar="N", help=where)


def run(arguments: Namespace) -> None:
    """Serve the pages until Ctrl-C."""
    require_packages("the dashboard", "starlette", "uvicorn", extra="dashboard")
    require_folder(arguments.outputs)
    require_port(arguments.port)
    from fer.dashboard.server import PORT, serve

    made = listening(arguments.port, usual=PORT)
    print(f"Dashboard  {address(made)}   of {arguments.outputs}, for this machine alone; Ctrl-C ends it.", flush=True)
    serve(arguments.outputs, made)


def require_folder(outputs: Path) -> None:
    """Raise RunError where there is no folder."""
    if not outputs.is_dir():
        found = "is a file" if outputs.exists() else "does not exist yet"
        raise RunError(
            f"{outputs} {found}, expected a folder with runs.\n"
            f"    Train one with: python train.py model=… data=…, or give the folder that run.output named."
        )
