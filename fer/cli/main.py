"""This file is the `fer` command: it finds the subcommands and turns the errors of a user into one message.

A module of fer/cli with a line `HELP = "…"` is a subcommand, named by its file: `HELP` says what it does, `add_arguments`
takes the parser, and `run` the parsed arguments. What is slow to import is imported inside `run`.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from fer.errors import EXIT_STATUS, FerError
from fer.machine import machine_failures
from fer.readable import unreadable

MARK = "\nHELP = "  # looked for in the source, because importing the other modules would take seconds
INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand and return its exit status: 0, or 2 after an error that the user can mend."""
    chosen = parser().parse_args(arguments)
    try:
        with machine_failures(f"fer {chosen.subcommand}", training=False):
            chosen.run(chosen)
        sys.stdout.flush()
    except FerError as error:
        print(error, file=sys.stderr)
        return EXIT_STATUS
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # who reads, such as head, has seen enough; Python would complain once more at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        refused = unreadable(error)
        if refused is None:
            raise
        print(refused, file=sys.stderr)
        return EXIT_STATUS
    return 0


def parser() -> argparse.ArgumentParser:
    """The parser with all subcommands."""
    made = argparse.ArgumentParser(prog="fer", description="Facial-expression recognition experiments that can be trusted.")
    commands = made.add_subparsers(title="commands", dest="subcommand", metavar="COMMAND", required=True)
    for name, module in subcommands():
        command = commands.add_parser(name, help=module.HELP, description=f"{module.HELP[0].upper()}{module.HELP[1:]}.")
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return made


def subcommands() -> Iterator[tuple[str, ModuleType]]:
    """The names and modules of the subcommands, sorted by name."""
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if MARK in path.read_text(encoding="utf-8"):
            yield path.stem, import_module(f"fer.cli.{path.stem}")
