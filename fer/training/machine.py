"""This file says in one message what gave way where it was the machine: memory, a GPU, or a process that loads faces."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fer.errors import MachineError

AGAIN = "The same command then goes on where it was stopped."


@dataclass(frozen=True, slots=True)
class Failure:
    """What torch, CUDA or numpy say (a pattern) when something gives way, what that means, and what helps."""

    said: str
    meaning: str
    remedy: str


#: In the order in which they are asked. A failed assertion on a GPU is a mistake in code, and none of these.
FAILURES = (
    Failure(
        "(CUDA|HIP|XPU|MPS).*out of memory|CUBLAS_STATUS_ALLOC_FAILED",
        "the GPU's memory is used up",
        "End what else runs on it; a smaller trainer.batch_size would be another experiment.",
    ),
    Failure(
        "can't allocate memory|Unable to allocate|^MemoryError$",
        "memory is used up",
        "End other programs, or take fewer run.workers or run.loader_workers.",
    ),
    Failure(
        "DataLoader worker.*(killed by signal|exited unexpectedly)|insufficient shared memory",
        "a process that prepares faces was ended by the system, which does so where memory is used up",
        "End other programs, or take fewer run.loader_workers.",
    ),
    Failure("(CUDA|cuDNN|NCCL|HIP) error(?!.*device-side assert)", "the GPU failed", "nvidia-smi and the system's log say why."),
)


def gave_way(error: BaseException) -> str | None:
    """What of the machine an exception tells of, and what to do; None where it tells of something else."""
    if not isinstance(error, RuntimeError | MemoryError):
        return None
    words = str(error) or type(error).__name__
    for failure in FAILURES:
        if re.search(failure.said, words, re.DOTALL):
            return f"{failure.meaning}: {words.splitlines()[0]}\n    {failure.remedy} {AGAIN}"
    return None


@contextmanager
def machine_failures(where: str) -> Iterator[None]:
    """Turn what the machine does to the block into a MachineError that begins with `where`."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if (reason := gave_way(error)) is None:
            raise
        raise MachineError(f"{where}: {reason}") from error
