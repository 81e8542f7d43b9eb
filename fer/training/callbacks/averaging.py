"""This file defines averages of the weights, which are validated and kept in their place."""

from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor


class MovingAverage(WeightAveraging):
    """Averages weights and batch statistics over the optimiser's steps, with decay min(decay, (1 + n) / (10 + n)).

    The smaller decay at the start forgets the random weights, however short the training (Tan & Le 2019's warm-up). All
    tensors are averaged by one call, and the number of steps is the trainer's: torch's own AveragedModel asks the device
    for it, and waits, once a tensor and step.
    """

    def __init__(self, decay: float) -> None:
        super().__init__(use_buffers=True)
        self.decay = decay
        self._pairs: list[tuple[Tensor, Tensor]] = []

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
        """Move the average towards the weights that a step has led to."""
        if trainer.global_step > self._latest_update_step:
            self._latest_update_step = trainer.global_step
            self.move(pl_module, weight=self.weight(trainer.global_step - 1, trainer))

    def weight(self, steps: int, trainer: Trainer) -> float:
        """The share of the current weights in an average that had `steps` steps before."""
        return 1 - min(self.decay, (1 + steps) / (10 + steps)) if steps else 1.0

    def move(self, current: LightningModule, *, weight: float) -> None:
        """Move the average by a share of the way towards the current weights; what is no fraction is copied."""
        fractions = [(a, c) for a, c in self.pairs(current) if a.is_floating_point()]
        torch._foreach_lerp_([a for a, _ in fractions], [c for _, c in fractions], weight)
        for average, counted in self.pairs(current):
            if not average.is_floating_point():
                average.copy_(counted)

    def pairs(self, current: LightningModule) -> list[tuple[Tensor, Tensor]]:
        """Each tensor of the average with the one that it follows; looked up once, because both stay where they are."""
        if not self._pairs:
            assert self._average_model is not None, "Lightning makes it when a fit begins"
            averaged = (*self._average_model.module.parameters(), *self._average_model.module.buffers())
            followed = (*current.parameters(), *current.buffers())
            self._pairs = [(a.detach(), c.detach()) for a, c in zip(averaged, followed, strict=True)]
        return self._pairs


class EqualAverage(MovingAverage):
    """Averages weights and batch statistics over all steps after the share `after` of the training, each counting the same.

    Stochastic weight averaging (Izmailov et al., UAI 2018), but after every step rather than every epoch, and with averaged
    batch statistics, which then need no pass over the training faces.
    """

    def __init__(self, after: float) -> None:
        super().__init__(decay=0.0)
        self.after = after
        self._first: int | None = None

    def weight(self, steps: int, trainer: Trainer) -> float:
        """One until the averaging begins, then 1/1, 1/2, 1/3, …"""
        if self._first is None:
            self._first = round(self.after * int(trainer.estimated_stepping_batches))
        return 1 / max(1, steps - self._first + 1)
