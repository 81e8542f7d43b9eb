"""This file defines PatientStopping, early stopping that also holds for a training that is resumed after it."""

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping


class PatientStopping(EarlyStopping):
    """Stops when the monitored value has not improved for `patience` epochs.

    Lightning restores the count but not the decision: a fit interrupted between stopping and its last file would train
    one more epoch when it goes on. This asks again before the first epoch.
    """

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop at once where an interrupted fit had stopped already."""
        if self.wait_count >= self.patience:
            trainer.should_stop = True
