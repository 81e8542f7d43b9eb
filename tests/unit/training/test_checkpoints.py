"""This file tests that a checkpoint is whole or not there, and is known again where its folder was moved."""

import pickle
from pathlib import Path
from typing import BinaryIO

import pytest
import torch

from fer.errors import RunError
from fer.training.checkpoints import WholeCheckpoints, best_checkpoint


def test_a_checkpoint_is_never_half_there_nor_anywhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "temporary"
    elsewhere.mkdir()
    monkeypatch.setenv("TMPDIR", str(elsewhere))
    monkeypatch.setattr("tempfile.tempdir", None)
    kept = tmp_path / "fold" / "last.ckpt"
    WholeCheckpoints().save_checkpoint({"epoch": 1}, kept)

    def killed(content: object, file: BinaryIO) -> None:
        file.write(b"half")
        assert list(elsewhere.iterdir()) == []
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        WholeCheckpoints().save_checkpoint({"epoch": 2}, kept)
    assert torch.load(kept, weights_only=True) == {"epoch": 1}


def test_the_best_epoch_is_known_where_the_folder_was_moved(tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    before = best_checkpoint(there, "val_accuracy")
    best = str(there / "best-epoch=3.ckpt")
    before.best_model_path, before.best_k_models = best, {best: torch.tensor(0.9)}
    before.best_model_score = before.kth_value = torch.tensor(0.9)
    before.kth_best_model_path = best
    after = best_checkpoint(here, "val_accuracy")
    after.load_state_dict(before.state_dict())
    assert after.best_model_path == after.kth_best_model_path == str(here / "best-epoch=3.ckpt")
    assert after.best_k_models == {str(here / "best-epoch=3.ckpt"): torch.tensor(0.9)}
    assert after.best_model_score == torch.tensor(0.9)
    assert after.last_model_path == ""


@pytest.mark.parametrize("content", [b"", b"no checkpoint", pickle.dumps({"weights": print})], ids=["empty", "text", "pickle"])
def test_a_damaged_checkpoint_is_one_message_that_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "last.ckpt").write_bytes(content)
    with pytest.raises(RunError, match=r"last\.ckpt is damaged: (.|\n)*Delete it"):
        WholeCheckpoints().load_checkpoint(tmp_path / "last.ckpt", weights_only=True)
