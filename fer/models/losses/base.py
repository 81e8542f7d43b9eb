"""This file defines TrainingLoss, the contract of everything that a network can be trained to make small."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F


class TrainingLoss(nn.Module, ABC):
    """What `conf/loss` names: one file here and one YAML.

    Targets are indices (B,) int64, or distributions over the labels (B, K) float32: votes, or a mixture of two faces'.
    Validation is judged by the plain cross entropy, whatever the loss of training is.
    """

    #: Where the loss is from, in one line.
    source: ClassVar[str]

    def prepare(self, targets: NDArray[np.int64], num_labels: int) -> None:
        """Look at the targets (N,) of the fold's training part, and at nothing else, before training begins."""

    def forward(self, logits_of: Callable[[Tensor], Tensor], images: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of a batch of images (B, C, S, S) in [0, 1]; `logits_of` gives logits (B, K) of images."""
        return self.of_logits(logits_of(images), targets)

    @abstractmethod
    def of_logits(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of a batch of which the logits (B, K) are known."""


def as_shares(targets: Tensor, num_labels: int) -> Tensor:
    """Targets as distributions over the labels (B, K) float32: of indices (B,) the whole share is one label's."""
    return targets if targets.ndim == 2 else F.one_hot(targets, num_labels).float()
