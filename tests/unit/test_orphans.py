"""This file tests that processes end with the one that they work for when that is killed, however they were started."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

#: Starts a worker as a DataLoader does, and waits for ever.
LOADER = """
import multiprocessing, os, sys, time
from fer.orphans import end_with_the_loader

def work(method):
    end_with_the_loader(0)
    print(os.getpid(), flush=True)
    time.sleep(100)

if __name__ == "__main__":
    multiprocessing.get_context(sys.argv[1]).Process(target=work, args=(sys.argv[1],)).start()
    time.sleep(100)
"""

#: Starts a worker of a run, which comes to ask for its parent only once that was killed.
COMMAND = """
import subprocess, sys, time

worker = "import os, time; print(os.getpid(), flush=True); time.sleep(1); " \\
    "from fer.orphans import end_with_the_pipe; end_with_the_pipe(); time.sleep(100)"
subprocess.Popen([sys.executable, "-c", worker], stdin=subprocess.PIPE)
time.sleep(100)
"""


def lives(process: int) -> bool:
    """Whether a process is there and no zombie."""
    state = Path(f"/proc/{process}/stat")
    return state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver", "pipe"])
def test_a_worker_ends_when_the_process_that_it_works_for_is_killed(tmp_path: Path, method: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(COMMAND if method == "pipe" else LOADER)
    command = subprocess.Popen([sys.executable, str(script), method], stdout=subprocess.PIPE, text=True)
    assert command.stdout is not None
    worker = int(command.stdout.readline())
    command.send_signal(signal.SIGKILL)
    command.wait()
    deadline = time.monotonic() + 30
    while lives(worker):
        if time.monotonic() > deadline:
            os.kill(worker, signal.SIGKILL)
            pytest.fail("it lives on")
        time.sleep(0.02)
