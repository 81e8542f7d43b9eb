"""This file makes the loggers that need more than their arguments to be silent views of a training."""

import os
from typing import Any

from lightning.pytorch.loggers import MLFlowLogger, WandbLogger


def wandb(**arguments: Any) -> WandbLogger:
    """Lightning's WandbLogger; what W&B prints is kept back unless WANDB_SILENT=false."""
    import wandb as client

    os.environ.setdefault("WANDB_SILENT", "true")
    client.setup()  # reads the environment; before it, even a silent client warns of Lightning's arguments
    return WandbLogger(**arguments)


def mlflow(**arguments: Any) -> MLFlowLogger:
    """Lightning's MLFlowLogger, without MLflow's telemetry host and its notes on every new table."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    return MLFlowLogger(**arguments)
