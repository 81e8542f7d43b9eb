"""This file gives every door that reads a file one that wants to run code, to leave its folder or to fill the memory."""

import io
import json
import os
import pickle
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from mutated_files import Exploding
from safetensors.torch import save_file

from fer.build import build
from fer.cli.main import main
from fer.data.databases.affectnet_numbered import name_in
from fer.data.databases.affectnet_sample import write_numbered
from fer.data.databases.expw import ExpW
from fer.data.databases.folder import Folder
from fer.deploy.model import open_model
from fer.errors import ConfigError, DatabaseDamaged, FerError
from fer.files import write_json
from fer.models.classifier import ExpressionClassifier
from fer.models.cnn import CompactCnn
from fer.models.weights import read_weights, stored_classifier
from fer.results.shapes import NAMED, require_known_targets
from fer.results.stored_run import read_config

SMALL = {"_target_": "fer.models.cnn.CompactCnn", "stem": 4, "widths": [8], "size": 24}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever code of a file runs leaves a folder `exploded` here."""
    monkeypatch.chdir(tmp_path)


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps({"weight": Exploding()}))


def torch_saved(path: Path) -> None:
    torch.save({"state_dict": {"weight": Exploding()}}, path)


def torch_saved_as_before(path: Path) -> None:
    torch.save({"weight": Exploding()}, path, _use_new_zipfile_serialization=False)


def numpy_saved(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.array([Exploding()], object), allow_pickle=True)


def npz_saved(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, ids=np.array([Exploding()], object), people=np.array([]), copies=np.array([]))


WRITTEN = (pickled, torch_saved, torch_saved_as_before, numpy_saved, npz_saved)


@pytest.mark.parametrize("write", WRITTEN)
@pytest.mark.parametrize("name", ["w.safetensors", "w.pth", "w.pt", "w.ckpt", "w.bin"])
def test_weights_that_are_a_pickle_run_nothing(write: Callable[[Path], None], name: str) -> None:
    write(Path(name))
    with pytest.raises(FerError, match=re.escape(name)):
        read_weights(Path(name))
    assert not Path("exploded").exists()


@pytest.mark.parametrize("write", WRITTEN)
@pytest.mark.parametrize("name", ["m.onnx", "m.ts", "run/model.safetensors"])
def test_a_network_that_is_a_pickle_runs_nothing(write: Callable[[Path], None], name: str) -> None:
    Path("run").mkdir()
    write_json(Path("run/card.json"), {"preprocess": {"_target_": "fer.data.preprocessing.whole_image.WholeImage"}})
    write(Path(name))
    with pytest.raises(FerError, match=re.escape(name)):
        open_model(name if name.startswith("m") else "run")
    assert not Path("exploded").exists()


def test_a_label_file_that_is_a_pickle_runs_nothing_and_is_no_label() -> None:
    for write in WRITTEN:
        write(Path("0_exp.npy"))
        assert name_in(Path("0_exp.npy").read_bytes()) is None
    write_numbered(Path("affectnet"), subjects=2, seed=0)
    label = next(Path("affectnet").rglob("*_lnd.npy"))
    numpy_saved(label)
    assert main(["data", "audit", "affectnet", "--root", "affectnet"]) in (0, 2)
    assert not Path("exploded").exists()


@pytest.mark.parametrize(
    "target",
    [
        *("os.system", "subprocess.Popen", "builtins.eval", "fer.build.importlib.import_module", "fer.files.shutil"),
        *("fer.sweeps.program.subprocess", "fer.sweeps.leash.Thread", "fer.files.Path", "fer.deploy.format.import_module"),
        *("fer.data.digest.Path", "torch.optim.adam.torch", "albumentations.np.load", "fer.data.databases..os.system"),
    ],
)
def test_a_target_is_a_class_or_function_of_an_allowed_module_and_nothing_that_it_has_imported(target: str) -> None:
    with pytest.raises(ConfigError, match=r"not allowed here|there is no module|has no"):
        build({"_target_": target}, "model")


@pytest.mark.parametrize("group", ["data", "preprocess", "model", "optim", "augment", "logger", "protocol", "anything"])
@pytest.mark.parametrize(
    "target",
    ["fer.sweeps.leash.main", "fer.files.write_atomically", "lightning.pytorch.cli.LightningCLI", 3, ["os.system"]],
)
def test_the_configuration_of_a_run_names_only_what_runs_are_made_of(group: str, target: object) -> None:
    with pytest.raises(TypeError, match="as _target_ in"):
        require_known_targets({group: {"deep": [{"_target_": target, "command": ["touch", "exploded"]}]}})


def test_a_run_that_names_another_package_is_read_and_nothing_is_made_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"_target_": "os.mkdir", "path": "exploded"}
    require_known_targets({"model": config})
    monkeypatch.delenv("FER_PLUGINS", raising=False)
    with pytest.raises(ConfigError, match="not allowed here"):
        build(config, "model")
    assert not Path("exploded").exists()


def test_every_configuration_of_this_project_is_such() -> None:
    conf = Path(__file__).parents[2] / "conf"
    for group in NAMED:
        for path in (conf / group).glob("*.yaml"):
            require_known_targets({group: yaml.safe_load(path.read_text())})


def test_a_run_folder_that_names_a_program_is_refused_before_it_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    evil = {"_target_": "fer.sweeps.leash.main", "command": ["mkdir", "exploded"]}
    write_json(Path("run/config.json"), {"data": {"x": evil}, "preprocess": evil})
    write_json(Path("run/folds.json"), {"schema": 1})
    with pytest.raises(FerError, match=r"config\.json.*fer\.sweeps\.leash\.main"):
        read_config(Path("run/config.json"))
    for command in (
        ["report", "run"],
        ["predict", "x.png", "--run", "run"],
        ["compare", "run", "run"],
        ["log", "run", "logger=csv"],
    ):
        Path("x.png").touch()
        assert main(command) == 2
        assert "Traceback" not in capsys.readouterr().err
    assert not Path("exploded").exists()


def weights(described: Any, **changed: torch.Tensor | None) -> Path:
    """A stored network that says this of itself, with some tensors changed or taken away."""
    state = dict(ExpressionClassifier(CompactCnn(stem=4, widths=(8,), size=24), 2).weights())
    state = {name: tensor for name, tensor in {**state, **changed}.items() if tensor is not None}
    save_file(state, "w.safetensors", metadata={"ferlab": described if isinstance(described, str) else json.dumps(described)})
    return Path("w.safetensors")


GOOD = {"labels": ["anger", "fear"], "model": SMALL}


def test_a_stored_network_is_read_back() -> None:
    assert stored_classifier(read_weights(weights(GOOD))).head.out_features == 2


@pytest.mark.parametrize(
    ("described", "changed"),
    [
        ({**GOOD, "model": {"_target_": "fer.sweeps.leash.main", "command": ["mkdir", "exploded"]}}, {}),
        ({**GOOD, "model": {"_target_": "fer.models.weights.read_weights", "path": "/etc/passwd"}}, {}),
        ({**GOOD, "model": {"_target_": "fer.models.timm_backbone.TimmBackbone", "name": "hf-hub:evil/model"}}, {}),
        ({**GOOD, "model": {**SMALL, "widths": [10**9]}}, {}),
        ({**GOOD, "model": None}, {}),
        ({**GOOD, "labels": ["anger"]}, {}),
        ({**GOOD, "labels": "anger"}, {}),
        (["labels"], {}),
        ("[" * 100_000, {}),
        ("{", {}),
        (GOOD, {"head.weight": None}),
        (GOOD, {"head.weight": torch.full((2, 8), float("nan"))}),
        (GOOD, {"head.bias": torch.zeros(3)}),
        (GOOD, {"backbone.stem.0.weight": None}),
    ],
    ids=[
        *("program", "function", "hub", "huge", "no model", "one label", "text", "list", "deep", "no json"),
        *("no head", "not finite", "other shape", "no filters"),
    ],
)
def test_a_stored_network_that_is_none_or_another_is_refused(described: Any, changed: dict[str, Any]) -> None:
    first = next(name for name in ExpressionClassifier(CompactCnn(stem=4, widths=(8,), size=24), 2).weights() if "weight" in name)
    changed = {first if name.startswith("backbone") else name: tensor for name, tensor in changed.items()}
    path = weights(described, **changed)
    with pytest.raises(FerError):
        stored_classifier(read_weights(path))
    assert not Path("exploded").exists()


def test_onnx_takes_no_weights_from_outside_its_folder() -> None:
    onnx = pytest.importorskip("onnx", reason="pip install 'ferlab[export]'")
    Path("secret").write_bytes(bytes(16))
    Path("model").mkdir()
    tensor = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [4], [0, 0, 0, 0])
    tensor.ClearField("float_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret")
    output = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [4])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["w"], ["y"])], "g", [], [output], [tensor])
    Path("model/m.onnx").write_bytes(onnx.helper.make_model(graph).SerializeToString())
    with pytest.raises(FerError, match=r"m\.onnx"):
        open_model("model/m.onnx")


def test_the_code_of_torchscript_does_run_which_the_help_says(capsys: pytest.CaptureFixture[str]) -> None:
    """If this fails because torch no longer runs it, the words in the help and the documentation can go."""
    torch.jit.save(torch.jit.script(WritesWhenLoaded()), "m.ts")
    Path("written").write_bytes(bytes(16))
    with pytest.raises(FerError, match=r"m\.ts was not exported by this project"):
        open_model("m.ts")
    assert Path("written").read_bytes() == b"B" * 16
    with pytest.raises(SystemExit):
        main(["predict", "--help"])
    assert "a program" in " ".join(capsys.readouterr().out.split())


class WritesWhenLoaded(torch.nn.Module):
    """Changes a file as soon as it is loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.x = 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x

    @torch.jit.export
    def __getstate__(self) -> tuple[int, bool]:
        return (self.x, self.training)

    @torch.jit.export
    def __setstate__(self, state: tuple[int, bool]) -> None:
        self.training = state[1]
        found = torch.from_file("written", True, 16, dtype=torch.uint8)
        found.fill_(66)
        self.x = int(found.sum())


