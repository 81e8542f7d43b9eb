import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from fer.errors import WeightsError
from fer.models.backbone import Backbone
from fer.models.classifier import ExpressionClassifier
from fer.models.cnn import CompactCnn
from fer.models.timm_backbone import TimmBackbone
from fer.models.weights import load_backbone, load_head, read_weights

LABELS = ("anger", "fear", "happiness")


def small(**changed: int) -> CompactCnn:
    return CompactCnn(**{"stem": 4, "widths": (8,), "size": 24, **changed})


def stored(backbone: Backbone, path: Path, labels: tuple[str, ...] = LABELS) -> ExpressionClassifier:
    """A classifier as a run stores it."""
    classifier = ExpressionClassifier(backbone, len(labels))
    save_file(dict(classifier.weights()), path, metadata={"ferlab": json.dumps({"labels": labels})})
    return classifier


def foreign(name: str, path: Path, **arguments: int) -> nn.Module:
    """A network of timm as its publishers store it, as safetensors or with pickle."""
    import timm

    network = timm.create_model(name, **arguments)
    save_file(network.state_dict(), path) if path.suffix == ".safetensors" else torch.save(network.state_dict(), path)
    return network


def test_another_run_is_the_start_to_the_last_number(tmp_path: Path) -> None:
    source = stored(small(), tmp_path / "w.safetensors")
    target = ExpressionClassifier(small(), 3)
    weights = read_weights(tmp_path / "w.safetensors")
    match = load_backbone(target.backbone, weights)
    assert load_head(target.head, LABELS, weights)
    assert not match.missing + match.reshaped + match.unused
    assert all(torch.equal(a, b) for a, b in zip(source.weights().values(), target.weights().values(), strict=True))


@pytest.mark.parametrize("labels", [("anger", "happiness", "fear"), ("anger", "fear")])
def test_a_head_for_other_labels_starts_anew(tmp_path: Path, labels: tuple[str, ...]) -> None:
    stored(small(), tmp_path / "w.safetensors")
    head = nn.Linear(8, len(labels))
    before = head.weight.clone()
    assert not load_head(head, labels, read_weights(tmp_path / "w.safetensors"))
    assert torch.equal(head.weight, before)


def test_a_partial_load_says_what_matched_and_what_did_not(tmp_path: Path) -> None:
    stored(CompactCnn(stem=4, widths=(8, 16), size=24), tmp_path / "w.safetensors")
    target = CompactCnn(stem=4, widths=(8, 16, 6), size=24)
    match = load_backbone(target, read_weights(tmp_path / "w.safetensors"))
    assert match.loaded
    assert match.missing
    assert all(name.startswith("blocks.2") for name in match.missing)
    assert f"{len(match.loaded)} of {len(target.state_dict())} tensors start from" in str(match)
    assert f"{len(match.missing)} are not in it (blocks.2" in str(match)


def test_tensors_of_another_shape_are_left_alone_and_named(tmp_path: Path) -> None:
    stored(CompactCnn(stem=4, widths=(8, 16, 32), size=24), tmp_path / "w.safetensors")
    target = CompactCnn(stem=4, widths=(8, 16, 33), size=24)
    before = {name: tensor.clone() for name, tensor in target.state_dict().items()}
    with pytest.raises(WeightsError, match=r"have another shape \(blocks.2.*another network's file"):
        load_backbone(target, read_weights(tmp_path / "w.safetensors"))
    assert all(torch.equal(before[n], t) for n, t in target.state_dict().items() if n.startswith("blocks.2") and t.ndim > 1)


@pytest.mark.parametrize(("before", "after"), [(3, 1), (1, 3)])
def test_filters_are_adapted_so_that_a_grey_face_gets_the_same_answer(tmp_path: Path, before: int, after: int) -> None:
    source = stored(small(channels=before), tmp_path / "w.safetensors").eval()
    target = ExpressionClassifier(small(channels=after), 3).eval()
    load_backbone(target.backbone, read_weights(tmp_path / "w.safetensors"))
    faces = torch.randint(0, 256, (4, 24, 24), dtype=torch.uint8)
    expected, answered = (c.backbone(c.as_input(faces)) for c in (source, target))
    torch.testing.assert_close(answered, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("file", ["w.safetensors", "w.pth"])
@pytest.mark.parametrize("name", ["resnet18", "mobilenetv3_small_050"])
def test_a_published_file_of_timms_is_loaded_whole(tmp_path: Path, name: str, file: str) -> None:
    published = foreign(name, tmp_path / file)
    backbone = TimmBackbone(name, pretrained=False)
    match = load_backbone(backbone, read_weights(tmp_path / file))
    assert not match.missing + match.reshaped
    assert all(name.startswith("network.") for name in match.unused)
    state = published.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in backbone.network.state_dict().items())


def test_position_embeddings_are_resized_to_the_faces(tmp_path: Path) -> None:
    foreign("vit_tiny_patch16_224", tmp_path / "w.pth")
    backbone = TimmBackbone("vit_tiny_patch16_224", pretrained=False, size=96)
    match = load_backbone(backbone, read_weights(tmp_path / "w.pth"))
    assert not match.missing + match.reshaped
    assert "network.pos_embed" in match.loaded


def test_one_channel_sums_the_rgb_filters(tmp_path: Path) -> None:
    published = foreign("resnet18", tmp_path / "w.safetensors").state_dict()
    backbone = TimmBackbone("resnet18", pretrained=False, channels=1)
    load_backbone(backbone, read_weights(tmp_path / "w.safetensors"))
    torch.testing.assert_close(backbone.network.state_dict()["conv1.weight"], published["conv1.weight"].sum(1, keepdim=True))


