"""This file defines AttentionalCnn, the small network of Deep-Emotion with its spatial transformer."""

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fer.errors import ConfigError
from fer.models.backbone import Backbone, Picture
from fer.models.cnn import FER2013_MEAN, FER2013_STD
from fer.models.input_spec import InputSpec
from fer.models.transformer_picture import draw_looks

#: A smaller face leaves the second pooling nothing.
SMALLEST = 32


class AttentionalCnn(Backbone):
    """The attentional CNN of Minaee et al., Deep-Emotion (Sensors 21, 3046, 2021).

    Input (B, channels, size, size) in [0, 1]; output (B, 50). Two pairs of unpadded 3×3 convolutions of 10 filters, each
    pair pooled, dropout and a layer of 50; at 48×48 it sees 9×9×10 = 810 values. A spatial transformer (Jaderberg et al.
    2015) turns what `warp` says: the "input", which is the default, or the pooled "features"; re-implementations disagree.
    It starts as the identity and its changes are scaled by `gain`. Differs from the paper in `normalise`, batch
    normalisation throughout, and in `dropout`, whose rate the paper does not give. Without normalisation in the transformer
    its units die at the paper's rate of .005, and it looks at every face alike: trained for 30 epochs on FER2013, and for 8
    on 8,000 images at a gain of 1 and of .1, its maps did not vary at all.
    """

    source: ClassVar[str] = "Minaee et al., Deep-Emotion, Sensors 21, 3046, 2021"

    def __init__(
        self,
        warp: Literal["input", "features", "nothing"] = "input",
        width: int = 10,
        hidden: int = 50,
        dropout: float = 0.2,
        normalise: bool = True,
        gain: float = 0.1,
        size: int = 48,
        channels: int = 1,
    ) -> None:
        if size < SMALLEST or min(width, hidden) < 1 or not 0 <= dropout < 1:
            raise ConfigError(
                f"model: found size={size}, width={width}, hidden={hidden}, dropout={dropout}, "
                f"expected a size of at least {SMALLEST}, positive widths, and dropout at least 0 and below 1"
            )
        super().__init__(InputSpec(size, channels, (FER2013_MEAN,) * channels, (FER2013_STD,) * channels), hidden)
        self.warp = warp
        self.transformer = SpatialTransformer(size, channels, gain=gain, normalise=normalise) if warp != "nothing" else None
        self.convolutions = nn.Sequential(
            *convolved(channels, width, normalise=normalise),
            *convolved(width, width, normalise=normalise, pool=True),
            *convolved(width, width, normalise=normalise),
            *convolved(width, width, normalise=normalise, pool=True),
        )
        left = ((size - 4) // 2 - 4) // 2
        self.summary = nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(width * left**2, hidden), nn.ReLU(inplace=True))

    def features(self, faces: Tensor) -> Tensor:
        """Features (B, hidden) of normalised faces."""
        if self.transformer is None:
            return self.summary(self.convolutions(faces))  # type: ignore[no-any-return]
        looks = self.transformer.looks(faces)
        if self.warp == "input":
            return self.summary(self.convolutions(warped(faces, looks)))  # type: ignore[no-any-return]
        return self.summary(warped(self.convolutions(faces), looks))  # type: ignore[no-any-return]

    def stages(self) -> Sequence[Sequence[nn.Parameter]]:
        """The transformer, then the first and the second pair of convolutions, then the summary."""
        middle = len(self.convolutions) // 2
        first, second = self.convolutions[:middle], self.convolutions[middle:]
        parts = (self.transformer, first, second, self.summary)
        return [list(part.parameters()) for part in parts if part is not None]

    def pictures(self, faces: Iterable[Tensor]) -> Iterator[Picture]:
        """Where the transformer looks: outlines over the mean face, and the mean of what the network sees."""
        if self.transformer is None:
            return
        batches = [(batch, self.transformer.looks((batch - self.mean) / self.std)) for batch in faces]
        images = torch.cat([batch.mean(1) for batch, _ in batches]).float().numpy(force=True)
        seen = torch.cat([warped(batch, looks).mean(1) for batch, looks in batches]).float().numpy(force=True)
        yield draw_looks(images, seen, torch.cat([looks for _, looks in batches]).float().numpy(force=True), what=self.warp)


class SpatialTransformer(nn.Module):
    """The localisation network of a spatial transformer: where to look, as an affine map for each face, (B, 2, 3).

    Convolutions of 8 and 10 filters, 7×7 and 5×5 as in Jaderberg's network for digits, each pooled; layers of 32 and 6.
    """

    identity: Tensor

    def __init__(self, size: int, channels: int, *, gain: float, normalise: bool) -> None:
        super().__init__()
        self.localisation = nn.Sequential(
            nn.Conv2d(channels, 8, 7, bias=not normalise), *normalised(8, normalise), nn.MaxPool2d(2), nn.ReLU(inplace=True),
            nn.Conv2d(8, 10, 5, bias=not normalise), *normalised(10, normalise), nn.MaxPool2d(2), nn.ReLU(inplace=True),
            nn.Flatten(),
        )  # fmt: skip
        left = ((size - 6) // 2 - 4) // 2
        hidden = [nn.Linear(10 * left**2, 32), *([nn.BatchNorm1d(32)] if normalise else []), nn.ReLU(inplace=True)]
        last = nn.Linear(32, 6)
        self.regression = nn.Sequential(*hidden, last)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.gain = gain
        self.register_buffer("identity", torch.eye(2, 3), persistent=False)

    def looks(self, faces: Tensor) -> Tensor:
        """The affine maps (B, 2, 3) from the output's coordinates in [-1, 1] to the face's; the identity at first."""
        change: Tensor = self.regression(self.localisation(faces))
        return self.identity + self.gain * change.view(-1, 2, 3)


def warped(images: Tensor, looks: Tensor) -> Tensor:
    """Images (B, C, H, W) as seen through affine maps (B, 2, 3), sampled bilinearly; black outside."""
    grid = F.affine_grid(looks.float(), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid.to(images.dtype), align_corners=False)


def convolved(channels: int, width: int, *, normalise: bool, pool: bool = False) -> list[nn.Module]:
    """An unpadded 3×3 convolution, normalised and pooled or not, and rectified."""
    layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, bias=not normalise)]
    layers += normalised(width, normalise)
    layers += [nn.MaxPool2d(2)] if pool else []
    return [*layers, nn.ReLU(inplace=True)]


def normalised(width: int, normalise: bool) -> list[nn.Module]:
    """Batch normalisation, or nothing."""
    return [nn.BatchNorm2d(width)] if normalise else []
