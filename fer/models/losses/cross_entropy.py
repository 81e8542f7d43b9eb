"""This file defines CrossEntropy, the loss that most networks are trained with."""

from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from fer.errors import ConfigError
from fer.models.losses.base import TrainingLoss, as_shares
from fer.models.losses.class_weights import Weighting, class_weights


class CrossEntropy(TrainingLoss):
    """The cross entropy of the labels, a share `label_smoothing` of whose probability is spread over all of them.

    `class_weights` weighs the labels by how often they occur in the fold's training part; `beta` belongs to `effective`.
    """

    source: ClassVar[str] = "Szegedy et al., CVPR 2016 (label smoothing); Cui et al., CVPR 2019 (effective class weights)"

    weights: Tensor | None

    def __init__(self, label_smoothing: float = 0.0, class_weights: Weighting | None = None, beta: float = 0.999) -> None:
        super().__init__()
        if not 0 <= label_smoothing < 1:
            raise ConfigError(f"loss.label_smoothing: found {label_smoothing}, expected at least 0 and below 1")
        if not 0 <= beta < 1:
            raise ConfigError(f"loss.beta: found {beta}, expected at least 0 and below 1")
        self.label_smoothing, self.class_weights, self.beta = label_smoothing, class_weights, beta
        self.register_buffer("weights", None, persistent=False)  # of this fold's faces, no part of what was learned

    def prepare(self, targets: NDArray[np.int64], num_labels: int) -> None:
        """Weigh the labels by their numbers of training faces, where that is asked for."""
        if self.class_weights is not None:
            found = class_weights(targets, num_labels, rule=self.class_weights, beta=self.beta)
            self.weights = torch.from_numpy(found)

    def of_logits(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The mean cross entropy in nats: over faces, also where they are weighted, and not over a batch's weights."""
        if self.weights is None:
            return F.cross_entropy(logits, targets, label_smoothing=self.label_smoothing)
        shares = as_shares(targets, logits.shape[1])
        return F.cross_entropy(logits, shares, self.weights, label_smoothing=self.label_smoothing)
