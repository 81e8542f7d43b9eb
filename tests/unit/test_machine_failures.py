"""This file tests that what the machine does to a command is told from mistakes in code, and said in one message."""

import errno
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import torch

from fer.cli.main import main
from fer.errors import EXIT_STATUS, MachineError
from fer.machine import gave_way, machine_failures

MORE_THAN_THERE_IS = 10**15


def refused(allocate: object) -> BaseException:
    """What a library raises when this much is asked of it."""
    with pytest.raises((RuntimeError, MemoryError)) as caught:
        allocate(MORE_THAN_THERE_IS)  # type: ignore[operator]
    return caught.value


@pytest.mark.parametrize("allocate", [torch.empty, np.empty, bytearray], ids=["torch", "numpy", "python"])
def test_memory_that_is_used_up_is_known_by_what_every_library_says_of_it(allocate: object) -> None:
    said = str(gave_way(refused(allocate), training=True))
    assert said.startswith("memory is used up: ")
    assert "run.workers" in said
    assert "The same command then goes on where it was stopped." in said


def crash() -> None:
    """End this process as the system ends one where memory is used up."""
    os.kill(os.getpid(), signal.SIGKILL)


def in_a_pool_that_is_killed(arguments: object) -> None:
    """What `fer report` meets when one of its processes is ended."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(crash).result()


def out_of_memory(arguments: object) -> None:
    """What any command meets."""
    np.empty(MORE_THAN_THERE_IS)


def no_process(arguments: object) -> None:
    """What a command meets where there is no memory for another process."""
    raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))


@pytest.mark.parametrize(
    ("run", "meaning"),
    [
        (out_of_memory, "memory is used up"),
        (no_process, "memory is used up"),
        (in_a_pool_that_is_killed, "a process of this command was ended by the system"),
    ],
)
def test_what_gives_way_in_a_command_without_a_training_is_one_message_and_nothing_is_said_of_trainings(
    run: Callable[[object], None], meaning: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("fer.cli.report.run", run)
    assert main(["report"]) == EXIT_STATUS
    said = capsys.readouterr().err
    assert said.startswith(f"MachineError: fer report: {meaning}")
    assert said.endswith("\n    End other programs. Then give the same command again.\n")


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has …"), "the GPU's memory is used up"),
        (torch.AcceleratorError("CUDA error: unspecified launch failure\nCUDA kernel errors might be …"), "the GPU failed"),
        (RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR"), "the GPU failed"),
        (
            RuntimeError("NCCL error in: ProcessGroupNCCL.cpp:77, remote process exited"),
            "the GPU failed",
        ),
        (RuntimeError("DataLoader worker (pid 77) is killed by signal: Killed. "), "a process that prepares faces was ended"),
        (RuntimeError("DataLoader worker (pid(s) 77, 78) exited unexpectedly"), "a process that prepares faces was ended"),
    ],
    ids=["gpu_memory", "gpu_gone", "cudnn", "nccl", "loader_killed", "loader_gone"],
)
def test_what_gives_way_is_one_message_with_the_first_line_of_what_was_said(error: Exception, meaning: str) -> None:
    with pytest.raises(MachineError) as caught, machine_failures("fold 03"):
        raise error
    said = str(caught.value)
    assert said.startswith(f"MachineError: fold 03: {meaning}")
    assert str(error).splitlines()[0].strip() in said
    assert len(said.splitlines()) == 2


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA error: device-side assert triggered\nCUDA kernel errors might be …"),
        RuntimeError("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"),
        ValueError("Unable to allocate"),
    ],
    ids=["assertion", "shapes", "another_kind"],
)
def test_a_mistake_in_code_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, machine_failures("fold 03"):
        raise error
    assert caught.value is error
