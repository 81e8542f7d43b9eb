"""This file makes a RunLogger of any logger of Lightning's, which needs no more than a YAML for that."""

from collections.abc import Mapping
from typing import Any

from lightning.pytorch.loggers import Logger

from fer.training.loggers.content import RunContent
from fer.training.loggers.logger import RunLogger


class LightningScalars(RunLogger):
    """The configuration as hyperparameters, and scalars; Lightning's loggers have no common word for anything else."""

    def __init__(self, logger: Logger) -> None:
        self.logger = logger

    def begin(self, config: Mapping[str, Any]) -> None:
        """Show the configuration as hyperparameters."""
        self.logger.log_hyperparams(dict(config))

    def epoch(self, values: Mapping[str, float], epoch: int) -> None:
        """Show one epoch, which is the step."""
        self.logger.log_metrics(dict(values), step=epoch)

    def scores(self, values: Mapping[str, float]) -> None:
        """Show final values."""
        self.logger.log_metrics(dict(values))

    def show(self, content: RunContent) -> None:
        """Show nothing more."""

    def end(self, *, failed: bool) -> None:
        """Write what is left and close."""
        self.logger.save()
        self.logger.finalize("failed" if failed else "success")