def bomb(side: int) -> bytes:
    """A PNG that says it has side × side pixels, in a hundred bytes."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0" * 100)),
        (b"IEND", b""),
    ]
    parts = [struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("side", [10_000, 30_000, 2**31 - 1])
def test_an_image_bomb_is_refused_by_its_header_wherever_images_are_read(
    side: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(4):
        path = Path("faces/anger" if i % 2 else "faces/fear") / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bomb(side))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("pixels were decoded"))
    database = Folder("faces")
    with pytest.raises(DatabaseDamaged, match="more than 89 million pixels by its header"):
        database.read(database.records()[0])
    for command in (
        ["data", "explore", "folder", "--root", "faces", "--output", "x.html"],
        ["data", "audit", "folder", "--root", "faces"],
    ):
        assert main(command) in (0, 2)
        said = capsys.readouterr()
        assert "million pixels" in said.out + said.err
    assert main_status(["predict", "faces"]) == 1
    assert "million pixels" in capsys.readouterr().out


def main_status(words: list[str]) -> int:
    """The exit status of a command that may end by itself."""
    try:
        return main(words)
    except SystemExit as end:
        return int(end.code or 0)


def test_a_list_cannot_name_images_outside_its_folder(tmp_path: Path) -> None:
    ExpW.write_sample(tmp_path / "expw", subjects=2)
    labels = next((tmp_path / "expw").rglob("label.lst"))
    first, *rest = labels.read_text().splitlines()
    for trick in ("../../../secret.jpg", "/etc/secret.jpg", "a/../../../../secret.jpg"):
        (tmp_path / "secret.jpg").touch()
        labels.write_text("\n".join([" ".join([trick, *first.split()[1:]]), *rest]) + "\n")
        with pytest.raises(DatabaseDamaged, match=r"label\.lst.*secret\.jpg"):
            ExpW(tmp_path / "expw").records()


def test_an_array_that_says_it_is_huge_is_no_label() -> None:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (10**14,)})
    assert name_in(file.getvalue() + bytes(8)) is None


@pytest.mark.parametrize("label", [3.5, -1, 11, np.nan, np.inf, [1, 2], "x", b"3", None])
def test_a_label_that_is_no_whole_number_is_none(label: Any) -> None:
    file = io.BytesIO()
    np.save(file, np.array(label), allow_pickle=True)
    assert name_in(file.getvalue()) in ((None, "surprise") if label == b"3" else (None,))


def test_nothing_here_opens_an_archive_or_unpickles() -> None:
    forbidden = re.compile(
        r"^\s*(import|from) (zipfile|tarfile|pickle|joblib|dill|shelve|marshal)\b|unpack_archive|allow_pickle=True"
    )
    root = Path(__file__).parents[2] / "fer"
    assert not [path for path in root.rglob("*.py") if forbidden.search(path.read_text(), re.MULTILINE)]
    assert os.path.isdir(root / "data")
