"""This file tests `fer export`: the files say what the stored run says, by runtimes that need neither torch nor this run."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from fer.cli.main import main
from fer.deploy.export import NATIVE, compare, natively, trained
from fer.deploy.format import quiet
from fer.errors import RunError
from fer.files import read_json, write_atomically
from fer.results.predictions import Predictions, read_predictions
from fer.results.stored_run import read_run
from fer.training.evaluation import planned

ROOT = Path(__file__).parents[3]
FOLD = "00-seed1"
QUICK = ("--fold", FOLD, "--rounds", "1", "--seconds", "0.01")

#: Reads faces by an exported file where torch cannot be imported.
WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
import numpy as np
from pathlib import Path
from fer.deploy.onnx_model import OnnxModel
model = OnnxModel(Path(sys.argv[1]))
np.save(sys.argv[3], model(np.load(sys.argv[2])))
print(",".join(model.described["labels"]))
"""


def fer(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main(["export", *map(str, arguments)])
    return status, *capsys.readouterr()


def faces_and_rows(run: Path) -> tuple[np.ndarray, Predictions]:
    """The test faces of the fold, and what the run has stored of them."""
    stored = read_predictions(run / "folds" / FOLD / "predictions.csv")
    stored = stored.select(stored.test_set == "private")
    faces = planned(read_run(run), read_run(run).provenance["roots"]).cohort.faces(stored.id.tolist())
    return faces.take(np.arange(len(faces))), stored


def test_onnx_says_what_the_run_has_stored_without_torch(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown, errors = fer(capsys, run, "--to", "onnx", "--int8", "--output", tmp_path, *QUICK)
    assert (status, errors) == (0, "")
    faces, stored = faces_and_rows(run)
    np.save(tmp_path / "faces.npy", faces)
    wide, narrow = tmp_path / f"{run.name}-{FOLD}.onnx", tmp_path / f"{run.name}-{FOLD}.int8.onnx"
    said = {}
    for path in (wide, narrow):
        command = [sys.executable, "-c", WITHOUT_TORCH, str(path), str(tmp_path / "faces.npy"), str(tmp_path / "said.npy")]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert done.stdout.strip() == ",".join(stored.labels)
        said[path] = np.load(tmp_path / "said.npy")
    np.testing.assert_allclose(said[wide], stored.probabilities, atol=1e-5)
    off = np.abs(said[narrow] - stored.probabilities)
    assert 1e-5 < off.max() < 0.2  # eight bits are other numbers, but hardly another opinion
    assert off.mean() < 0.02
    assert b"QuantizeLinear" in narrow.read_bytes()  # such a small network is no smaller in eight bits
    assert str(ROOT).encode() not in wide.read_bytes()
    rows = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line.split()}
    accuracy = 100 * (stored.predicted == stored.target).mean()
    assert float(rows["float32"][1]) == pytest.approx(accuracy, abs=0.051)
    assert rows["float32"][2] == "100.00"
    recorded = read_json(tmp_path / f"{run.name}-{FOLD}.onnx.json")
    assert [form["name"] for form in recorded["forms"]] == ["torch", "float32", "int8"]
    assert recorded["files"] == {"float32": wide.name, "int8": narrow.name}


def test_torchscript_says_the_same_and_knows_what_it_is(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, errors = fer(capsys, run, "--to", "torchscript", "--output", tmp_path, *QUICK)
    assert (status, errors) == (0, "")
    extra = {"ferlab": ""}
    with quiet():
        module = torch.jit.load(tmp_path / f"{run.name}-{FOLD}.ts", _extra_files=extra)
    faces, stored = faces_and_rows(run)
    np.testing.assert_allclose(module(torch.from_numpy(faces)).numpy(), stored.probabilities, atol=1e-5)
    described = json.loads(extra["ferlab"])
    assert described["run"] == run.name
    assert described["labels"] == list(stored.labels)
    assert (described["size"], described["channels"]) == (48, 1)
    assert described["data"].keys() == {"fer2013"}


def test_a_file_that_says_something_else_than_the_network_is_not_left(run: Path, tmp_path: Path) -> None:
    network = trained(read_run(run), FOLD, roots={})
    files = {name: tmp_path / "files" / name for name in ("float32", "int8")}
    for path in files.values():
        write_atomically(path, "an export")
    read = natively(network.classifier())
    assert [form.apart for form in compare(network, files, {NATIVE: read, "float32": read})] == [0, 0]
    with pytest.raises(RunError, match=r"float32, .*int8: said other than the network, by .* and was deleted"):
        compare(network, files, {NATIVE: read, "float32": lambda faces: read(255 - faces)})
    assert not list((tmp_path / "files").iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "onxx"], "--to: found 'onxx', expected onnx or torchscript"),
        (["--to", "torchscript", "--int8"], "--int8: TorchScript has no eight-bit form"),
        (
            ["--to", "onnx", "--fold", "01"],
            "found --fold 01, expected one of those that it has trained: --fold 00-s",
        ),
        (["--to", "onnx"], "no fold is named, expected one of"),
        (["--to", "onnx", "--fold", FOLD, "--root", "jaffe=x"], "--root: found jaffe, but "),
        (["--to", "onnx", "--rounds", "0"], "--rounds and --seconds: expected more than 0"),
    ],
)
def test_a_mistake_is_one_message_and_leaves_nothing(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    status, shown, errors = fer(capsys, run, "--output", tmp_path / "files", *arguments)
    assert (status, shown) == (2, "")
    assert message in errors
    assert not (tmp_path / "files").exists()


def test_a_file_that_is_no_export_is_refused(tmp_path: Path) -> None:
    from fer.deploy.onnx_model import OnnxModel
    from fer.errors import WeightsError

    (tmp_path / "broken.onnx").write_bytes(b"not a graph")
    with pytest.raises(WeightsError, match="is no ONNX file that can be read"):
        OnnxModel(tmp_path / "broken.onnx")
