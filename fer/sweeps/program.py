"""This file runs the program of a trial: in a process group that ends with its worker, its output in a log."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from fer.errors import EXIT_STATUS
from fer.files import refusals

#: From this exit status on, a signal has ended a program, as shells and the leash have it.
SIGNALLED = 128


class ProgramFailed(Exception):
    """A program ended without a result; `for_good` where it said that the user has to mend something first."""

    def __init__(self, message: str, *, for_good: bool) -> None:
        super().__init__(message)
        self.for_good = for_good


@contextmanager
def started(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """The running program; it and its children are ended where the block is left before they have."""
    leash = [sys.executable, "-m", "fer.sweeps.leash", *command]
    with refusals(log):
        log.parent.mkdir(parents=True, exist_ok=True)
        output = log.open("wb")
    with output:
        process = subprocess.Popen(
            leash, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, env=dict(environment)
        )
    assert process.stdin is not None, "it was asked for"
    try:
        yield process
    finally:
        process.stdin.close()
        process.wait()


def has_ended(process: "subprocess.Popen[bytes]", *, within: float) -> bool:
    """Whether a program ends within so many seconds."""
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        return False
    return True


def require_success(status: int, log: Path) -> None:
    """Raise ProgramFailed with the last words of a program, unless it ended well."""
    if status == 0:
        return
    words = last_words(log)
    if status == EXIT_STATUS:
        raise ProgramFailed(words, for_good=True)
    signalled = status - SIGNALLED if status > SIGNALLED else -status
    how = f"signal {signal_name(signalled)}" if signalled > 0 else f"exit status {status}"
    raise ProgramFailed(f"{words or 'no output'} ({how}; {log})", for_good=False)


def signal_name(number: int) -> str:
    """The name of a signal."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def last_words(log: Path) -> str:
    """The last line of a log that is not indented, with the indented ones below it: an error's message."""
    lines = [line.rstrip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    below: list[str] = []
    while lines:
        below.insert(0, lines.pop())
        if not below[0].startswith((" ", "\t")):
            break
    return "\n".join(below)
