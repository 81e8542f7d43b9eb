"""This file reads faces by ONNX Runtime, without torch."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from fer.errors import WeightsError
from fer.files import METADATA

#: Faces that are read at once.
BATCH = 64


class OnnxModel:
    """An exported network: probabilities of faces, and what the file says of itself.

    Raises WeightsError where the file cannot be read, or was not exported by this project.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = wished_threads() if threads is None else threads
        try:
            self.session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
        except Exception as error:  # its errors have no common class
            raise WeightsError(f"{path} is no ONNX file that can be read: {str(error).splitlines()[0]}") from error
        stored = self.session.get_modelmeta().custom_metadata_map.get(METADATA)
        if stored is None:
            raise WeightsError(f"{path} was not exported by this project; expected what `fer export RUN --to onnx` writes")
        try:
            self.described: Mapping[str, Any] = json.loads(stored)
        except (ValueError, RecursionError) as error:
            raise WeightsError(f"{path} is damaged: what it says of itself is no JSON ({error})") from None

    def __call__(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities (N, K) float32 of faces (N, S, S) or (N, S, S, 3) uint8, rows summing to 1."""
        parts = [self.session.run(None, {"faces": faces[i : i + BATCH]})[0] for i in range(0, len(faces), BATCH)]
        found: NDArray[np.float32] = np.concatenate(parts)
        return found


def wished_threads() -> int:
    """The threads that OMP_NUM_THREADS asks every library for; 0, which is as many as there are cores, where it does not."""
    wished = os.environ.get("OMP_NUM_THREADS", "")
    return int(wished) if wished.isdecimal() else 0
