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
from fer.files import METADATA


class TorchScript(Format):
    """A traced module; its description is the extra file `ferlab` of the archive."""

    suffix = ".ts"

    def write(self, reader: ExpressionReader, faces: NDArray[np.uint8], path: Path, described: Mapping[str, Any]) -> None:
        """Trace the network on a few faces."""
        with quiet(), torch.inference_mode():  # torch advises torch.export, whose files C++ does not read yet
            traced = torch.jit.freeze(torch.jit.trace(reader, torch.from_numpy(faces)))  # type: ignore[no-untyped-call]
            torch.jit.save(traced, path, _extra_files={METADATA: json.dumps(described, sort_keys=True)})

    def open(self, path: Path, *, threads: int) -> Read:
        """What reads faces by torch, whose number of threads is the process's."""
        torch.set_num_threads(threads)
        with quiet():
            module = torch.jit.load(path, map_location="cpu")  # type: ignore[no-untyped-call]

        def read(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
            with torch.inference_mode():
                found: NDArray[np.float32] = module(torch.from_numpy(faces)).numpy()
            return found

        return read


FORMAT = TorchScript()
