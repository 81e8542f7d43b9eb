"""This file defines Distillation, learning from what another network says of the same faces besides their labels."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from fer.errors import ConfigError
from fer.models.fused import fuse
from fer.models.losses.base import TrainingLoss

if TYPE_CHECKING:  # which has a loss itself
    from fer.models.classifier import ExpressionClassifier


class Distillation(TrainingLoss):
    """The share `taught` of the divergence from a teacher's probabilities, and for the rest the cross entropy of the labels.

    `teacher` is a run of this project, or a fold or file of one, whose networks know the same labels; a fold is taught by
    the fold of the same name. The teacher sees every training face as the student does, changed in the same way (Beyer et
    al. 2022), at the size that it was trained on itself. Both sides are softened by `temperature`, and their divergence is
    multiplied by its square, so that its gradients keep their size (Hinton et al. 2015).
    """

    source: ClassVar[str] = "Hinton, Vinyals & Dean 2015; Beyer et al., CVPR 2022"

    def __init__(
        self, teacher: str | None = None, taught: float = 0.9, temperature: float = 2.0, label_smoothing: float = 0.0
    ) -> None:
        super().__init__()
        for name, value, high in (("taught", taught, 1.0), ("label_smoothing", label_smoothing, 0.99)):
            if not 0 <= value <= high:
                raise ConfigError(f"loss.{name}: found {value}, expected from 0 to {high:g}")
        if temperature <= 0:
            raise ConfigError(f"loss.temperature: found {temperature}, expected more than 0")
        self.taught, self.temperature, self.label_smoothing = taught, temperature, label_smoothing
        self._teacher: Shared | None = None

    def learn_from(self, teacher: "ExpressionClassifier") -> None:
        """Say who teaches, before training begins; the teacher's own network is arranged for that, see `fuse`."""
        fuse(teacher.eval().requires_grad_(False))
        self._teacher = Shared(teacher)

    def forward(self, logits_of: Callable[[Tensor], Tensor], images: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of a batch of images (B, C, S, S) in [0, 1], which the teacher is shown too."""
        logits = logits_of(images)
        return self.taught * self.divergence(logits, self.opinion(images)) + (1 - self.taught) * self.of_logits(logits, targets)

    def opinion(self, images: Tensor) -> Tensor:
        """What the teacher says of images: logits (B, K)."""
        assert self._teacher is not None, "learn_from comes before training"
        teacher = self._teacher.network.to(images.device)
        size = teacher.backbone.spec.size
        with torch.no_grad():
            shown = images if images.shape[-1] == size else F.interpolate(images, size=(size, size), mode="bilinear")
            return teacher.logits(shown)

    def divergence(self, logits: Tensor, taught: Tensor) -> Tensor:
        """KL(teacher || student) in nats of the softened probabilities, times the square of the temperature."""
        softened = (taught.float() / self.temperature).softmax(1)
        return F.kl_div((logits.float() / self.temperature).log_softmax(1), softened, reduction="batchmean") * self.temperature**2

    def of_logits(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The cross entropy of the labels in nats."""
        return F.cross_entropy(logits, targets, label_smoothing=self.label_smoothing)


class Shared:
    """Holds the teacher, so that it is no part of what is trained, stored, or copied for the average of the weights."""

    def __init__(self, network: "ExpressionClassifier") -> None:
        self.network = network

    def __deepcopy__(self, memo: object) -> "Shared":
        return self
