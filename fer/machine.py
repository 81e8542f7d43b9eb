"""This file says in one message what gave way where it was the machine: memory, a GPU, or a process that was ended."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fer.errors import MachineError

#: What a training can do after it, and what any other command can.
GOES_ON = "The same command then goes on where it was stopped."
AGAIN = "Then give the same command again."


@dataclass(frozen=True, slots=True)
class Failure:
    """What libraries say (a pattern) when something gives way, what that means, what helps, and what else helps a training."""

    said: str
    meaning: str
    remedy: str
    in_training: str = ""


#: In the order in which they are asked. A failed assertion on a GPU is a mistake in code, and none of these.
FAILURES = (
    Failure(
        "(CUDA|HIP|XPU|MPS).*out of memory|CUBLAS_STATUS_ALLOC_FAILED",
        "the GPU's memory is used up",
        "End what else runs on it.",
        "A smaller trainer.batch_size would be another experiment.",
    ),
    Failure(
        "(can't|Cannot) allocate memory|Unable to allocate|^MemoryError$",
        "memory is used up",
        "End other programs.",
        "Fewer run.workers or run.loader_workers need less.",
    ),
    Failure(
        "DataLoader worker.*(killed by signal|exited unexpectedly)|insufficient shared memory",
        "a process that prepares faces was ended by the system, which does so where memory is used up",
        "End other programs.",
        "Fewer run.loader_workers need less.",
    ),
    Failure(
        "process in the process pool was terminated abruptly",
        "a process of this command was ended by the system, which does so where memory is used up",
        "End other programs.",
    ),
    Failure("(CUDA|cuDNN|NCCL|HIP) error(?!.*device-side assert)", "the GPU failed", "nvidia-smi and the system's log say why."),
)

#: The exceptions that may tell of them; those of torch and of process pools are RuntimeErrors.
KINDS = (RuntimeError, MemoryError, OSError)


def gave_way(error: BaseException, *, training: bool) -> str | None:
    """What of the machine an exception tells of, and what to do; None where it tells of something else."""
    if not isinstance(error, KINDS):
        return None
    words = str(error) or type(error).__name__
    for failure in FAILURES:
        if re.search(failure.said, words, re.DOTALL):
            helps = (failure.remedy, failure.in_training, GOES_ON) if training else (failure.remedy, AGAIN)
            return f"{failure.meaning}: {words.splitlines()[0]}\n    {' '.join(filter(None, helps))}"
    return None


@contextmanager
def machine_failures(where: str, *, training: bool = True) -> Iterator[None]:
    """Turn what the machine does to the block, a training or something else, into a MachineError that begins with `where`."""
    try:
        yield
    except KINDS as error:
        if (reason := gave_way(error, training=training)) is None:
            raise
        raise MachineError(f"{where}: {reason}") from error
