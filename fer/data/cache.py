"""This file keeps what is computed of a database's images for all runs, under names that say all that it depends on."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fer.data.database import Database
from fer.data.digest import cache_folder
from fer.files import made_once, write_json
from fer.records import FaceRecord


def images_of(database: Database, records: Sequence[FaceRecord]) -> dict[str, Any]:
    """Which images of which content, for what is computed of them."""
    return {
        "database": database.name,
        "digest": database.digest(),
        "ids": hashlib.sha256("\n".join(record.id for record in records).encode()).hexdigest(),
        "images": len(records),
    }


def key_of(what: Mapping[str, Any]) -> str:
    """The SHA-256 of all that something depends on."""
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def kept(kind: str, name: str, what: Mapping[str, Any], make: Callable[[Path], None]) -> Path:
    """The folder of one `kind`, called `name` and the key of `what`; where it is missing, `make` fills it.

    Another content leads to another folder, so that nothing in it is ever stale; card.json in it says `what` it holds.
    """

    def make_with_card(beside: Path) -> None:
        make(beside)
        write_json(beside / "card.json", what)

    return made_once(cache_folder() / kind / f"{name}-{key_of(what)[:16]}", make_with_card)
