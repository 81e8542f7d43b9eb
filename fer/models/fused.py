"""This file lets convolutions do the batch normalisation behind them, in a network that is trained no more."""

from itertools import pairwise

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fuse(network: nn.Module) -> None:
    """Make each normalisation right behind a convolution of an nn.Sequential part of the convolution's weights.

    The network, which has to be in eval mode, says the same up to rounding in less time. What is arranged in any other way,
    as the networks of timm are, stays as it is.
    """
    for parts in [part for part in network.modules() if isinstance(part, nn.Sequential)]:
        for i, (before, behind) in enumerate(pairwise(list(parts))):
            if isinstance(before, nn.Conv2d) and isinstance(behind, nn.BatchNorm2d):
                parts[i], parts[i + 1] = fuse_conv_bn_eval(before, behind), nn.Identity()
