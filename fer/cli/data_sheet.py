"""This file shows databases in the terminal: all of them in a table, or the data sheet and the counts of one."""

from collections.abc import Sequence
from inspect import getdoc
from pathlib import Path

from rich.table import Table

from fer.cli.databases import configured, database_files
from fer.data.database import Database
from fer.errors import ConfigError, DatabaseDamaged, DatabaseNotFound
from fer.terminal import plain_console

#: How many names of counts that differ stand in the table.
NAMED = 2


def show_all(config_dir: Path | None) -> None:
    """A table of what is here and what is not."""
    table = Table("Database", "Images", "People", "Against the published counts", box=None, pad_edge=False, header_style="bold")
    for name in database_files(config_dir):
        table.add_row(name, *summary(name, config_dir))
    console = plain_console()
    console.print(table)
    console.print("\nfer data NAME shows a data sheet, the licence and how to obtain the files.", style="dim")


def summary(name: str, config_dir: Path | None) -> tuple[str, str, str]:
    """Images, people and the verdict on the counts, in words."""
    try:
        database = configured(name, config_dir=config_dir)
        records = database.records()
    except DatabaseNotFound:
        return "–", "–", "not here"
    except (DatabaseDamaged, ConfigError):
        return "–", "–", f"cannot be read; fer data {name} says why"
    people = len({record.subject for record in records if record.subject is not None})
    differ = [check for check, (found, published) in database.checks(records).items() if found != published]
    published = "as published" if database.published else "none published"
    return f"{len(records):,}", f"{people:,}" if people else "unknown", f"differs in {first(differ)}" if differ else published


def first(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def show_one(database: Database) -> None:
    """The data sheet, the counts and how to obtain the files."""
    console = plain_console()
    console.print(getdoc(type(database)))
    console.print(f"\nLicence   {database.licence}\nCitation  {database.citation}")
    try:
        checks = database.checks(records := database.records())
    except DatabaseNotFound as missing:  # asked for a data sheet, of which this is a part: how to obtain the files
        console.print(f"Files     not here: {missing.args[0]}")
        return
    console.print(f"Obtain    {database.obtain}\n")
    table = Table("Count", "Found", "Published", box=None, pad_edge=False, header_style="bold")
    unpublished = {name: (number, "–") for name, number in database.count(records).items() if name not in checks}
    for name, (found, published) in {**checks, **unpublished}.items():
        mark = "" if found == published or published == "–" else "  ← differs"
        table.add_row(name, written(found), written(published) + mark)
    console.print(table)


def written(value: object) -> str:
    """A count with thousands apart; anything else as it is."""
    return f"{value:,}" if isinstance(value, int) else str(value)
