"""This file runs a command, and ends it with all its children as soon as whoever started it is gone.

`python -m fer.sweeps.leash COMMAND…` in a process group of its own, with a pipe as its standard input: the system closes the
pipe when the one who holds the other end dies, however that happens.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from threading import Thread


def main(command: Sequence[str]) -> int:
    """Run the command and return its exit status; 128 + N where signal N ended it, as shells have it."""
    Thread(target=end_with_the_pipe, daemon=True).start()
    status = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    return status if status >= 0 else 128 - status


def end_with_the_pipe() -> None:
    """Wait until the pipe is closed, into which nobody writes, and end the whole group, this process included."""
    os.read(sys.stdin.fileno(), 1)  # not sys.stdin.read, whose lock would be in the way of a good end
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
