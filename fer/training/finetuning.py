"""This file defines Finetuning, how a network that has learned before is thawed, from the head down to the pixels."""

from dataclasses import dataclass

from lightning import Callback, LightningModule, Trainer
from torch import nn

from fer.errors import ConfigError
from fer.models.classifier import ExpressionClassifier
from fer.training.settings import TrainerSettings


@dataclass(frozen=True)
class Finetuning:
    """First the head alone, then one more stage of the backbone at a time (Howard & Ruder, ACL 2018).

    The head learns alone for `frozen` epochs, None for all of them (a linear probe). Then another stage is thawed every
    `every` epochs, 0 thaws all at once. The rate of each stage is `decay` times that of the one above it.
    """

    frozen: int | None = 0
    every: int = 0
    decay: float = 1.0

    def __post_init__(self) -> None:
        if (self.frozen is not None and self.frozen < 0) or self.every < 0:
            raise ConfigError(f"optim.finetune: found frozen={self.frozen}, every={self.every}, expected epochs, at least 0")
        if not 0 < self.decay <= 1:
            raise ConfigError(f"optim.finetune.decay: found {self.decay}, expected above 0 and at most 1")

    def thawed(self, epoch: int, *, stages: int) -> int:
        """How many of the stages learn in an epoch, counted from the output; the first epoch is 0."""
        if self.frozen is None or epoch < self.frozen:
            return 0
        return stages if self.every == 0 else min(stages, 1 + (epoch - self.frozen) // self.every)


def require_thawing_works(finetuning: Finetuning | None, settings: TrainerSettings) -> None:
    """Raise ConfigError where several devices would wait for gradients that frozen stages never have."""
    thaws = finetuning is not None and finetuning.thawed(0, stages=1) < 1
    if thaws and settings.ranks > 1 and "find_unused_parameters_true" not in settings.strategy:
        raise ConfigError(
            f"trainer.strategy: found {settings.strategy}, expected ddp_find_unused_parameters_true, because "
            f"optim.finetune freezes stages and {settings.ranks} devices train together"
        )


class Thawing(Callback):
    """Freezes and thaws the stages of the backbone as a function of the epoch, so that a resumed fold goes on alike.

    A frozen stage has no gradients, and its batch normalisation keeps the statistics that it came with.
    """

    def __init__(self, finetuning: Finetuning) -> None:
        self.finetuning = finetuning

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Let learn what may learn in this epoch."""
        assert isinstance(pl_module, ExpressionClassifier)
        stages = pl_module.backbone.stages()
        frozen = len(stages) - self.finetuning.thawed(trainer.current_epoch, stages=len(stages))
        for place, stage in enumerate(stages):
            for parameter in stage:
                parameter.requires_grad_(place >= frozen)
        for module in pl_module.backbone.modules():
            module.train(learns(module))


def learns(module: nn.Module) -> bool:
    """Whether a module is in training mode: it has no parameters of its own, or some of them learn."""
    own = list(module.parameters(recurse=False))
    return not own or any(parameter.requires_grad for parameter in own)
