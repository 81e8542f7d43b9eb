"""This file carries out `fer data audit`."""

from collections.abc import Sequence
from pathlib import Path

from fer.data.audit import Audit
from fer.data.audit_table import print_audit, write_findings
from fer.data.database import Database
from fer.errors import ConfigError
from fer.files import require_writable


def audit(databases: Sequence[Database], csv: Path | None) -> None:
    """Print what is the matter with these databases, and write it to `csv` where one is named; findings are no errors."""
    if len({database.name for database in databases}) < len(databases):
        raise ConfigError(f"fer data audit: found {', '.join(d.name for d in databases)}, expected each database once")
    if csv is not None:
        require_place(csv)
    found = Audit.of([(database, database.records()) for database in databases])
    print_audit(found)
    if csv is not None:
        print(f"\n{write_findings(found, csv):,} findings  {csv}")


def require_place(csv: Path) -> None:
    """Raise ConfigError or OutputError where the findings could not be written; a mistyped path makes no folders."""
    if not csv.parent.is_dir():
        raise ConfigError(f"--csv: there is no folder {csv.parent}, expected the name of a file in a folder that exists")
    require_writable(csv)
