"""This file defines ExpressionClassifier, the LightningModule around every backbone."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import MeanMetric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from fer.data.batch import IGNORED, Batch
from fer.models.backbone import Backbone
from fer.models.losses.base import TrainingLoss
from fer.models.losses.cross_entropy import CrossEntropy

#: Changes images (B, C, S, S) at positions (B,) of the training part, as fer.data.batched.BatchChanges does.
Change = Callable[..., Tensor]

#: Mixes images (B, C, S, S) and targets (B, K) of a batch, as torchvision.transforms.v2.MixUp and CutMix do.
Mix = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


class ExpressionClassifier(LightningModule):
    """A backbone with a linear head over expressions; it knows no database and no protocol.

    `forward` takes prepared faces as bytes and gives logits (B, K); scaling, channels and normalisation are inside, so
    that the weights are all that is needed to use the model.
    """

    def __init__(
        self,
        backbone: Backbone,
        num_labels: int,
        *,
        optimise: Callable[..., Any] | None = None,
        loss: TrainingLoss | None = None,
        change: Change | None = None,
        mix: Mix | None = None,
        dropout: float = 0.0,
        channels_last: bool = False,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(backbone.num_features, num_labels)
        self.optimise, self.loss, self.change, self.mix = optimise, loss or CrossEntropy(), change, mix
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.to(memory_format=self.memory_format)
        self.train_loss = torch.zeros(())
        self.val_loss = MeanMetric()
        self.val_metrics = MetricCollection(
            {
                "accuracy": MulticlassAccuracy(num_labels, average="micro", ignore_index=IGNORED),
                "macro_f1": MulticlassF1Score(num_labels, average="macro", ignore_index=IGNORED),
            },
            prefix="val_",
        )

    def forward(self, faces: Tensor) -> Tensor:
        """Logits (B, K) of faces (B, S, S) or (B, S, S, 3) uint8."""
        return self.logits(self.as_input(faces))

    def logits(self, images: Tensor) -> Tensor:
        """Logits (B, K) of faces as the backbone wants them, (B, C, S, S) in [0, 1]."""
        logits: Tensor = self.head(self.dropout(self.backbone(images)))
        return logits

    def as_input(self, faces: Tensor) -> Tensor:
        """Faces as the backbone wants them, (B, C, S, S) in [0, 1]."""
        return self.backbone.as_input(faces).contiguous(memory_format=self.memory_format)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of one training batch, whose faces are changed, and mixed with one another, where that is asked for."""
        images, targets = self.as_input(batch.faces), batch.targets
        if self.change is not None:
            images = self.change(images, batch.positions, epoch=self.current_epoch, epochs=self.trainer.max_epochs)
        if self.mix is not None:
            shares = targets if targets.ndim == 2 else F.one_hot(targets, self.head.out_features).float()
            images, targets = self.mix(images, shares)
        loss: Tensor = self.loss(self.logits, images, targets)
        self.train_loss = loss.detach() if batch_idx == 0 else self.train_loss + loss.detach()
        if batch_idx + 1 == self.trainer.num_training_batches:  # once an epoch: logging every step takes longer than some steps
            self.log("train_loss", self.train_loss / (batch_idx + 1), on_step=False, on_epoch=True, sync_dist=True)
        return loss

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        """The batch on the device; Lightning would look through it for what else might be a tensor."""
        return Batch(*(part.to(device, non_blocking=True) for part in batch))

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Loss and metrics of one validation batch, whose targets are indices."""
        logits = self(batch.faces).float()
        losses = F.cross_entropy(logits, batch.targets, ignore_index=IGNORED, reduction="none")
        self.val_loss.update(losses, weight=(batch.targets != IGNORED).float())
        self.val_metrics.update(logits, batch.targets)
        self.log("val_loss", self.val_loss)
        self.log_dict(self.val_metrics)

    def configure_optimizers(self) -> Any:
        """The optimiser and its schedule over all steps of the training."""
        assert self.optimise is not None, "a classifier made only to predict is never fitted"
        return self.optimise(self, steps=int(self.trainer.estimated_stepping_batches))

    def weights(self) -> Mapping[str, Tensor]:
        """The tensors of backbone and head on the CPU, contiguous, as they go into a safetensors file."""
        state = {key: value for key, value in self.state_dict().items() if not key.startswith(("val_", "loss."))}
        return {key: value.detach().cpu().contiguous() for key, value in state.items()}
