"""This file defines Backbone, the contract of every network that turns faces into features."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from lightning import LightningModule
from numpy.typing import NDArray
from torch import Tensor, nn

from fer.models.input_spec import InputSpec


@dataclass(frozen=True)
class Picture:
    """Something to look at on a run's page: (H, W) or (H, W, 3) uint8, a file name without ending, and what it shows."""

    name: str
    caption: str
    image: NDArray[np.uint8]


@dataclass(frozen=True)
class PretrainingStage:
    """A part of a backbone that learns from faces without labels, before the stages after it and before any label.

    `module` gets batches as the classifier does, shares its weights with the backbone, and logs `error`, lower is better.
    `unlabelled` asks for training faces whose labels are withheld, besides the others.
    """

    name: str
    module: LightningModule
    epochs: int
    batch_size: int
    unlabelled: bool = False


class Backbone(nn.Module, ABC):
    """A network from faces (B, C, H, W) in [0, 1] to features (B, num_features); normalisation belongs to it.

    A subclass calls `super().__init__(spec, num_features)`, says its `source` and implements `features`. The constructor
    reads no weights: those that it starts from are loaded by `load_pretrained`, or come from a file or another run.
    """

    #: Where the network is from, in one line.
    source: ClassVar[str]

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

    def as_input(self, faces: Tensor) -> Tensor:
        """Prepared faces (B, S, S) or (B, S, S, 3) uint8 as the network wants them, (B, C, S, S) in [0, 1]."""
        images = faces.unsqueeze(1) if faces.ndim == 3 else faces.permute(0, 3, 1, 2)
        images = images.float() / 255
        return images if images.shape[1] == self.spec.channels else images.expand(-1, self.spec.channels, -1, -1)

    def load_pretrained(self) -> str | None:
        """Load the weights that the network's publisher offers, where the configuration asks for them, and name them.

        None where it starts from random weights; raises WeightsError where they cannot be had.
        """
        return None

    def from_foreign(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """A state dict that this project did not write, under this backbone's own names; unknown names may stay."""
        return state

    def from_own(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """A state dict of this kind of backbone, made to fit this one, whose input may have another size."""
        return state

    def stages(self) -> Sequence[Sequence[nn.Parameter]]:
        """Its parameters from the input to the output, in the groups that fine-tuning thaws one after the other."""
        return [parameters for child in self.children() if (parameters := list(child.parameters()))]

    def pretraining(self) -> Sequence[PretrainingStage]:
        """What is to be learned without labels, in this order; nothing for most."""
        return ()

    def explained_layer(self) -> nn.Module | None:
        """The layer whose image (B, C, h, w) Grad-CAM weighs, the cells of which must tile the face; None where there is none.

        The last convolution unless a class says otherwise. None where one is not padded: its cells lie closer to the middle
        than the parts of the face that a map would show them in, by a tenth of the face in small networks.
        """
        convolutions = [module for module in self.modules() if isinstance(module, nn.Conv2d)]
        return convolutions[-1] if convolutions and all(map(tiles, convolutions)) else None

    def pictures(self, faces: Iterable[Tensor]) -> Iterator[Picture]:
        """What there is to see of the trained network; `faces` are batches as `as_input` gives them. Nothing for most."""
        yield from ()


def tiles(convolution: nn.Conv2d) -> bool:
    """Whether a convolution's outputs lie evenly over its whole input, as patches and padded convolutions do."""
    if isinstance(convolution.padding, str):
        return convolution.padding == "same"
    sides = zip(convolution.kernel_size, convolution.stride, convolution.padding, convolution.dilation, strict=True)
    return all(dilation * (kernel - 1) < stride + 2 * padding for kernel, stride, padding, dilation in sides)
