"""This file defines Optimisation, how weights are changed: optimiser, schedule, smoothing and averaging."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.optim import Optimizer

from fer.errors import ConfigError


@dataclass(frozen=True)
class Optimisation:
    """What `conf/optim` describes.

    `optimizer` is built from the parameters; `schedule` from the optimiser and the number of steps, and returns
    Lightning's scheduler entry. `average` is the decay a step of an exponential moving average of the weights, which is
    then validated and kept (Izmailov et al. 2018 average, Polyak & Juditsky 1992), or None.
    """

    optimizer: Callable[..., Optimizer]
    schedule: Callable[..., Mapping[str, Any]] | None = None
    label_smoothing: float = 0.0
    dropout: float = 0.0
    average: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("label_smoothing", self.label_smoothing), ("dropout", self.dropout), ("average", self.average)):
            if value is not None and not 0 <= value < 1:
                raise ConfigError(f"optim.{name}: found {value}, expected at least 0 and below 1")

    def configure(self, parameters: Iterable[nn.Parameter], *, steps: int) -> dict[str, Any]:
        """What LightningModule.configure_optimizers returns, for a training of `steps` optimiser steps."""
        optimizer = self.optimizer([p for p in parameters if p.requires_grad])
        configured: dict[str, Any] = {"optimizer": optimizer}
        if self.schedule is not None:
            configured["lr_scheduler"] = dict(self.schedule(optimizer, steps))
        return configured
