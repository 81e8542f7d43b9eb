"""This file computes content digests of files, remembered by path, size and time of change so that a file is hashed once."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from fer.files import write_atomically


def cache_folder() -> Path:
    """Where prepared faces and digests are kept for all runs: FER_CACHE, or ferlab in the user's cache folder."""
    base = os.environ.get("FER_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "ferlab")
    return Path(base).expanduser()


def files_digest(files: Sequence[Path]) -> str:
    """The SHA-256 of the names and contents of `files`; names count relative to the folder that holds them all."""
    paths = sorted(map(os.path.abspath, files))
    root = os.path.commonpath({os.path.dirname(path) for path in paths})
    signature = hashlib.sha256()
    for path in paths:
        found = os.stat(path)
        signature.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\0".encode())
    remembered = cache_folder() / "digests" / signature.hexdigest()
    if remembered.is_file():
        return remembered.read_text()
    digest = hashlib.sha256()
    for path in paths:
        digest.update(Path(os.path.relpath(path, root)).as_posix().encode() + b"\0" + file_digest(Path(path)))
    write_atomically(remembered, digest.hexdigest())
    return digest.hexdigest()


def file_digest(path: Path) -> bytes:
    """The SHA-256 of one file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
