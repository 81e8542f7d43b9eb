"""This file defines Backbone, the contract of every network that turns faces into features."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from fer.models.input_spec import InputSpec


class Backbone(nn.Module, ABC):
    """A network from faces (B, C, H, W) in [0, 1] to features (B, num_features); normalisation belongs to it.

    A subclass calls `super().__init__(spec, num_features)` and implements `features`.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, spec: InputSpec, num_features: int) -> None:
        super().__init__()
        self.spec, self.num_features = spec, num_features
        self.register_buffer("mean", torch.tensor(spec.mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(spec.std).view(1, -1, 1, 1), persistent=False)

    def forward(self, faces: Tensor) -> Tensor:
        """Features (B, num_features) of faces (B, C, H, W) in [0, 1]."""
        normalised: Tensor = self.features((faces - self.mean) / self.std)
        return normalised

    @abstractmethod
    def features(self, faces: Tensor) -> Tensor:
        """Features (B, num_features) of normalised faces (B, C, H, W)."""
