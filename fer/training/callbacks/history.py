"""This file defines History, the learning curve of a fold: one row an epoch, kept through interruptions."""

import time
from pathlib import Path
from typing import Any

from lightning import Callback, LightningModule, Trainer

from fer.files import write_csv
from fer.training.loggers.fold_log import FoldLog

COLUMNS = ("epoch", "train_loss", "val_loss", "val_accuracy", "val_macro_f1", "lr", "seconds")


class History(Callback):
    """Writes history.csv after every epoch, and tells the fold's log.

    The rows are part of the checkpoint, so that a resumed fold has all of them.
    """

    def __init__(self, path: Path, log: FoldLog | None = None) -> None:
        self.path, self._told = path, log or FoldLog()
        self.rows: list[dict[str, float]] = []
        self._started = 0.0

    def state_dict(self) -> dict[str, Any]:
        """The rows so far."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on after the rows of an interrupted fit."""
        self.rows = list(state_dict["rows"])

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Tell again what was told before an interruption: a logger may have lost it with the process."""
        for row in self.rows if trainer.is_global_zero else ():
            self._told.epoch(row)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note the time."""
        self._started = time.monotonic()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Add the epoch's row."""
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items() if name in COLUMNS}
        rate = float(trainer.optimizers[0].param_groups[0]["lr"])
        row = {"epoch": trainer.current_epoch, **metrics, "lr": rate, "seconds": time.monotonic() - self._started}
        self.rows.append(row)
        if trainer.is_global_zero:
            self.write()
            self._told.epoch(row)

    def write(self) -> None:
        """Write all rows, whole or not at all."""
        write_csv(self.path, COLUMNS, ({name: f"{value:.6g}" for name, value in row.items()} for row in self.rows))
