"""This file defines LopesCnn, the small network of Lopes et al. for few faces, whose synthetic samples and orders go with it."""

import math
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from fer.errors import ConfigError
from fer.models.backbone import Backbone
from fer.models.input_spec import InputSpec

#: Side of the smallest faces of which the second pooling leaves anything.
SMALLEST = 12


class LopesCnn(Backbone):
    """Two convolutions with max pooling and a fully connected layer, for 32×32 faces of normalised intensity.

    Input (B, 1, size, size) in [0, 1]; output (B, hidden). 5×5 convolution to 32 maps, pooling, 7×7 convolution to 64 maps,
    pooling, a fully connected layer of 256. What the paper leaves open is as in the authors' code: only the second
    convolution is padded, by 2 (28, 14, 12, 6 pixels a side); nothing but the pooling stands between the convolutions and
    the fully connected layer, whose ReLU is the only activation; weights are drawn evenly from ±√(3 / inputs), biases
    begin at 0, and grey values are only scaled. Differs in that biases learn at the rate of the weights rather than twice it.
    """

    source: ClassVar[str] = "Lopes et al., Pattern Recognition 61, 2017, and their code"

    def __init__(self, maps: tuple[int, int] = (32, 64), hidden: int = 256, size: int = 32, channels: int = 1) -> None:
        if len(maps) != 2 or min(*maps, hidden) < 1 or size < SMALLEST:
            found = f"maps={list(maps)}, hidden={hidden}, size={size}"
            raise ConfigError(f"model: found {found}, expected two positive numbers, a positive one, at least {SMALLEST} pixels")
        super().__init__(InputSpec(size, channels, (0.0,) * channels, (1.0,) * channels), hidden)
        self.first = nn.Conv2d(channels, maps[0], 5)
        self.second = nn.Conv2d(maps[0], maps[1], 7, padding=2)
        side = ((size - 4) // 2 - 2) // 2
        self.hidden = nn.Linear(maps[1] * side**2, hidden)
        for layer in (self.first, self.second, self.hidden):
            begin(layer)

    def features(self, faces: Tensor) -> Tensor:
        """Features (B, hidden) of faces."""
        maps = F.max_pool2d(self.second(F.max_pool2d(self.first(faces), 2)), 2)
        return F.relu(self.hidden(maps.flatten(1)))


def begin(layer: nn.Conv2d | nn.Linear) -> None:
    """First weights as the "xavier" of Caffe draws them: evenly from ±√(3 / inputs); biases 0."""
    bound = math.sqrt(3 / layer.weight[0].numel())
    nn.init.uniform_(layer.weight, -bound, bound)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
