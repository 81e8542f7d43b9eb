"""This file finds the images that a database lists and that are not on the disk."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from fer.errors import DatabaseDamaged
from fer.readable import readable

#: How many names a message gives before it only counts.
NAMED = 5


def absent(paths: Iterable[str]) -> Iterator[str]:
    """The paths, with slashes, that are not on the disk; listing each folder once is faster than a look at every file."""
    listings: dict[str, frozenset[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        if folder not in listings:
            listings[folder] = frozenset(names_in(folder))
        if name not in listings[folder]:
            yield path


def names_in(folder: str | Path) -> list[str]:
    """What lies in a folder; nothing where there is no such folder."""
    with readable(folder):
        return os.listdir(folder) if os.path.isdir(folder) else []


def not_on_disk(listed_in: Path, missing: Sequence[str], *, total: int, folder: Path, remedy: str) -> DatabaseDamaged:
    """The error for listed images that are missing: how many, and some names."""
    images = f"{len(missing):,} of {total:,} listed images {'is' if len(missing) == 1 else 'are'} not in {folder}"
    return DatabaseDamaged(f"{listed_in}: {images}: {some(missing)}.\n    {remedy}")


def require_on_disk(listed_in: Path, sources: Sequence[str], *, folder: Path, remedy: str) -> None:
    """Raise DatabaseDamaged unless all `sources` are below `folder`, and none leads out of it on its way."""
    if strange := [path for path in sources if path.startswith("/") or ".." in path.split("/")]:
        raise DatabaseDamaged(f"{listed_in}: found {some(strange)}, expected names of images below {folder}.\n    {remedy}")
    missing = [path[len(f"{folder}/") :] for path in absent(f"{folder}/{source}" for source in sources)]
    if missing:
        raise not_on_disk(listed_in, missing, total=len(sources), folder=folder, remedy=remedy)


def some(names: Sequence[object]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(map(str, names[:NAMED])) + more
