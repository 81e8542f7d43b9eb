"""This file defines KullbackLeibler, how far the predictions are from the distribution of annotators' votes."""

from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from fer.models.losses.base import TrainingLoss, as_shares


class KullbackLeibler(TrainingLoss):
    """The divergence KL(votes || prediction), 0 where the predicted probabilities are the shares of the votes.

    It is the cross entropy less the entropy of the votes, which no prediction changes: gradients, and so the trained
    network, are those of the cross entropy. Its value says how much there is left to learn. Goes with labels=ferplus and
    labels.votes=soft; of a single label it is the cross entropy.
    """

    source: ClassVar[str] = "Kullback & Leibler 1951; Barsoum et al., ICMI 2016 (training on the distribution of votes)"

    def of_logits(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The mean divergence in nats."""
        return F.kl_div(logits.float().log_softmax(1), as_shares(targets, logits.shape[1]), reduction="batchmean")
