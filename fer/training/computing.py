"""This file sets the process up to compute: with how many threads, and with memory that it keeps from one batch to the next."""

import ctypes
import platform

import torch

#: The parameters of glibc's allocator (malloc.h): memory at the heap's end is never given back, and none lies elsewhere.
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
KEPT = {M_TRIM_THRESHOLD: -1, M_MMAP_MAX: 0}


def compute_with(threads: int) -> None:
    """Compute with so many threads, and keep the memory of one step for the next."""
    torch.set_num_threads(threads)
    keep_freed_memory()


def keep_freed_memory() -> None:
    """Have glibc keep what is freed: it would give large tensors back to Linux, which then clears each of their pages anew.

    The peak is what it was, but it stays with the process. Other C libraries are left as they are.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        for parameter, value in KEPT.items():
            libc.mallopt(parameter, value)
