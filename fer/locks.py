"""This file lets one process at a time do something, by lock files that the system frees however their holder ends.

A lock file is there while somebody holds it; one that a killed process left is free, and goes with the next turn.
"""

import fcntl
import os
import sys
from pathlib import Path
from types import TracebackType

#: What the names of lock files end in, so that those of other programs are never taken for ours.
LOCK = ".ferlab-lock"


class Turn:
    """A lock file that this process holds until the `with` block ends; then it is gone."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path, self._descriptor = path, descriptor

    def __enter__(self) -> "Turn":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.path.unlink(missing_ok=True)  # while it is held, so that whoever waits for it finds that it is gone
        os.close(self._descriptor)


def lock_beside(path: Path) -> Path:
    """The lock file of what lies, or will lie, at `path`."""
    return path.with_name(f".{path.name}{LOCK}")


def try_for(path: Path) -> Turn | None:
    """This process's turn at `path`; None while another one holds it. OSError where there can be no lock file."""
    return held(path, fcntl.LOCK_EX | fcntl.LOCK_NB)


def own(path: Path) -> Turn:
    """The turn at a name that nobody else takes; that it is held tells it from what the dead have left."""
    turn = held(path, fcntl.LOCK_EX)
    assert turn is not None, "the system has waited for it"
    return turn


def is_held(path: Path) -> bool:
    """Whether a process is having its turn at `path`; it is not waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def wait_for(path: Path, what: str) -> Turn:
    """This process's turn at `path`, once it comes; says `what` the other process does that is waited for."""
    turn = try_for(path)
    if turn is None:
        print(f"Waiting for another process, which {what}.", file=sys.stderr, flush=True)
        turn = own(path)
    return turn


def held(path: Path, how: int) -> Turn | None:
    """A lock of this kind on the file that bears the name, which its last holder may have removed meanwhile."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, how)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if bears_the_name(descriptor, path):
            return Turn(path, descriptor)
        os.close(descriptor)


def bears_the_name(descriptor: int, path: Path) -> bool:
    """Whether an open file is still the one at `path`."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
