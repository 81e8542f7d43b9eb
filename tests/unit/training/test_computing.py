"""Tests that memory which a step has freed serves the next one, rather than being cleared by the system once more."""

import platform
import subprocess
import sys

import pytest

from fer.training.computing import keep_freed_memory

#: Fills and frees a tensor of 40 MB, more than glibc keeps by itself, and counts the bytes that Linux clears for ten of them.
STEPS = """
import resource, torch
from fer.training.computing import compute_with
def cleared():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.ones(10_000_000)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) * resource.getpagesize()
given_back = cleared()
compute_with(1)
cleared(), cleared()
print(given_back, cleared(), torch.get_num_threads())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc that is asked")
def test_the_memory_of_a_step_serves_the_next() -> None:
    done = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True, check=True)
    given_back, kept, threads = map(int, done.stdout.split())
    assert given_back > 10 * 4e7 / 2
    assert kept < 4e6
    assert threads == 1


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr("ctypes.CDLL", lambda _name: pytest.fail("it was asked"))
    keep_freed_memory()
