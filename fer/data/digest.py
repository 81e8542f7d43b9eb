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
    paths = sorted(path.resolve() for path in files)
    root = Path(os.path.commonpath([path.parent for path in paths]))
    stats = [(path, path.stat()) for path in paths]
    signature = hashlib.sha256(repr([(str(path), s.st_size, s.st_mtime_ns) for path, s in stats]).encode()).hexdigest()
    remembered = cache_folder() / "digests" / signature
    if remembered.is_file():
        return remembered.read_text()
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + file_digest(path))
    write_atomically(remembered, digest.hexdigest())
    return digest.hexdigest()


def file_digest(path: Path) -> bytes:
    """The SHA-256 of one file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
