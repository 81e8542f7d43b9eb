"""This file defines FitProgress, which moves the bars of epochs and batches."""

from typing import Any

from lightning import Callback, LightningModule, Trainer

from fer.progress import RunProgress


class FitProgress(Callback):
    """Shows where a fold is and how well it does on its validation part."""

    def __init__(self, progress: RunProgress, *, monitor: str) -> None:
        self.progress, self.monitor = progress, monitor

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin the bar of epochs, after those of an interrupted fit."""
        self.progress.start("epochs", int(trainer.max_epochs or 0), done=trainer.current_epoch)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin the bar of batches."""
        self.progress.start("batches", int(trainer.num_training_batches))

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int) -> None:
        """One batch is done."""
        self.progress.advance("batches")

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """One epoch is done."""
        value = trainer.callback_metrics.get(self.monitor)
        self.progress.advance("epochs", f"{self.monitor} {float(value):.3f}" if value is not None else None)
