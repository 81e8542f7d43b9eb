"""This file exports to TorchScript, which torch reads in C++ and Python without this project."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fer.deploy.format import Format, Read, quiet
from fer.deploy.reader import ExpressionReader
from fer.errors import WeightsError
from fer.files import METADATA


class TorchScript(Format):
    """A traced module; its description is the extra file `ferlab` of the archive."""

    suffix = ".ts"

    def write(self, reader: ExpressionReader, faces: NDArray[np.uint8], path: Path, described: Mapping[str, Any]) -> None:
        """Trace the network on a few faces."""
        with quiet(), torch.inference_mode():  # torch advises torch.export, whose files C++ does not read yet
            traced = torch.jit.freeze(torch.jit.trace(reader, torch.from_numpy(faces)))  # type: ignore[no-untyped-call]
            with path.open("wb") as file:  # torch, given a path, does not say when the disk is full
                torch.jit.save(traced, file, _extra_files={METADATA: json.dumps(described, sort_keys=True)})

    def open(self, path: Path, *, threads: int) -> Read:
        """What reads faces by torch, whose number of threads is the process's."""
        torch.set_num_threads(threads)
        return TorchScriptModel(path)


class TorchScriptModel:
    """An exported network: probabilities of faces, and what the file says of itself.

    A TorchScript file is a program: torch runs its code as soon as it is loaded, and that code can read and write files. So
    open none from somebody whose programs you would not run; the other formats hold nothing that is run.
    Raises WeightsError where the file cannot be read, or was not exported by this project.
    """

    def __init__(self, path: Path) -> None:
        stored = {METADATA: ""}
        try:
            with quiet():
                self.module = torch.jit.load(path, map_location="cpu", _extra_files=stored)  # type: ignore[no-untyped-call]
        except RuntimeError as error:
            raise WeightsError(f"{path} is no TorchScript file that can be read: {str(error).splitlines()[0]}") from error
        if not stored[METADATA]:
            raise WeightsError(f"{path} was not exported by this project; expected what `fer export RUN --to torchscript` writes")
        try:
            self.described: Mapping[str, Any] = json.loads(stored[METADATA])
        except (ValueError, RecursionError) as error:
            raise WeightsError(f"{path} is damaged: what it says of itself is no JSON ({error})") from None

    def __call__(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities (N, K) float32 of faces (N, S, S) or (N, S, S, 3) uint8, rows summing to 1."""
        with torch.inference_mode():
            found: NDArray[np.float32] = self.module(torch.from_numpy(faces)).numpy()
        return found


FORMAT = TorchScript()
