"""This file measures training: the framework's whole path, the bare loop, and the usual loop of this field."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from lightning import Callback, LightningModule, Trainer

from fer.bench.bare_loops import BareTraining
from fer.bench.measurement import Measurement, now, timed
from fer.bench.own_process import OwnProcess
from fer.bench.usual_loop import UsualTraining
from fer.data.batch import Batch
from fer.data.batched import BatchChanges
from fer.data.datamodule import FaceDataset
from fer.data.faces import Faces
from fer.training.learner import FoldContext
from fer.training.lightning_learner import LightningLearner

#: Validation faces of the one epoch that is trained; validation is not part of what is timed.
VALIDATED = 64


class Turns(Callback):
    """Times the steps of a fit in turns; between two of them the other ways have theirs. The first turn warms up."""

    def __init__(self, others: Mapping[str, Callable[[], int]], *, steps: int, rounds: int, batch_size: int) -> None:
        self.others, self.steps, self.rounds, self.images = others, steps, rounds, steps * batch_size
        self.rates: dict[str, list[float]] = {"framework": [], **{name: [] for name in others}}
        self._done, self._started = 0, 0.0

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
        """End a turn after its steps, and let the others have theirs."""
        self._done += 1
        if self._done % self.steps:
            return
        turn, seconds = self._done // self.steps, now() - self._started
        if turn > 1:
            self.rates["framework"].append(self.images / seconds)
        for name, way in self.others.items():
            rate = timed(way)
            if turn > 1:
                self.rates[name].append(rate)
        trainer.should_stop = turn > self.rounds
        self._started = now()


class TimedLearner(LightningLearner):
    """A learner whose fit is timed, and which is otherwise the one that train.py uses."""

    turns: Turns

    def trainer(self, fold: FoldContext, callbacks: list[Callback]) -> Trainer:
        """The trainer of train.py, with one callback more."""
        return super().trainer(fold, [*callbacks, self.turns])


def measure_training(
    learner: TimedLearner,
    faces: Faces,
    changes: BatchChanges,
    folder: Path,
    *,
    settings: Mapping[str, str],
    seconds: float,
    rounds: int,
    threads: int,
) -> Measurement:
    """Train for `rounds` rounds in which every way has some `seconds`; what the fit leaves is in `folder`.

    The usual loop makes the `changes` to every face in torchvision's words, whatever the learner makes, and is a program of
    its own.
    """
    batch = first_batch(faces, learner)
    steps = steps_in(BareTraining(learner, batch, steps=1), seconds)
    train = repeated(faces, learner.settings.batch_size * steps * (rounds + 2))
    with OwnProcess(UsualTraining, learner, train, changes, steps=steps, workers=threads, threads=threads) as usual:
        others: dict[str, Callable[[], int]] = {"bare loop": BareTraining(learner, batch, steps=steps), "usual loop": usual}
        return fit_by_turns(learner, train, folder, others, settings=settings, steps=steps, rounds=rounds, threads=threads)


def fit_by_turns(
    learner: TimedLearner,
    train: Faces,
    folder: Path,
    others: Mapping[str, Callable[[], int]],
    *,
    settings: Mapping[str, str],
    steps: int,
    rounds: int,
    threads: int,
) -> Measurement:
    """Fit as train.py does, the other ways having a turn after every `steps` steps."""
    learner.turns = Turns(others, steps=steps, rounds=rounds, batch_size=learner.settings.batch_size)
    learner.fit(train, repeated(train, VALIDATED), FoldContext(name="00", folder=folder, seed=0, threads=threads))
    rates = learner.turns.rates
    first, *rest = others
    return Measurement("training", settings, {name: rates[name] for name in (first, "framework", *rest)})


def first_batch(faces: Faces, learner: LightningLearner) -> Batch:
    """The first faces, as many as a batch of the learner's has."""
    size = learner.settings.batch_size
    return FaceDataset(repeated(faces, size)).__getitems__(range(size))


def steps_in(one: Callable[[], int], seconds: float) -> int:
    """How many steps fill about so many seconds, at least two."""
    one()
    start, steps = now(), 0
    while now() - start < seconds / 2 and steps < 10_000:
        one()
        steps += 1
    return max(2, round(steps * seconds / (now() - start)))


def repeated(faces: Faces, number: int) -> Faces:
    """So many faces, the same ones again and again."""
    rows = np.arange(number) % len(faces)
    return replace(faces, rows=faces.rows[rows], targets=faces.targets[rows])
