"""This file finds a database's files where archives unpack to: in the folder that was meant, or a few folders further down."""

from pathlib import Path


def nearest(root: Path, name: str, *, down: int = 2) -> Path | None:
    """The file or folder `name` in `root` or at most `down` folders further down: the nearest, and of those the first by name."""
    for depth in range(down + 1):
        if found := sorted(path for path in root.glob("*/" * depth + name) if path.is_file() or path.is_dir()):
            return found[0]
    return None
