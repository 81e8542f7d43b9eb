"""This file defines FaceVgg, the VGG variant that holds a record on FER2013."""

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from fer.errors import ConfigError
from fer.models.backbone import Backbone
from fer.models.cnn import FER2013_MEAN, FER2013_STD, conv3
from fer.models.input_spec import InputSpec


class FaceVgg(Backbone):
    """The VGG variant of Khaireddin & Chen, Facial emotion recognition: state of the art performance on FER2013 (2021).

    Input (B, channels, size, size) in [0, 1]; output (B, hidden). A pair of 3×3 convolutions with batch normalisation for
    each of `widths`, then 2×2 pooling; two layers of `hidden`, with `dropout` between them (that before the head is
    optim.dropout). The paper trains on crops of 40×40 and averages ten of them in the test; here the whole face is seen
    once, so that the score is that of one look at each face.
    """

    source: ClassVar[str] = "Khaireddin & Chen, arXiv 2105.03588, 2021"

    def __init__(
        self,
        widths: Sequence[int] = (64, 128, 256, 512),
        hidden: int = 4096,
        dropout: float = 0.2,
        size: int = 48,
        channels: int = 1,
    ) -> None:
        if not widths or min(hidden, *widths) < 1 or not 0 <= dropout < 1:
            raise ConfigError(f"model: found widths={list(widths)}, hidden={hidden}, dropout={dropout}, "
                              f"expected positive numbers, and dropout at least 0 and below 1")  # fmt: skip
        if (left := size // 2 ** len(widths)) < 1:
            raise ConfigError(f"model.size: found {size}, expected at least {2 ** len(widths)}: each of the widths halves it")
        super().__init__(InputSpec(size, channels, (FER2013_MEAN,) * channels, (FER2013_STD,) * channels), hidden)
        pairs = [pair(before, width) for before, width in zip((channels, *widths), widths, strict=False)]
        self.convolutions = nn.Sequential(*pairs)
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(widths[-1] * left**2, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(inplace=True),
        )

    def features(self, faces: Tensor) -> Tensor:
        """Features (B, hidden) of normalised faces."""
        return self.layers(self.convolutions(faces))  # type: ignore[no-any-return]

    def stages(self) -> Sequence[Sequence[nn.Parameter]]:
        """Each pair of convolutions, then the layers."""
        return [list(part.parameters()) for part in (*self.convolutions, self.layers)]


def pair(channels: int, width: int) -> nn.Sequential:
    """Two convolutions with batch normalisation, then pooling; (B, C, H, W) → (B, width, H/2, W/2)."""
    return nn.Sequential(
        conv3(channels, width), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
        conv3(width, width), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
    )  # fmt: skip
