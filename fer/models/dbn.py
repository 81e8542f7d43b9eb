"""This file defines DeepBeliefNetwork, sigmoid layers that learn one after the other without labels, and then all together."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from fer.errors import ConfigError
from fer.models.backbone import Backbone, Picture, PretrainingStage
from fer.models.input_spec import InputSpec
from fer.models.rbm import BernoulliRbm, ContrastiveDivergence, GaussianRbm

#: The filters drawn, in rows of ten.
DRAWN, ROW = 100, 10

#: The deviation of a machine's first weights (Hinton 2010, section 8).
SMALL = 0.01

#: What Glorot & Bengio (AISTATS 2010) multiply their deviation by for sigmoid units, whose slope at 0 is a quarter.
SIGMOID_GAIN = 4.0


class DeepBeliefNetwork(Backbone):
    """A multi-layer perceptron that a stack of restricted Boltzmann machines pre-trains (Hinton, Osindero & Teh 2006).

    Input (B, 1, size, size), of which each face is standardised by itself; output (B, hidden[-1]) in (0, 1). A
    Gaussian-Bernoulli machine learns the first layer from the pixels, Bernoulli machines the others from the probabilities
    below. Zhao, Shi & Zhang (2015) read expressions with it, on faces of 16, 32 or 64 pixels. With `pretrain` false the same
    perceptron starts from the random weights of Glorot & Bengio (2010); `unlabelled` pre-trains on training faces whose
    labels are withheld as well.
    """

    source: ClassVar[str] = "Zhao, Shi & Zhang, Multimedia Tools and Applications 2015; Hinton, Osindero & Teh, 2006"

    def __init__(
        self,
        rbm: ContrastiveDivergence,
        hidden: Sequence[int] = (500, 500, 1000),
        size: int = 32,
        pretrain: bool = True,
        unlabelled: bool = False,
    ) -> None:
        if not hidden or min(hidden) < 1:
            raise ConfigError(f"model.hidden: found {list(hidden)}, expected the number of units of each layer, at least 1")
        super().__init__(InputSpec(size, 1, (0.0,), (1.0,)), hidden[-1])
        self.rbm, self.pretrain, self.unlabelled = rbm, pretrain, unlabelled
        pixels = size * size
        layers: list[nn.Module] = [nn.Flatten(), nn.LayerNorm(pixels, elementwise_affine=False)]
        for before, width in pairwise((pixels, *hidden)):
            layers += [first_weights(nn.Linear(before, width), pretrain), nn.Sigmoid()]
        self.layers = nn.Sequential(*layers)

    def features(self, faces: Tensor) -> Tensor:
        """Probabilities (B, hidden[-1]) of the last layer's units."""
        return self.layers(faces)  # type: ignore[no-any-return]

    def linear(self) -> Iterator[tuple[int, nn.Linear]]:
        """The layers that learn, each with its place."""
        return ((i, layer) for i, layer in enumerate(self.layers) if isinstance(layer, nn.Linear))

    def stages(self) -> Sequence[Sequence[nn.Parameter]]:
        """Each layer."""
        return [list(layer.parameters()) for _, layer in self.linear()]

    def pretraining(self) -> Sequence[PretrainingStage]:
        """A machine for each layer, from the pixels up; none where nothing is to be pre-trained."""
        if not self.pretrain:
            return ()
        stages = []
        for number, (place, layer) in enumerate(self.linear(), start=1):
            kind = GaussianRbm if number == 1 else BernoulliRbm
            machine = kind(layer, below=self.layers[:place], as_input=self.as_input, learning=self.rbm)
            stages.append(PretrainingStage(f"layer_{number}", machine, self.rbm.epochs, self.rbm.batch_size, self.unlabelled))
        return stages

    def pictures(self, faces: Iterable[Tensor]) -> Iterator[Picture]:
        """The filters of the first layer with the largest weights, each stretched to the whole range of grey."""
        weights = next(self.linear())[1].weight.detach().cpu().float()
        strongest = weights.norm(dim=1).argsort(descending=True, stable=True)[:DRAWN]
        filters = weights[strongest].view(-1, self.spec.size, self.spec.size).numpy()
        begun = "pre-trained without labels, then fine-tuned" if self.pretrain else "learned from random weights"
        caption = (
            f"The {len(filters)} filters of the first layer, of {len(weights)}, with the largest weights, {begun}: "
            f"what of a face of {self.spec.size} × {self.spec.size} pixels turns a unit on (bright) or off (dark)."
        )
        yield Picture("filters", caption, grid(filters))


def first_weights(layer: nn.Linear, pretrain: bool) -> nn.Linear:
    """The layer with the random weights that a machine, or a perceptron of sigmoid units, starts from, and biases of 0."""
    if pretrain:
        nn.init.normal_(layer.weight, std=SMALL)
    else:
        nn.init.xavier_uniform_(layer.weight, gain=SIGMOID_GAIN)
    nn.init.zeros_(layer.bias)
    return layer


def grid(filters: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Filters (N, S, S) in rows of ten with white gaps of a pixel, (H, W) uint8; 0 is the middle of the greys in each."""
    count, size, _ = filters.shape
    rows = -(-count // ROW)
    peaks = np.abs(filters).max(axis=(1, 2), keepdims=True)
    grey = np.round(127.5 + 127.5 * filters / np.maximum(peaks, np.finfo(np.float32).tiny)).astype(np.uint8)
    cells = np.full((rows * ROW, size + 1, size + 1), 255, np.uint8)
    cells[:count, 1:, 1:] = grey
    sheet = cells.reshape(rows, ROW, size + 1, size + 1).swapaxes(1, 2).reshape(rows * (size + 1), ROW * (size + 1))
    return np.pad(sheet, ((0, 1), (0, 1)), constant_values=255)
