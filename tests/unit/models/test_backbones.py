from collections.abc import Callable

import pytest
import torch

from fer.errors import ConfigError, WeightsError
from fer.models.backbone import Backbone
from fer.models.classifier import ExpressionClassifier
from fer.models.cnn import CompactCnn
from fer.models.timm_backbone import TimmBackbone


def test_the_compact_cnn_gives_features_of_its_last_width() -> None:
    backbone = CompactCnn(stem=4, widths=(8, 16), depth=2, size=33, channels=3)
    assert backbone(torch.rand(2, 3, 33, 33)).shape == (2, 16)


def test_gradients_reach_every_parameter() -> None:
    classifier = ExpressionClassifier(CompactCnn(stem=4, widths=(8, 16)), 7)
    classifier(torch.randint(0, 256, (4, 48, 48), dtype=torch.uint8)).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in classifier.parameters())


@pytest.mark.parametrize("channels", [1, 3])
def test_a_grey_face_suits_networks_of_one_and_of_three_channels(channels: int) -> None:
    faces = torch.randint(0, 256, (2, 48, 48), dtype=torch.uint8)
    classifier = ExpressionClassifier(CompactCnn(stem=4, widths=(8,), channels=channels), 7, channels_last=True).eval()
    assert classifier(faces).shape == (2, 7)
    inputs = classifier.as_input(faces)
    assert inputs.shape == (2, channels, 48, 48)
    assert inputs.max() <= 1


def test_the_order_of_memory_does_not_change_the_result() -> None:
    torch.manual_seed(0)
    plain = ExpressionClassifier(CompactCnn(stem=4, widths=(8,)), 7).eval()
    last = ExpressionClassifier(CompactCnn(stem=4, widths=(8,)), 7, channels_last=True).eval()
    last.load_state_dict(plain.state_dict())
    faces = torch.randint(0, 256, (3, 48, 48), dtype=torch.uint8)
    torch.testing.assert_close(plain(faces), last(faces), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "size"), [("resnet18", 48), ("mobilenetv3_small_050", 64), ("vit_tiny_patch16_224", 32)])
def test_any_timm_network_goes_through_one_class(name: str, size: int) -> None:
    backbone = TimmBackbone(name, pretrained=False, size=size, channels=1)
    assert backbone(torch.rand(2, 1, size, size)).shape == (2, backbone.num_features)


def test_the_input_follows_timms_own_record_of_the_weights() -> None:
    spec = TimmBackbone("resnet18").spec
    assert (spec.size, spec.mean, spec.std) == (224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    assert TimmBackbone("resnet18", pretrained=False).spec.size == 64


@pytest.mark.parametrize(
    "backbone",
    [
        lambda: CompactCnn(stem=4, widths=(8, 16), depth=2),
        lambda: TimmBackbone("resnet18", pretrained=False),
        lambda: TimmBackbone("vit_tiny_patch16_224", pretrained=False, size=32),
        lambda: TimmBackbone("mobilenetv3_small_050", pretrained=False),
    ],
)
def test_stages_are_all_parameters_once_from_the_pixels_to_the_features(backbone: Callable[[], Backbone]) -> None:
    network = backbone()
    stages = [id(parameter) for stage in network.stages() for parameter in stage]
    assert sorted(stages) == sorted(id(parameter) for parameter in network.parameters())
    assert len(network.stages()) > 2
    assert stages[0] == id(next(network.parameters()))


def test_weights_that_cannot_be_fetched_name_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")  # the discard port: nobody listens
    backbone = TimmBackbone("resnet18", pretrained=True)
    with pytest.raises(WeightsError, match=r"cannot be fetched[\s\S]*model.weights=FILE[\s\S]*model.pretrained=false"):
        backbone.load_pretrained()


def test_an_unknown_network_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="timm has no network 'resnte18'; did you mean 'resnet18'"):
        TimmBackbone("resnte18", pretrained=False)
    with pytest.raises(ConfigError, match=r"timm has no weights 'resnet18.mine'; it has .*resnet18.a1_in1k"):
        TimmBackbone("resnet18.mine")
