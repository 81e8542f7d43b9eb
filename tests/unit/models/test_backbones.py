from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from fer.errors import ConfigError, WeightsError
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


def test_the_input_follows_timms_own_record_of_the_weights(tmp_path: Path) -> None:
    import timm

    save_file(timm.create_model("resnet18", num_classes=0).state_dict(), tmp_path / "w.safetensors")
    spec = TimmBackbone("resnet18", weights=str(tmp_path / "w.safetensors")).spec
    assert (spec.size, spec.mean, spec.std) == (224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    assert TimmBackbone("resnet18", pretrained=False).spec.size == 64


@pytest.mark.parametrize("form", ["safetensors", "pth"])
def test_local_weights_are_loaded_whole(tmp_path: Path, form: str) -> None:
    import timm

    state = timm.create_model("resnet18", num_classes=1000).state_dict()
    path = tmp_path / f"w.{form}"
    save_file(state, path) if form == "safetensors" else torch.save(state, path)
    loaded = TimmBackbone("resnet18", weights=str(path)).network.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in loaded.items())


def test_one_channel_sums_the_rgb_filters(tmp_path: Path) -> None:
    import timm

    state = timm.create_model("resnet18", num_classes=0).state_dict()
    save_file(state, tmp_path / "w.safetensors")
    grey = TimmBackbone("resnet18", weights=str(tmp_path / "w.safetensors"), channels=1).network.state_dict()
    torch.testing.assert_close(grey["conv1.weight"], state["conv1.weight"].sum(1, keepdim=True))


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    import timm

    save_file(timm.create_model("mobilenetv3_small_050", num_classes=0).state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match=r"tensors of resnet18; the first missing is .* another network's file"):
        TimmBackbone("resnet18", weights=str(tmp_path / "w.safetensors"))


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("exploded"),))  # type: ignore[return-value]


def test_a_file_that_would_run_code_is_refused_and_runs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": Bomb()}, "bomb.pth")
    with pytest.raises(WeightsError, match=r"bomb.pth is no state dict"):
        TimmBackbone("resnet18", weights="bomb.pth")
    assert not Path("exploded").exists()


def test_a_missing_or_damaged_weights_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"there is no file .*nowhere"):
        TimmBackbone("resnet18", weights=str(tmp_path / "nowhere.safetensors"))
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\x00")
    with pytest.raises(WeightsError, match=r"cut.safetensors is no safetensors file"):
        TimmBackbone("resnet18", weights=str(tmp_path / "cut.safetensors"))


def test_weights_that_cannot_be_fetched_name_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")  # the discard port: nobody listens
    with pytest.raises(WeightsError, match=r"cannot be fetched[\s\S]*model.weights=FILE[\s\S]*model.pretrained=false"):
        TimmBackbone("resnet18", pretrained=True)


def test_an_unknown_network_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="timm has no network 'resnte18'; did you mean 'resnet18'"):
        TimmBackbone("resnte18", pretrained=False)
    with pytest.raises(ConfigError, match=r"timm has no weights 'resnet18.mine'; it has .*resnet18.a1_in1k"):
        TimmBackbone("resnet18.mine")
