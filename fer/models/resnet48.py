"""This file defines ResNet48, the residual networks of timm with a stem that keeps the resolution of small faces."""

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import nn

from fer.errors import ConfigError
from fer.models.timm_backbone import TimmBackbone


class ResNet48(TimmBackbone):
    """A residual network (He et al., CVPR 2016) for faces of 48×48, whose stem neither strides nor pools.

    Input (B, channels, size, size) in [0, 1]; output (B, the network's own number of features). The stem of ImageNet's
    networks leaves 12×12 of 48×48 pixels; without its stride and its pooling 48×48 remain, as He et al. did for CIFAR. The
    filters are the same, so that ImageNet's weights can still be the start (`pretrained`), but every stage sees four times
    as much in each direction as it learned.
    """

    source: ClassVar[str] = "He et al., CVPR 2016, with the stem of its CIFAR networks"

    def __init__(
        self,
        name: str = "resnet18",
        pretrained: bool = False,
        size: int = 48,
        channels: int = 1,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(name, pretrained, size, channels, options)
        stem, pool = getattr(self.network, "conv1", None), getattr(self.network, "maxpool", None)
        if not isinstance(stem, nn.Conv2d) or not isinstance(pool, nn.MaxPool2d):
            raise ConfigError(f"model.name: found {name}, expected one of timm's residual networks with a plain stem: resnet18, "
                              f"resnet34, resnet50, seresnet18, …")  # fmt: skip
        stem.stride = (1, 1)
        self.network.maxpool = nn.Identity()
