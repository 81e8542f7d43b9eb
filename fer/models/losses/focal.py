"""This file defines Focal, a loss that looks away from the faces that are recognised already."""

from typing import ClassVar

import torch
from torch import Tensor

from fer.errors import ConfigError
from fer.models.losses.base import TrainingLoss, as_shares

#: The least that a label's probability is taken to be short of 1: the smallest normal float32, since the slope of x ** gamma
#: at 0 is infinite for a gamma below 1, and rounding leaves some probabilities above 1.
LEAST = torch.finfo(torch.float32).tiny


class Focal(TrainingLoss):
    """The focal loss over several labels: each label's part of the cross entropy times (1 - its probability) ** gamma.

    With `gamma` 0 it is the cross entropy. Differs from the paper, which detects objects by one logistic a class: the
    probabilities are those of a softmax, targets may be distributions, and its weights alpha of the classes are left out.
    """

    source: ClassVar[str] = "Lin et al., ICCV 2017"

    def __init__(self, gamma: float = 2.0) -> None:
        super().__init__()
        if gamma < 0:
            raise ConfigError(f"loss.gamma: found {gamma}, expected at least 0")
        self.gamma = gamma

    def of_logits(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The mean focal loss in nats."""
        logs = logits.float().log_softmax(1)
        short = (1 - logs.exp()).clamp(min=LEAST)
        parts = -(short**self.gamma) * logs
        return (as_shares(targets, logits.shape[1]) * parts).sum(1).mean()
