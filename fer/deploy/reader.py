"""This file defines ExpressionReader, a trained network as it is used: bytes of faces in, probabilities out."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fer.models.classifier import ExpressionClassifier
from fer.models.fused import fuse
from fer.models.input_spec import InputSpec
from fer.models.weights import read_weights, stored_classifier


class ExpressionReader(nn.Module):
    """Probabilities (B, K) float32 of faces (B, S, S) or (B, S, S, 3) uint8; scaling, channels and softmax are inside."""

    labels: tuple[str, ...] = ()  # in the order of the probabilities, where it was read from a file

    def __init__(self, classifier: ExpressionClassifier) -> None:
        super().__init__()
        self.backbone, self.head = classifier.backbone, classifier.head
        fuse(self.eval().requires_grad_(False).to(memory_format=torch.channels_last))  # as CPUs are quickest

    @classmethod
    def of(cls, weights: Path) -> "ExpressionReader":
        """The network in a file of this project, on the GPU where there is one; raises WeightsError for another file."""
        stored = read_weights(weights)
        reader = cls(stored_classifier(stored)).to("cuda" if torch.cuda.is_available() else "cpu")
        reader.labels = tuple(stored.described["labels"])
        return reader

    @property
    def spec(self) -> InputSpec:
        """The faces that it wants."""
        spec: InputSpec = self.backbone.spec
        return spec

    @property
    def read(self) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
        """The same from arrays to arrays."""
        device = self.head.weight.device

        def read(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
            with torch.inference_mode():
                found: NDArray[np.float32] = self(torch.from_numpy(faces).to(device)).float().cpu().numpy()
            return found

        return read

    def forward(self, faces: Tensor) -> Tensor:
        """The probability of every label, rows summing to 1."""
        logits: Tensor = self.head(self.backbone(self.backbone.as_input(faces)))
        return logits.softmax(1)
