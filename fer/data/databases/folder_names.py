"""This file finds a database's folder under the other names that people give it."""

import re
from collections.abc import Sequence
from pathlib import Path


def folder_of(root: Path, names: Sequence[str]) -> Path:
    """The folder `root`; where it is missing, one beside it with the first of `names` that is there; else the folder above.

    Names are compared without case, blanks, dots, dashes and underscores: `jaffedbase` stands for JAFFEDBase and jaffe-dbase.
    The folder above stands in where it bears one of the names itself, so that FER_DATA may be the database's own folder.
    """
    if root.exists() or not root.parent.is_dir():
        return root
    beside = {plain(folder.name): folder for folder in sorted(root.parent.iterdir(), reverse=True) if folder.is_dir()}
    if found := [beside[name] for name in names if name in beside]:
        return found[0]
    return root.parent if plain(root.parent.name) in names else root


def plain(name: str) -> str:
    """A folder's name reduced to small letters, digits and plus signs."""
    return re.sub(r"[^a-z0-9+]", "", name.casefold())
