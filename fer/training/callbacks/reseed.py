"""This file defines Reseed, which makes every step's random numbers a function of seed, epoch and batch."""

from typing import Any

import numpy as np
import torch
from lightning import Callback, LightningModule, Trainer


class Reseed(Callback):
    """Seeds torch before every training step, so that a step is the same whatever ran in this process before it.

    A training that goes on after an interruption then draws what an undisturbed one would, and no generator's state has
    to be stored. Once an epoch would not do: making a DataLoader's iterator draws a number as well, at another moment.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Seed by (seed, epoch, batch, rank)."""
        names = (self.seed, trainer.current_epoch, batch_idx, trainer.global_rank)
        seed_devices(int(np.random.SeedSequence(names).generate_state(1)[0]), pl_module.device)


def seed_devices(seed: int, device: torch.device) -> None:
    """Seed the processor's generator and that of `device`; torch.manual_seed does so for every kind of device, in 2 ms."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)
