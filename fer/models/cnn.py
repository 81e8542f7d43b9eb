"""This file defines CompactCnn, the project's own small residual network for grey 48×48 faces."""

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from fer.errors import ConfigError
from fer.models.backbone import Backbone
from fer.models.input_spec import InputSpec

#: Mean and deviation of the grey values of FER2013's Training part.
FER2013_MEAN, FER2013_STD = 0.508, 0.255


class CompactCnn(Backbone):
    """A residual network (He et al. 2016) whose stem keeps the resolution, because an eye at 48×48 is four pixels wide.

    Input (B, channels, size, size) in [0, 1]; output (B, widths[-1]). After a 3×3 stem every stage halves the resolution
    once and has `depth` residual blocks of two 3×3 convolutions; shortcuts are average-pooled before their 1×1
    convolution, so that no pixel is skipped (He et al. 2019, ResNet-D). Ends in global average pooling. With `stem_stride` 2
    the stem is 5×5 and halves the resolution instead of the first stage, which spends the multiply-adds where there are
    more channels: they are done in less time.
    """

    source: ClassVar[str] = "He et al., CVPR 2016 and (shortcuts) CVPR 2019"

    def __init__(
        self,
        stem: int = 24,
        widths: Sequence[int] = (48, 96, 192),
        depth: int = 1,
        stem_stride: int = 1,
        size: int = 48,
        channels: int = 1,
    ) -> None:
        if min(stem, depth, *widths) < 1:
            raise ConfigError(f"model: found stem={stem}, widths={list(widths)}, depth={depth}, expected positive numbers")
        if stem_stride not in (1, 2):
            raise ConfigError(f"model.stem_stride: found {stem_stride}, expected 1 or 2")
        super().__init__(InputSpec(size, channels, (FER2013_MEAN,) * channels, (FER2013_STD,) * channels), widths[-1])
        first = conv3(channels, stem) if stem_stride == 1 else nn.Conv2d(channels, stem, 5, 2, 2, bias=False)
        self.stem = nn.Sequential(first, nn.BatchNorm2d(stem), nn.ReLU(inplace=True))
        blocks: list[nn.Module] = []
        for i, (before, width) in enumerate(zip((stem, *widths), widths, strict=False)):
            stride = 1 if stem_stride == 2 and i == 0 else 2
            blocks += [ResidualBlock(before, width, stride=stride), *(ResidualBlock(width, width) for _ in range(depth - 1))]
        self.blocks = nn.Sequential(*blocks)

    def features(self, faces: Tensor) -> Tensor:
        """Features (B, widths[-1]) of normalised faces."""
        return self.blocks(self.stem(faces)).mean((2, 3))  # type: ignore[no-any-return]

    def stages(self) -> Sequence[Sequence[nn.Parameter]]:
        """The stem, then each residual block."""
        return [list(part.parameters()) for part in (self.stem, *self.blocks)]

    def explained_layer(self) -> nn.Module:
        """The last block, whose shortcut is part of what the pooling sees."""
        return self.blocks[-1]


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions with batch normalisation, added to a shortcut; (B, C, H, W) → (B, width, H/stride, W/stride)."""

    def __init__(self, channels: int, width: int, *, stride: int = 1) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            conv3(channels, width, stride=stride),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            conv3(width, width),
            nn.BatchNorm2d(width),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels != width:
            pool = nn.AvgPool2d(stride, ceil_mode=True) if stride != 1 else nn.Identity()
            self.shortcut = nn.Sequential(pool, nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        """The block's output."""
        return F.relu(self.shortcut(x) + self.residual(x), inplace=True)


def conv3(channels: int, width: int, *, stride: int = 1) -> nn.Conv2d:
    """A 3×3 convolution without bias, which the batch normalisation behind it has."""
    return nn.Conv2d(channels, width, 3, stride, 1, bias=False)
