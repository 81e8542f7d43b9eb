"""This file measures whether speed and memory stay as they are from ten thousand faces to a million.

Each number of faces has a process of its own, `python -m fer.bench.scale IMAGES SECONDS ROUNDS THREADS`, because a process
never gives back what it once needed at most.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from fer.bench.bare_loops import BareTraining
from fer.bench.faces import drawn_faces
from fer.bench.measurement import Measurement
from fer.bench.training import TimedLearner, first_batch, fit_by_turns, repeated, steps_in
from fer.data.databases.synthetic import BASIC
from fer.errors import EXIT_STATUS, FerError
from fer.labels import LabelSpace

TAKES = 8

#: Faces that are read at a time before the training is timed.
READ_AT_ONCE = 8192


class BenchFailed(FerError):
    """A process of a bench that ended with an error of its own."""


@dataclass(frozen=True)
class AtSize:
    """What a training on so many faces reached: images a second beside the bare loop, and the process's memory at most."""

    images: int
    preparing_seconds: float
    training: Measurement
    peak_gib: float

    def as_json(self) -> dict[str, Any]:
        """Everything, as it was measured."""
        return {
            "images": self.images,
            "preparing_seconds": self.preparing_seconds,
            "training": self.training.as_json(),
            "peak_gib": self.peak_gib,
        }


def measure_at(images: int, groups: dict[str, Any], *, seconds: float, rounds: int, threads: int) -> AtSize:
    """Prepare so many faces, or take them from the cache and read them once, and train on them; in this process."""
    learner = TimedLearner(**groups, labels=LabelSpace(names=BASIC))
    start = time.monotonic()
    faces = drawn_faces(learner.spec, people=-(-images // (TAKES * len(BASIC))), takes=TAKES)
    preparing = time.monotonic() - start
    for part in np.array_split(np.arange(len(faces)), 1 + len(faces) // READ_AT_ONCE):
        faces.take(part)  # from the disk into the system's memory, where preparing leaves them too
    batch = first_batch(faces, learner)
    steps = steps_in(BareTraining(learner, batch, steps=1), seconds)
    others: dict[str, Callable[[], int]] = {"bare loop": BareTraining(learner, batch, steps=steps)}
    needed = learner.settings.batch_size * steps * (rounds + 2)
    with tempfile.TemporaryDirectory() as folder:
        train = faces if len(faces) >= needed else repeated(faces, needed)
        training = fit_by_turns(learner, train, Path(folder), others, settings={}, steps=steps, rounds=rounds, threads=threads)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return AtSize(len(faces), preparing, training, peak)


def measure_sizes(sizes: Sequence[int], groups: dict[str, Any], *, seconds: float, rounds: int, threads: int) -> list[AtSize]:
    """Measure one number of faces after the other, each in a process of its own."""
    return [measured_apart(images, groups, numbers=(seconds, rounds, threads)) for images in sizes]


def measured_apart(images: int, groups: dict[str, Any], *, numbers: tuple[float, int, int]) -> AtSize:
    """One number of faces in a process of its own; what it prints last is the result."""
    command = [sys.executable, "-m", "fer.bench.scale", str(images), *map(str, numbers)]
    done = subprocess.run(command, input=json.dumps(groups), stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise BenchFailed(f"the bench of {images:,} faces ended with status {done.returncode}; what it said stands above.")
    found = json.loads(done.stdout.splitlines()[-1])
    rates = {way: rate["rounds"] for way, rate in found["training"]["images_per_second"].items()}
    return AtSize(found["images"], found["preparing_seconds"], Measurement("training", {}, rates), found["peak_gib"])


def scale_table(found: Sequence[AtSize]) -> Table:
    """A row for each number of faces."""
    shown = Table(title="Training at scale", title_style="bold", title_justify="left", box=SIMPLE_HEAD)
    for column in ("Faces", "Prepared in s", "Images/s", "÷ bare loop", "÷ the fewest", "Peak GiB"):
        shown.add_column(column, justify="right", no_wrap=True)
    first = found[0].training.ratio("bare loop")
    for one in found:
        ratio = one.training.ratio("bare loop")
        cells = (one.training.rate("framework"), ratio, ratio / first)
        rate, *ratios = (f"{cells[0]:,.0f}", *(f"{cell:.2f}" for cell in cells[1:]))
        shown.add_row(f"{one.images:,}", f"{one.preparing_seconds:,.0f}", rate, *ratios, f"{one.peak_gib:.2f}")
    return shown


def main() -> None:
    """Measure one number of faces, with the configuration on standard input."""
    images, seconds, rounds, threads = sys.argv[1:]
    groups = json.load(sys.stdin)
    found = measure_at(int(images), groups, seconds=float(seconds), rounds=int(rounds), threads=int(threads))
    print(json.dumps(found.as_json()))


if __name__ == "__main__":
    try:
        main()
    except FerError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_STATUS)
