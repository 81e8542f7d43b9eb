import pytest
import torch

from fer.errors import ConfigError
from fer.models.resnet48 import ResNet48
from fer.models.timm_backbone import TimmBackbone
from fer.models.vgg import FaceVgg


def test_the_stem_of_resnet48_keeps_the_resolution() -> None:
    face = torch.rand(1, 1, 48, 48)
    small, plain = ResNet48("resnet18"), TimmBackbone("resnet18", False, 48, 1)
    assert small.network.forward_features(face).shape[-2:] == (6, 6)  # type: ignore[operator]
    assert plain.network.forward_features(face).shape[-2:] == (2, 2)  # type: ignore[operator]
    assert [p.shape for p in small.parameters()] == [p.shape for p in plain.parameters()]


def test_a_network_without_a_plain_residual_stem_is_refused() -> None:
    with pytest.raises(ConfigError, match="found mobilenetv3_small_050, expected one of timm's residual networks"):
        ResNet48("mobilenetv3_small_050")


def test_the_vgg_has_as_many_pairs_as_widths() -> None:
    network = FaceVgg(widths=(4, 8), hidden=16, size=32)
    assert len(network.convolutions) == 2
    assert network.eval()(torch.rand(2, 1, 32, 32)).shape == (2, 16)
    with pytest.raises(ConfigError, match="found 8, expected at least 16"):
        FaceVgg(size=8)
