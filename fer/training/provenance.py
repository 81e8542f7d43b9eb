"""This file records where a result comes from: commit, versions, hardware, command. None of it is ever hashed."""

import importlib.metadata
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PACKAGES = (
    "ferlab",
    "torch",
    "torchvision",
    "lightning",
    "hydra-core",
    "timm",
    "albumentations",
    "torchmetrics",
    "numpy",
    "scipy",
    "scikit-learn",
    "opencv-python-headless",
)


def provenance(*, threads: int) -> dict[str, Any]:
    """Everything about this machine and code that a reader of the result would ask for."""
    commit = git("rev-parse", "HEAD")
    return {
        "commit": commit,
        "dirty": bool(git("status", "--porcelain")) if commit else None,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "hardware": {"processor": processor(), "cores": os.cpu_count(), "memory_gib": memory_gib(), "gpus": gpus()},
        "threads": threads,
        "repeats": repeats(threads),
        "argv": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def repeats(threads: int) -> str:
    """In words, what the same command gives again: torch shares out sums among threads, and their last digits with them."""
    return (
        f"the same bytes on the same processor, in {threads} CPU thread{'s' * (threads > 1)} a fold; in another number of "
        f"threads the probabilities of networks differ in their last digits"
    )


def git(*arguments: str) -> str | None:
    """What git says of the code that runs, or None where it is not in a checkout."""
    folder = Path(__file__).parent
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def version(package: str) -> str | None:
    """The installed version of a package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def processor() -> str:
    """The processor's name."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory_gib() -> float:
    """The machine's memory in GiB."""
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)


def gpus() -> list[str]:
    """The names of the CUDA devices, of which only torch makes use; none where nothing here has loaded it."""
    torch = sys.modules.get("torch")
    if torch is None:
        return []
    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
