"""This file defines Optimisation, how weights are changed: optimiser, schedule, decay, thawing and averaging."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor, nn
from torch.optim import Optimizer

from fer.errors import ConfigError
from fer.models.classifier import ExpressionClassifier
from fer.training.callbacks.averaging import EqualAverage, MovingAverage
from fer.training.finetuning import Finetuning
from fer.training.settings import TrainerSettings

Decayed = Literal["all", "matrices", "linear"]


@dataclass(frozen=True)
class Optimisation:
    """What `conf/optim` describes.

    `optimizer` is built from groups of parameters; `schedule` from the optimiser and the number of steps, and returns
    Lightning's scheduler entry. The optimiser's weight decay shrinks `decayed`: all parameters, the matrices (neither biases
    nor normalisation) or the weights of linear layers. `dropout` is that before the head. `average` is the decay a step of
    an exponential moving average of the weights, which is then validated and kept (Izmailov et al. 2018 average, Polyak &
    Juditsky 1992), or None; `average_after` instead is the share of the training after which all weights count the same.
    `finetune` says how a network that has learned before is thawed, None trains all of it at once.
    """

    optimizer: Callable[..., Optimizer]
    schedule: Callable[..., Mapping[str, Any]] | None = None
    decayed: Decayed = "all"
    dropout: float = 0.0
    average: float | None = None
    average_after: float | None = None
    finetune: Finetuning | None = None

    def __post_init__(self) -> None:
        for name, value in (("dropout", self.dropout), ("average", self.average), ("average_after", self.average_after)):
            if value is not None and not 0 <= value < 1:
                raise ConfigError(f"optim.{name}: found {value}, expected at least 0 and below 1")
        if self.average is not None and self.average_after is not None:
            raise ConfigError("optim.average_after: found it beside optim.average, expected one of the two; the other is null")

    def averaging(self) -> list[MovingAverage]:
        """The callback that averages the weights, where that is asked for."""
        if self.average_after is not None:
            return [EqualAverage(self.average_after)]
        return [] if self.average is None else [MovingAverage(self.average)]

    def configure(self, classifier: ExpressionClassifier, *, steps: int) -> dict[str, Any]:
        """What LightningModule.configure_optimizers returns, for a training of `steps` optimiser steps."""
        optimizer = self.optimizer(self.groups(classifier))
        configured: dict[str, Any] = {"optimizer": optimizer}
        if self.schedule is not None:
            configured["lr_scheduler"] = dict(self.schedule(optimizer, steps))
        return configured

    def groups(self, classifier: ExpressionClassifier) -> list[dict[str, Any]]:
        """The parameters of the head, then those of the stages from the output to the input, each with its rate and decay."""
        if self.finetune is None:
            return self.split(classifier, list(classifier.parameters()))
        stages = [list(classifier.head.parameters()), *reversed(classifier.backbone.stages())]
        rate = float(getattr(self.optimizer, "keywords", {})["lr"])
        return [
            {**group, "lr": rate * self.finetune.decay**depth}
            for depth, stage in enumerate(stages)
            for group in self.split(classifier, stage)
        ]

    def split(self, classifier: ExpressionClassifier, parameters: Sequence[nn.Parameter]) -> list[dict[str, Any]]:
        """The parameters in one group, or in one that weight decay shrinks and one that it leaves alone."""
        if self.decayed == "all":
            return [{"params": list(parameters)}]
        shrunk = {id(parameter) for parameter in self.shrunk(classifier)}
        decayed = {"params": [p for p in parameters if id(p) in shrunk]}
        others = {"params": [p for p in parameters if id(p) not in shrunk], "weight_decay": 0.0}
        return [group for group in (decayed, others) if group["params"]]

    def shrunk(self, classifier: ExpressionClassifier) -> list[Tensor]:
        """The parameters that weight decay shrinks."""
        if self.decayed == "linear":
            return [module.weight for module in classifier.modules() if isinstance(module, nn.Linear)]
        return [parameter for parameter in classifier.parameters() if parameter.ndim > 1]


def require_averaging_works(optimisation: Optimisation, settings: TrainerSettings) -> None:
    """Raise ConfigError where the weights to be averaged are spread over devices."""
    if optimisation.averaging() and "fsdp" in settings.strategy:
        raise ConfigError(
            f"optim.average: the average of the weights needs all of them on every device, which trainer.strategy="
            f"{settings.strategy} prevents. Set optim.average=null, or trainer=ddp."
        )
