"""This file tells copies of an image from different images of the same name, as where an archive was unpacked twice."""

import filecmp
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from fer.errors import DatabaseDamaged


def gathered(named: Iterable[tuple[str, Path]]) -> Mapping[str, Sequence[Path]]:
    """The files of each name, the least nested first."""
    files: defaultdict[str, list[Path]] = defaultdict(list)
    for name, path in named:
        files[name].append(path)
    return {name: sorted(paths, key=lambda path: (len(path.parts), path)) for name, paths in files.items()}


def only_one(paths: Sequence[Path], *, root_key: str) -> Path:
    """The first of several copies; raises DatabaseDamaged where two of them differ, for it is unknown which one is meant."""
    first, *others = paths
    for other in others:
        if not filecmp.cmp(first, other, shallow=False):
            raise DatabaseDamaged(
                f"{other}: found another image than in {first}, expected copies under one name.\n"
                f"    Keep one of the two, or set {root_key} to the folder that holds one of them."
            )
    return first
