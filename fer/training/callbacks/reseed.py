"""This file defines Reseed, which makes every epoch's random numbers a function of the seed and the epoch."""

import torch
from lightning import Callback, LightningModule, Trainer


class Reseed(Callback):
    """Seeds torch at the start of every epoch, so that an epoch is the same whether or not the ones before ran here.

    A training that goes on after an interruption then draws what an undisturbed one would, and no generator's state has
    to be stored.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Seed by (seed, epoch, rank)."""
        torch.manual_seed((self.seed * 1_000_003 + trainer.current_epoch) * 1_009 + trainer.global_rank)
