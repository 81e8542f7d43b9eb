"""This file ends processes whose parent was killed, so that what they hold is freed, and nothing is computed for nobody."""

import ctypes
import os
import signal
import stat
import sys
from multiprocessing import parent_process
from multiprocessing.connection import wait
from threading import Thread

PR_SET_PDEATHSIG = 1  # linux/prctl.h

STANDARD_INPUT = 0


def end_with_parent() -> None:
    """Ask Linux to end this process when the one that started it is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end_with_the_pipe() -> None:
    """End this process once the pipe that is its standard input is closed, which the system does for whoever is killed.

    Unlike the wish above, it also holds for a process that was killed before this one came to say so.
    """
    if stat.S_ISFIFO(os.fstat(STANDARD_INPUT).st_mode):
        end_once_closed(STANDARD_INPUT)


def end_with_the_loader(worker: int) -> None:
    """End this worker of a DataLoader with the process that loads; torch asks for the parent, which may be a fork server."""
    parent = parent_process()
    assert parent is not None, f"multiprocessing has started worker {worker}"
    end_once_closed(parent.sentinel)


def end_once_closed(pipe: int) -> None:
    """Wait beside all else until a pipe is closed, into which nobody writes, and end this process."""

    def wait_and_end() -> None:
        wait([pipe])
        os.kill(os.getpid(), signal.SIGKILL)

    Thread(target=wait_and_end, daemon=True).start()
