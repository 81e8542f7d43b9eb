"""This file makes the lightning.Trainer of one training: quiet, resumable, on the devices that conf/trainer names."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from lightning import Callback, Trainer
from lightning.fabric.utilities.exceptions import MisconfigurationException

from fer.errors import ConfigError
from fer.training.checkpoints import WholeCheckpoints
from fer.training.learner import FoldContext
from fer.training.settings import TrainerSettings


def make_trainer(settings: TrainerSettings, fold: FoldContext, callbacks: Sequence[Callback], *, epochs: int) -> Trainer:
    """A trainer for `epochs` epochs that reports to its callbacks and to nobody else."""
    with quiet_lightning(), explained():
        return Trainer(
            accelerator=settings.accelerator,
            devices=settings.devices,
            num_nodes=settings.nodes,
            strategy=settings.strategy,
            precision=settings.precision,  # type: ignore[arg-type]  # a Literal there; an unknown one is refused
            max_epochs=epochs,
            accumulate_grad_batches=settings.accumulate,
            gradient_clip_val=settings.clip,
            deterministic="warn" if needs_deterministic(settings) else False,
            callbacks=list(callbacks),
            plugins=[WholeCheckpoints()],
            logger=False,  # History tells the loggers of every epoch
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            log_every_n_steps=50,
            default_root_dir=fold.folder,
        )


@contextmanager
def explained() -> Iterator[None]:
    """Raise ConfigError where Lightning refuses a setting, such as a strategy or a number of devices."""
    try:
        yield
    except (MisconfigurationException, ValueError) as error:
        raise ConfigError(f"trainer: {' '.join(str(error).split())}") from error


def needs_deterministic(settings: TrainerSettings) -> bool:
    """Whether torch must be asked for it: on a CPU the same threads give the same sums, and asking costs a fifth."""
    return settings.deterministic and settings.accelerator != "cpu"


class quiet_lightning(warnings.catch_warnings):
    """Keeps Lightning's tips and its warnings about choices made here on purpose from between the bars."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.filterwarnings("ignore", module="lightning")
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        for name in ("lightning.pytorch", "lightning.fabric"):
            logging.getLogger(name).setLevel(logging.ERROR)
