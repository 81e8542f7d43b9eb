"""This file runs each job in a process of its own, which may neither hang, nor fill the memory, nor read what is forbidden."""

import ctypes
import faulthandler
import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Seconds after which a job counts as hanging: the slowest takes ten, and three times that on a busy machine.
PATIENCE = 90

#: Bytes that a job may take more than it began with, so that what asks for terabytes is told no.
MEMORY = 4 * 2**30

#: Of linux/capability.h: a process without these is refused what the permissions of a file refuse, even root.
VERSION_3, DAC_OVERRIDE, DAC_READ_SEARCH = 0x20080522, 1, 2


@dataclass(frozen=True)
class Job:
    """What is done in `folder`: `work` returns how it ended, "loaded" or "refused: …"; all that it raises is a failure.

    After `patience` seconds it counts as hanging.
    """

    name: str
    folder: Path
    work: Callable[[], str]
    patience: int = PATIENCE


@dataclass(frozen=True)
class Ended:
    """How a job ended: "loaded", "refused: …", or what went wrong."""

    name: str
    said: str
    seconds: float

    @property
    def failed(self) -> bool:
        return not self.said.startswith(("loaded", "refused"))


def run_all(jobs: Sequence[Job], *, at_once: int) -> Iterator[Ended]:
    """Run the jobs, so many at a time; in the order in which they end."""
    left, running = list(reversed(jobs)), dict[int, tuple[Job, float]]()
    while left or running:
        while left and len(running) < at_once:
            job = left.pop()
            running[forked(job)] = job, time.monotonic()
        child, status = os.wait()
        if child in running:
            job, started = running.pop(child)
            yield Ended(job.name, outcome(job, status), time.monotonic() - started)


def forked(job: Job) -> int:
    """Begin a job; the id of its process."""
    job.folder.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    if child := os.fork():
        return child
    try:
        confine(job.folder / "output.txt", job.patience)
        said = job.work()
    except BaseException:
        said = f"failed: {traceback.format_exc()}"
    (job.folder / "outcome.json").write_text(json.dumps(said, ensure_ascii=True))
    os._exit(0)


def confine(output: Path, patience: int) -> None:
    """Set the limits of this process, and send what it prints into a file."""
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (used + MEMORY, used + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.dump_traceback_later(patience, exit=True, file=os.fdopen(file, "w"))
    obey_permissions()


def outcome(job: Job, status: int) -> str:
    """What a job that has ended left behind."""
    left = job.folder / "outcome.json"
    if left.is_file():
        return str(json.loads(left.read_text()))
    return f"failed: died with status {status} after:\n{(job.folder / 'output.txt').read_text(errors='replace')[:1500]}"


def obey_permissions() -> bool:
    """Give up the right of root to read every file; says whether this process may not read what is forbidden."""
    system = ctypes.CDLL(None, use_errno=True)
    header, sets = (ctypes.c_uint32 * 2)(VERSION_3, 0), (ctypes.c_uint32 * 6)()
    if os.geteuid() != 0:
        return True
    if system.capget(header, sets) != 0:
        return False
    sets[0] &= ~(1 << DAC_OVERRIDE | 1 << DAC_READ_SEARCH)  # the first word is what is effective
    return bool(system.capset(header, sets) == 0)
