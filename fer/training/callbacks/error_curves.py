"""This file defines ErrorCurves, how far the error of each stage of a pre-training fell, one row an epoch."""

import csv
import math
import time
from pathlib import Path

from lightning import Callback, LightningModule, Trainer

from fer.errors import ConfigError
from fer.files import write_csv

COLUMNS = ("stage", "epoch", "images", "error", "seconds")

Row = dict[str, str]


class ErrorCurves(Callback):
    """Adds a row to the curves of a fold after every epoch of one stage; raises ConfigError where its error is no number.

    Rows that an interrupted training wrote stay, but for those of epochs that are trained again.
    """

    def __init__(self, path: Path, stage: str, *, images: int) -> None:
        self.path, self.stage, self.images = path, stage, images
        self.rows: list[Row] = []
        self._started = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take up the rows of the stages and epochs before."""
        self.rows = [row for row in read_curves(self.path) if self.is_before(row, trainer.current_epoch)]

    def is_before(self, row: Row, epoch: int) -> bool:
        """Whether a row is of a stage before this one, or of an epoch of it before `epoch`."""
        return row["stage"] != self.stage or int(row["epoch"]) < epoch

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note the time."""
        self._started = time.monotonic()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Add the epoch's row."""
        error, seconds = float(trainer.callback_metrics["error"]), time.monotonic() - self._started
        if not math.isfinite(error):
            raise ConfigError(
                f"model: the pre-training of {self.stage} diverged in epoch {trainer.current_epoch + 1}: its error is {error}, "
                f"expected a number.\n    Lower its learning rate (or its momentum), then start the command again."
            )
        found = (self.stage, trainer.current_epoch, self.images, f"{error:.6g}", f"{seconds:.6g}")
        self.rows.append(dict(zip(COLUMNS, map(str, found), strict=True)))
        if trainer.is_global_zero:
            write_csv(self.path, COLUMNS, self.rows)


def read_curves(path: Path) -> list[Row]:
    """The rows so far; none where there is no file."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
