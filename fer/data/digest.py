"""This file computes content digests of files, remembered by path, size and time of change so that a file is hashed once."""

import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from fer.errors import DatabaseDamaged
from fer.files import write_atomically
from fer.readable import readable


def cache_folder() -> Path:
    """Where prepared faces and digests are kept for all runs: FER_CACHE, or ferlab in the user's cache folder."""
    base = os.environ.get("FER_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "ferlab")
    return Path(base).expanduser()


def files_digest(files: Sequence[Path]) -> str:
    """The SHA-256 of the names and contents of `files`; names count relative to the folder that holds them all.

    Raises DatabaseDamaged where one is gone, or is none that can be read.
    """
    paths = sorted(map(os.path.abspath, files))
    root = os.path.commonpath({os.path.dirname(path) for path in paths})
    signature = hashlib.sha256()
    for path in paths:
        found = state_of(path)
        signature.update(os.fsencode(path) + f"\0{found.st_size}\0{found.st_mtime_ns}\0".encode())
    remembered = cache_folder() / "digests" / signature.hexdigest()
    if remembered.is_file():
        return remembered.read_text()
    digest = hashlib.sha256()
    for path in paths:
        with readable(path):
            digest.update(os.fsencode(Path(os.path.relpath(path, root)).as_posix()) + b"\0" + file_digest(Path(path)))
    write_atomically(remembered, digest.hexdigest())
    return digest.hexdigest()


def state_of(path: str) -> os.stat_result:
    """Size and time of change of a file; DatabaseDamaged for anything but a file, such as a pipe, which is read for ever."""
    with readable(path):
        found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        raise DatabaseDamaged(f"{path}: found a folder, a pipe or the like, expected a file. Unpack it again.")
    return found


def file_digest(path: Path) -> bytes:
    """The SHA-256 of one file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
