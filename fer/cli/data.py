"""This file is `fer data`: which databases are here, how their counts compare with the published ones, how to obtain them."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from inspect import getdoc
from pathlib import Path
from typing import TYPE_CHECKING

from fer.errors import ConfigError, DatabaseNotFound

if TYPE_CHECKING:  # numpy is not loaded for --help
    from fer.data.database import Database

HELP = "list the databases, or show one: its data sheet, and its counts against the published ones"

CONF = Path(__file__).resolve().parents[2] / "conf" / "data"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `fer data`."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="one database; without it all are listed")


def run(arguments: Namespace) -> None:
    """List all databases, or show one."""
    from fer.build import did_you_mean

    names = sorted(path.stem for path in CONF.glob("*.yaml"))
    if arguments.name is None:
        show_all({name: configured(name) for name in names})
    elif arguments.name in names:
        show_one(configured(arguments.name))
    else:
        hint = did_you_mean(arguments.name, names) or "."
        raise ConfigError(f"there is no database {arguments.name!r}{hint} The databases are {', '.join(names)}.")


def configured(name: str) -> "Database":
    """The database as its YAML describes it."""
    from omegaconf import OmegaConf

    from fer.build import build

    config = OmegaConf.to_container(OmegaConf.load(CONF / f"{name}.yaml"), resolve=True)
    assert isinstance(config, dict), "a database's YAML is a mapping"
    database: Database = build({str(k): v for k, v in config.items() if k != "defaults"}, f"data.{name}")
    return database


def show_all(databases: Mapping[str, "Database"]) -> None:
    """A table of what is here and what is not."""
    from rich.console import Console
    from rich.table import Table

    table = Table("Database", "Images", "People", "Against the published counts", box=None, pad_edge=False, header_style="bold")
    for name, database in databases.items():
        table.add_row(name, *summary(database))
    console = Console()
    console.print(table)
    console.print("\nfer data NAME shows a data sheet, the licence and how to obtain the files.", style="dim")


def summary(database: "Database") -> tuple[str, str, str]:
    """Images, people and the verdict on the counts, in words."""
    try:
        records = database.records()
    except DatabaseNotFound:
        return "–", "–", "not here"
    people = len({record.subject for record in records if record.subject is not None})
    differ = [name for name, (found, published) in database.checks(records).items() if found != published]
    published = "as published" if database.published else "computed"
    return f"{len(records):,}", f"{people:,}" if people else "unknown", f"differs in {', '.join(differ)}" if differ else published


def show_one(database: "Database") -> None:
    """The data sheet, the counts and how to obtain the files."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    console.print(getdoc(type(database)), markup=False)
    console.print(f"\nLicence   {database.licence}\nCitation  {database.citation}\nObtain    {database.obtain}\n", markup=False)
    try:
        checks = database.checks(records := database.records())
    except DatabaseNotFound as missing:
        console.print(str(missing), markup=False)
        return
    table = Table("Count", "Found", "Published", box=None, pad_edge=False, header_style="bold")
    for name, (found, published) in (checks or {"images": (len(records), "–")}).items():
        mark = "" if found == published or published == "–" else "  ← differs"
        table.add_row(name, written(found), written(published) + mark)
    console.print(table)


def written(value: object) -> str:
    """A count with thousands apart; anything else as it is."""
    return f"{value:,}" if isinstance(value, int) else str(value)
