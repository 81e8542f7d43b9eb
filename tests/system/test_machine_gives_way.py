"""This file takes away what a run needs: room on the disk, processes, a GPU. Each is one message, and the run then goes on.

It ends as if nothing had happened: identical are all files and their bytes but for recorded times.
"""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
import torch
from killing import CLASSICAL, FEW, NETWORK, TRAIN, Place, ended, until
from left_behind import contents, differences

from fer.errors import EXIT_STATUS
from fer.models.classifier import ExpressionClassifier

pytestmark = pytest.mark.slow

RUN = (*TRAIN, *FEW, "protocol.folds=2")

KIB = 1024

#: KiB that are free when a run begins, from none to more than it takes.
FREE = (0, 20, 50, 80, 110, 140, 180, 240, 320, 420, 600)

REPORT = r"report\.json|faces\.png|index\.html"

#: What the messages name among others, of the preparation, the training and the report.
PLACES = {
    "network": ("cache/faces", "checkpoints/", REPORT),
    "classical": ("cache/faces", "cache/features", REPORT),
}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a disk of a few MiB cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path, *, free: int) -> Path:
    """Fill a disk until so many KiB are free; gives the file that fills it."""
    ballast, there = disk / "ballast", os.statvfs(disk)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, there.f_bavail * there.f_frsize - free * KIB)
    return ballast


def empty(place: Place) -> None:
    """Delete what a run has left."""
    subprocess.run(["rm", "-rf", *map(str, place.folder.iterdir())], check=True)


@pytest.mark.parametrize(("name", "learner"), [("network", NETWORK), ("classical", CLASSICAL)])
def test_a_full_disk_is_one_message_wherever_it_is_met_and_the_run_goes_on_once_there_is_room(
    tmp_path: Path, small_disk: Path, name: str, learner: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    undisturbed, here = Place(tmp_path / "undisturbed"), Place(small_disk)
    undisturbed.complete(*RUN, *learner)
    expected, full = contents(undisturbed.folder), []
    for free in FREE:
        empty(here)
        (small_disk / "tmp").mkdir()
        ballast = fill(small_disk, free=free)
        process = here.start(*RUN, *learner)
        status, said = ended(process), here.said(process)
        ballast.unlink()
        if status:
            assert (status, said.count("OutputError"), "Traceback" in said) == (EXIT_STATUS, 1, False), said
            full += re.findall("OutputError: (.*) cannot be written: the disk is full", said)
            assert [path for path in contents(small_disk) if "ferlab-" in path] == []
            here.complete(*RUN, *learner)
        assert differences(contents(small_disk), expected) == [], free
    for place in PLACES[name]:
        assert any(re.search(place, path) for path in full), f"the disk was never full at {place}, but at {full}"
    with capsys.disabled():
        print(f"\n{name}: disk full {len(full)} times in {len(set(full))} files, one message each, identical afterwards: yes")


def started_by(process: BaseProcess, *, like: str) -> list[int]:
    """The processes of a command's group with such a command line."""
    listed = subprocess.run(["ps", "--no-headers", "-o", "pid,args", "-g", str(process.pid)], capture_output=True, text=True)
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if like in line]


def test_a_fold_that_the_system_ends_for_its_memory_is_one_message_and_the_run_goes_on(tmp_path: Path) -> None:
    words = (*RUN, *NETWORK)
    undisturbed, here = Place(tmp_path / "undisturbed"), Place(tmp_path / "here")
    undisturbed.complete(*words)
    process = here.start(*words, "run.workers=2")
    until(lambda: started_by(process, like="fer.training.worker"))
    os.kill(started_by(process, like="fer.training.worker")[0], signal.SIGKILL)
    goes_on(here, process, "was ended by signal 9, as the system does where memory is used up.", words)
    assert differences(contents(here.folder), contents(undisturbed.folder)) == []


def killed(_: int) -> None:
    """A process that prepares faces, as the system leaves it where memory is used up."""
    os.kill(os.getpid(), signal.SIGKILL)


#: The training step, before it is replaced by what follows.
WHOLE = ExpressionClassifier.training_step


def without_gpu(self: ExpressionClassifier, *arguments: Any) -> Any:
    """A training step during which the GPU disappears in the second epoch: what torch raises then."""
    if self.current_epoch == 1:
        raise torch.AcceleratorError("CUDA error: unspecified launch failure\nCUDA kernel errors might be reported …")
    return WHOLE(self, *arguments)


@pytest.mark.parametrize(
    ("place", "instead", "said"),
    [
        (
            "fer.data.datamodule.end_with_the_loader",
            killed,
            "a process that prepares faces was ended by the system, which does so where memory is used up: DataLoader worker",
        ),
        (
            "fer.models.classifier.ExpressionClassifier.training_step",
            without_gpu,
            "the GPU failed: CUDA error: unspecified launch failure\n",
        ),
    ],
    ids=["loader", "gpu"],
)
def test_what_gives_way_in_a_training_is_one_message_and_the_run_goes_on(
    tmp_path: Path, place: str, instead: object, said: str
) -> None:
    words = (*RUN, *NETWORK, "augment=faces")
    undisturbed, here = Place(tmp_path / "undisturbed"), Place(tmp_path / "here")
    undisturbed.complete(*words)
    failing = Place(here.folder, {place: instead})
    goes_on(here, failing.start(*words, "run.loader_workers=1"), said, words)
    assert differences(contents(here.folder), contents(undisturbed.folder)) == []


def goes_on(here: Place, process: BaseProcess, said: str, words: tuple[str, ...]) -> None:
    """Hold a command to one message and status 2, and its run to be completed by the same command."""
    assert ended(process) == EXIT_STATUS, here.said(process)
    assert "Traceback" not in here.said(process)
    assert here.said(process).count("MachineError: fold 0") == 1
    assert said in here.said(process)
    here.complete(*words)
