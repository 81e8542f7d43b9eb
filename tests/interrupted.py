"""This file interrupts trainings, for tests that go on with them."""

from typing import Any

from lightning import Callback, LightningModule, Trainer


class KilledInEpoch(Callback):
    """Stands for a power cut in the middle of an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
        if trainer.current_epoch == self.epoch and args[-1] == 2:
            raise MemoryError("killed")