def test_the_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    foreign("mobilenetv3_small_050", tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match=r"has .* of the .* parameters of TimmBackbone.*Is it another network's file"):
        load_backbone(TimmBackbone("resnet18", pretrained=False), read_weights(tmp_path / "w.safetensors"))


@pytest.mark.parametrize("key", ["state_dict", "model"])
def test_a_trainers_checkpoint_is_unwrapped(tmp_path: Path, key: str) -> None:
    state = {f"module.{name}": tensor for name, tensor in small().state_dict().items()}
    torch.save({key: state, "epoch": 3}, tmp_path / "c.pth")
    assert not load_backbone(small(), read_weights(tmp_path / "c.pth")).missing


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("exploded"),))  # type: ignore[return-value]


def test_a_file_that_would_run_code_is_refused_and_runs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": Bomb()}, "bomb.pth")
    with pytest.raises(WeightsError, match=r"bomb.pth is no state dict"):
        read_weights(Path("bomb.pth"))
    assert not Path("exploded").exists()


def test_a_missing_damaged_or_empty_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"there is no file .*nowhere"):
        read_weights(tmp_path / "nowhere.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\x00")
    with pytest.raises(WeightsError, match=r"cut.safetensors is no safetensors file"):
        read_weights(tmp_path / "cut.safetensors")
    (tmp_path / "cut.pth").write_bytes(np.arange(9).tobytes())
    with pytest.raises(WeightsError, match=r"cut.pth is no state dict"):
        read_weights(tmp_path / "cut.pth")
    torch.save({"epoch": 3}, tmp_path / "none.pth")
    with pytest.raises(WeightsError, match=r"none.pth holds no tensors"):
        read_weights(tmp_path / "none.pth")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("hello, this is a text\nof two lines\n")


def pointer(path: Path) -> None:
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 3\n")


def half(path: Path) -> None:
    torch.save({"weight": torch.arange(1000.0)}, path)
    path.write_bytes(path.read_bytes()[:2000])


def without_end(path: Path) -> None:
    torch.save({"weight": torch.arange(1000.0)}, path)
    path.write_bytes(path.read_bytes()[:-10])


def half_of_the_old_format(path: Path) -> None:
    torch.save({"weight": torch.arange(1000.0)}, path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes()[:200])


def archive_of_nonsense(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/version", "3")
        archive.writestr("archive/data.pkl", "junk")


def tar(path: Path) -> None:
    text(path.with_suffix(".txt"))
    with tarfile.open(path, "w") as archive:
        archive.add(path.with_suffix(".txt"), "storages")


@pytest.mark.parametrize("write", [empty, text, pointer, half, without_end, half_of_the_old_format, archive_of_nonsense, tar])
def test_a_damaged_or_foreign_file_is_an_error_of_one_line(tmp_path: Path, write: Callable[[Path], None]) -> None:
    write(tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=r"w.pth is no state dict \(\w+.*expected what torch.save writes") as caught:
        read_weights(tmp_path / "w.pth")
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("old", [False, True], ids=["zip", "before torch 1.6"])
def test_whatever_bytes_are_flipped_there_is_no_error_but_ours(tmp_path: Path, old: bool) -> None:
    torch.save({"weight": torch.arange(40.0)}, tmp_path / "w.pth", _use_new_zipfile_serialization=not old)
    whole, rng, refused = np.frombuffer((tmp_path / "w.pth").read_bytes(), np.uint8), np.random.default_rng(0), 0
    for _ in range(200):
        damaged = whole.copy()
        damaged[rng.integers(0, min(600, len(whole)), 3)] = rng.integers(0, 256, 3)
        (tmp_path / "damaged.pth").write_bytes(damaged.tobytes())
        try:
            read_weights(tmp_path / "damaged.pth")
        except WeightsError:
            refused += 1
    assert refused > 50


def test_position_embeddings_of_a_run_of_ones_own_are_resized_too(tmp_path: Path) -> None:
    stored(TimmBackbone("vit_tiny_patch16_224", pretrained=False, size=64), tmp_path / "w.safetensors")
    larger = TimmBackbone("vit_tiny_patch16_224", pretrained=False, size=96)
    match = load_backbone(larger, read_weights(tmp_path / "w.safetensors"))
    assert not match.missing + match.reshaped + match.unused
    assert "network.pos_embed" in match.loaded


@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224", "convnext_atto", "mobilenetv3_small_050"])
def test_a_run_of_timms_network_is_the_start_to_the_last_number(tmp_path: Path, name: str) -> None:
    source = stored(TimmBackbone(name, pretrained=False), tmp_path / "w.safetensors").backbone.state_dict()
    target = TimmBackbone(name, pretrained=False)
    match = load_backbone(target, read_weights(tmp_path / "w.safetensors"))
    assert not match.missing + match.reshaped + match.unused
    assert all(torch.equal(source[name], tensor) for name, tensor in target.state_dict().items())


@pytest.mark.parametrize("name", ["convnext_atto", "poolformer_s12"])
def test_a_run_of_another_network_of_timms_is_refused(tmp_path: Path, name: str) -> None:
    stored(TimmBackbone("vit_tiny_patch16_224", pretrained=False), tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match=r"Is it another network's file"):
        load_backbone(TimmBackbone(name, pretrained=False), read_weights(tmp_path / "w.safetensors"))
