"""This file computes the features of prepared faces once, into one array on disk that all folds, runs and processes share.

The array is named by everything that it depends on: the prepared faces, which bear the digest of their database in their
own name, and the features as configured. What is computed is therefore never stale.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.data.digest import cache_folder
from fer.data.faces import FaceArray, Faces
from fer.data.prepare import write_header
from fer.files import written_once
from fer.models.classical.features import Features
from fer.progress import tracked

#: Faces whose features are computed at a time, which bounds the memory.
CHUNK = 1024

Floats = NDArray[np.float32]


def features_of(faces: Faces, features: Features, spec: Mapping[str, Any]) -> Floats:
    """The features (N, D) float32 of `faces`, copied out of the arrays on disk; `spec` is their configuration."""
    tables = [feature_array(array, features, spec) for array in faces.pixels.arrays]
    ends = np.cumsum([len(table) for table in tables])
    which = np.searchsorted(ends, faces.rows, side="right")
    taken = np.empty((len(faces), tables[0].shape[1]), np.float32)
    for i in np.unique(which):
        rows = faces.rows[which == i]
        taken[which == i] = tables[i][rows - ends[i] + len(tables[i])]
    return taken


def feature_array(array: FaceArray, features: Features, spec: Mapping[str, Any]) -> Floats:
    """The features (N, D) float32 of all faces of one array, memory-mapped; computed where they were not before."""
    path = written_once(feature_path(array, features, spec), lambda beside: write_features(beside, array, features))
    table: Floats = np.load(path, mmap_mode="r")
    return table


def feature_path(array: FaceArray, features: Features, spec: Mapping[str, Any]) -> Path:
    """Where the features of an array lie: a readable name, and a digest of all that they depend on."""
    faces = array.path.parent.name
    what = json.dumps({"version": features.version, "faces": faces, "features": features.identity(spec)}, sort_keys=True)
    digest = hashlib.sha256(what.encode()).hexdigest()[:16]
    return cache_folder() / "features" / f"{faces}-{type(features).__name__.lower()}-{digest}.npy"


def write_features(path: Path, array: FaceArray, features: Features) -> None:
    """Write the features of every face, one chunk in memory at a time."""
    numbers = features.compute(array.take(np.zeros(1, np.int64))).shape[1]
    chunks = tracked(range(0, len(array), CHUNK), f"computing {type(features).__name__}", -(-len(array) // CHUNK))
    with path.open("wb") as file:
        write_header(file, (len(array), numbers), np.float32)
        for start in chunks:
            found = features.compute(array.take(np.arange(start, min(start + CHUNK, len(array)))))
            file.write(np.ascontiguousarray(found, np.float32).data)
