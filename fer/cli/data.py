"""This file is `fer data`: the databases that are here, what one of them is, what is the matter with it, and how it looks."""

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fer.errors import ConfigError

if TYPE_CHECKING:  # numpy is not loaded for --help
    from fer.data.database import Database

HELP = "list the databases, describe one, audit some for copies and conflicts, or draw one as a page"

USAGE = """fer data [--config-dir DIR]
       fer data NAME [KEY=VALUE …]
       fer data audit NAME… [--csv FILE]
       fer data explore NAME [KEY=VALUE …] [--output FILE] [--images N] [--seed N]"""

EPILOG = """\
fer data                 every database: whether it is here, and its counts against the published ones
fer data NAME            one database: its data sheet, licence, how to obtain it, and its counts
fer data audit NAME…     copies, mirrored and near copies, blank images, conflicting labels, what splits or databases share
fer data explore NAME    one page of what it looks like: classes, faces, people, copies, oddities

KEY=VALUE are settings of the database, as in conf/data/NAME.yaml, such as last_frames=1.
"""

ACTIONS = ("audit", "explore")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `fer data`."""
    parser.usage, parser.epilog, parser.formatter_class = USAGE, EPILOG, RawDescriptionHelpFormatter
    parser.add_argument("words", nargs="*", metavar="NAME", help="a database, or several; before them audit or explore")
    parser.add_argument("--root", type=Path, metavar="DIR", help="the folder of the database, in place of the configured one")
    parser.add_argument("--config-dir", type=Path, metavar="DIR", help="a folder of your own with data/NAME.yaml")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="audit: write every finding with its ids there")
    parser.add_argument("--output", type=Path, metavar="FILE", help="explore: the page (default: outputs/data/NAME.html)")
    parser.add_argument(
        "--images", type=int, metavar="N", help="explore: at most so many images, drawn at random (default: 40,000)"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="explore: which ones, and which faces are shown (default: 0)")


def run(arguments: Namespace) -> None:
    """List, describe, audit or draw databases."""
    words: list[str] = arguments.words
    action = words[0] if words and words[0] in ACTIONS else ""
    settings = [word for word in words if "=" in word]
    names = [word for word in words[bool(action) :] if word not in settings]
    check(arguments, action, names, settings)
    if action == "audit":
        from fer.cli.data_audit import audit

        audit(databases(arguments, names, settings), arguments.csv)
    elif action == "explore":
        from fer.cli.data_explore import explore

        database = databases(arguments, names, settings)[0]
        explore(database, output=arguments.output, images=arguments.images, seed=arguments.seed)
    else:
        from fer.cli.data_sheet import show_all, show_one

        if names:
            show_one(databases(arguments, names, settings)[0])
        else:
            show_all(arguments.config_dir)


def check(arguments: Namespace, action: str, names: Sequence[str], settings: Sequence[str]) -> None:
    """Raise ConfigError for words and options that do not go together."""
    if action and not names:
        raise ConfigError(f"fer data {action}: found no database, expected a name such as fer2013; `fer data` lists them")
    if len(names) > 1 and action != "audit":
        raise ConfigError(f"fer data {action}: found {' '.join(names)}, expected one database at a time".replace("  ", " "))
    if (settings or arguments.root) and len(names) != 1:
        raise ConfigError("--root and KEY=VALUE belong to one database: name one, or set FER_DATA to the folder of all")
    for option, owner in {"csv": "audit", "output": "explore", "images": "explore", "seed": "explore"}.items():
        if getattr(arguments, option) is not None and action != owner:
            raise ConfigError(f"--{option} belongs to `fer data {owner}`")


def databases(arguments: Namespace, names: Sequence[str], settings: Sequence[str]) -> "list[Database]":
    """The named databases as they are configured."""
    from fer.cli.databases import configured

    return [configured(name, settings, root=arguments.root, config_dir=arguments.config_dir) for name in names]
