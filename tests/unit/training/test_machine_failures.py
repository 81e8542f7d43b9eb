"""This file tests that what the machine does to a training is told from mistakes in code, and said in one message."""

import numpy as np
import pytest
import torch

from fer.errors import MachineError
from fer.training.machine import gave_way, machine_failures

MORE_THAN_THERE_IS = 10**15


def refused(allocate: object) -> BaseException:
    """What a library raises when this much is asked of it."""
    with pytest.raises((RuntimeError, MemoryError)) as caught:
        allocate(MORE_THAN_THERE_IS)  # type: ignore[operator]
    return caught.value


@pytest.mark.parametrize("allocate", [torch.empty, np.empty, bytearray], ids=["torch", "numpy", "python"])
def test_memory_that_is_used_up_is_known_by_what_every_library_says_of_it(allocate: object) -> None:
    said = str(gave_way(refused(allocate)))
    assert said.startswith("memory is used up: ")
    assert "run.workers" in said
    assert "The same command then goes on where it was stopped." in said


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
