"""This file keeps checkpoints of a training: whole or not at all, and good to go on from wherever their folder is by then."""

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO

from fer.errors import RunError
from fer.files import replacing


class WholeCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint beside its place and renames it.

    Lightning's own writes to the system's folder of temporary files. Where that is on another disk, it copies from there,
    and a process that is killed meanwhile leaves half a checkpoint under the name of a whole one.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write a checkpoint, whole or not at all."""
        with replacing(Path(path)) as beside, beside.open("wb") as file:  # torch's own files do not say why they fail
            torch.save(checkpoint, file)

    def load_checkpoint(self, path: str | Path, *arguments: Any, **settings: Any) -> dict[str, Any]:
        """Read a checkpoint; RunError where it is damaged, as none is that was written here."""
        try:
            return super().load_checkpoint(path, *arguments, **settings)
        except (UnpicklingError, RuntimeError, ValueError, EOFError, LookupError) as error:
            said = (str(error) or type(error).__name__).splitlines()[0]
            raise RunError(f"{path} is damaged: {said}\n    Delete it, and the same command begins this fold anew.") from error


class Checkpoints(ModelCheckpoint):
    """Keeps checkpoints in a folder, and knows them again where it was moved; Lightning then forgets which was the best."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what an interrupted training knew of its checkpoints."""
        super().load_state_dict(moved(state_dict, str(self.dirpath)))


def moved(state: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """What is known of checkpoints, all of which lie in this folder now."""

    def path(of: str) -> str:
        return str(Path(folder) / Path(of).name) if of else ""

    paths = {name: path(of) for name, of in state.items() if name.endswith("_model_path")}
    scores = {path(of): score for of, score in state["best_k_models"].items()}
    return {**state, **paths, "best_k_models": scores, "dirpath": folder}


def best_checkpoint(folder: Path, monitor: str) -> ModelCheckpoint:
    """Keeps the epoch with the highest `monitor`, the earliest among equals."""
    return Checkpoints(
        folder, "best-{epoch}", monitor=monitor, mode="max", save_on_train_epoch_end=True, enable_version_counter=False
    )


def last_checkpoint(folder: Path) -> ModelCheckpoint:
    """Keeps the last finished epoch, to go on from."""
    return Checkpoints(folder, "last", save_on_train_epoch_end=True, enable_version_counter=False)


def resumable(folder: Path) -> Path | None:
    """The checkpoint that an interrupted training left in its folder."""
    last = folder / "last.ckpt"
    return last if last.is_file() else None
