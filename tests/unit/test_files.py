"""This file tests that a place that cannot be written is said in one message, and early.

Tests may run as root, whom no permission stops, so that files and /proc stand in the way.
"""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from fer.deploy.formats.torchscript import TorchScript
from fer.deploy.reader import ExpressionReader
from fer.errors import OutputError
from fer.files import made_once, replacing, require_writable, write_atomically
from fer.results.store import RunStore


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file, below which nothing can be written."""
    path = tmp_path / "file"
    path.write_text("here before")
    return path


def test_a_place_that_cannot_be_written_is_said_with_the_reason_and_the_remedy(file: Path) -> None:
    with pytest.raises(OutputError) as refused:
        write_atomically(file / "report.json", "text")
    message = str(refused.value)
    assert message.startswith(f"OutputError: {file}/report.json cannot be written: a file is in the way.")
    assert "run.output" in message
    assert "FER_CACHE" in message


def test_a_file_does_not_take_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="Is a directory"):
        write_atomically(tmp_path / "folder", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_nothing_is_computed_for_a_place_that_cannot_be_written(file: Path) -> None:
    with pytest.raises(OutputError), replacing(file / "features.npy"):
        pytest.fail("the block was entered")
    with pytest.raises(OutputError):
        made_once(file / "faces", lambda folder: pytest.fail("the folder was filled"))


@contextmanager
def little_room() -> Iterator[None]:
    """Let no file become larger than 100 bytes; what writes one is answered as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_text("text" * 1000),
        lambda path: np.save(path.open("wb"), np.zeros(10**5)),
        lambda path: np.savez(path.open("wb"), zeros=np.zeros(10**5)),
        lambda path: save_file({"zeros": np.zeros(10**5)}, path),
        lambda path: torch.save({"zeros": torch.zeros(10**6)}, path.open("wb")),
        lambda path: torch.save({"zeros": torch.zeros(10)}, path.open("wb")),
        lambda path: TorchScript().write(
            cast(ExpressionReader, torch.nn.Flatten().eval()), np.zeros((2, 4, 4), np.uint8), path, {}
        ),
    ],
    ids=["text", "npy", "npz", "safetensors", "large_checkpoint", "small_checkpoint", "torchscript"],
)
def test_a_full_disk_is_said_whoever_writes_and_leaves_nothing_half_written(
    tmp_path: Path, write: Callable[[Path], object]
) -> None:
    def fill(folder: Path) -> None:
        write(folder / "array")

    with little_room():
        with pytest.raises(OutputError, match=r"a\.npy cannot be written: the disk is full"), replacing(tmp_path / "a.npy") as a:
            write(a)
        with pytest.raises(OutputError, match="faces cannot be written: the disk is full"):
            made_once(tmp_path / "faces", fill)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_missing_while_another_is_written_stays_a_defect(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a.csv"):
        (tmp_path / "image.png").read_bytes()


def test_a_place_is_tried_without_making_a_folder_or_leaving_a_file(tmp_path: Path, file: Path) -> None:
    require_writable(tmp_path / "new" / "folder" / "page.html")
    assert list(tmp_path.iterdir()) == [file]
    for place in (tmp_path, file / "page.html", Path("/proc/new/page.html")):
        with pytest.raises(OutputError, match=rf"{place} cannot be written"):
            require_writable(place)


def test_a_run_folder_in_which_no_fold_can_be_worked_on_is_said(tmp_path: Path) -> None:
    (tmp_path / "folds").write_text("in the way")
    with pytest.raises(OutputError, match=r"folds/\.00\.working cannot be written"), RunStore(tmp_path).work("00"):
        pytest.fail("the fold was worked on")
