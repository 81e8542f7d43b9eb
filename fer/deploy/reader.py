"""This file defines ExpressionReader, a trained network as it is used: bytes of faces in, probabilities out."""

import torch
from torch import Tensor, nn

from fer.models.classifier import ExpressionClassifier


class ExpressionReader(nn.Module):
    """Probabilities (B, K) float32 of faces (B, S, S) or (B, S, S, 3) uint8; scaling, channels and softmax are inside."""

    def __init__(self, classifier: ExpressionClassifier) -> None:
        super().__init__()
        self.backbone, self.head = classifier.backbone, classifier.head
        self.eval().requires_grad_(False).to(memory_format=torch.contiguous_format)

    def forward(self, faces: Tensor) -> Tensor:
        """The probability of every label, rows summing to 1."""
        logits: Tensor = self.head(self.backbone(self.backbone.as_input(faces)))
        return logits.softmax(1)
