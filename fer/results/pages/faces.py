"""This file draws the faces that a page shows, as training cuts them out, into one picture beside the page.

The page itself holds no face, so that without that picture it may go where the images of people may not.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pictures
from PIL import UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from fer.build import build
from fer.data.database import Database, Image
from fer.data.prepare import cut_out
from fer.data.preprocessing.base import Preprocess
from fer.data.preprocessing.resizing import resize
from fer.errors import ConfigError, DatabaseDamaged, DatabaseNotFound
from fer.files import METADATA, replacing
from fer.records import FaceRecord
from fer.results.stored_run import StoredRun

SHEET = "faces.png"
TILE = 96  # pixels a side
COLUMNS = 8


@dataclass(frozen=True)
class Sheet:
    """A picture of faces in rows of eight, beside the page; `places` has the number of each image."""

    places: Mapping[str, int]

    @property
    def columns(self) -> int:
        """How many columns the picture has."""
        return COLUMNS

    @property
    def rows(self) -> int:
        """How many rows the picture has."""
        return ceil(len(self.places) / COLUMNS)

    def place(self, image: str) -> str:
        """Where an image is in the picture, as CSS counts it: percent of what hangs over."""
        row, column = divmod(self.places[image], COLUMNS)
        return f"{100 * column / (COLUMNS - 1):.4g}% {100 * row / max(self.rows - 1, 1):.4g}%"


def sheet(run: StoredRun, ids: Sequence[str]) -> Sheet | None:
    """The picture of these images of a run, drawn unless it is there; None where the databases are not on this machine."""
    path, wanted = run.path / SHEET, digest(run, ids)
    if drawn_before(path) != wanted:
        faces = faces_of(run, ids)
        if faces is None:
            return None
        write_sheet(path, faces, wanted)
    return Sheet({image: number for number, image in enumerate(ids)})


def digest(run: StoredRun, ids: Sequence[str]) -> str:
    """What the picture depends on."""
    what = [list(ids), run.config.get("content"), run.config.get("preprocess"), TILE]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def drawn_before(path: Path) -> str | None:
    """The digest of the picture that is there."""
    try:
        with Pictures.open(path) as picture:
            return picture.info.get(METADATA)
    except (FileNotFoundError, UnidentifiedImageError):
        return None


def faces_of(run: StoredRun, ids: Sequence[str]) -> list[Image] | None:
    """The faces, (TILE, TILE) or (TILE, TILE, 3) uint8 each; None where an image is not to be had here."""
    roots = run.provenance.get("roots") or {}
    names = {image.partition("/")[0] for image in ids}
    if not names <= run.config.get("data", {}).keys() or "preprocess" not in run.config:
        return None
    try:
        preprocess: Preprocess = build(run.config["preprocess"], "preprocess")
        opened = {name: opened_database(json.dumps(located(run.config["data"][name], roots.get(name)))) for name in names}
        return [face(opened[image.partition("/")[0]], image, preprocess) for image in ids]
    except (DatabaseNotFound, DatabaseDamaged, ConfigError, KeyError):
        return None


def located(config: Mapping[str, Any], root: str | None) -> dict[str, Any]:
    """The configuration of a database with its place on this machine."""
    return {**config, "root": root} if root else dict(config)


@lru_cache(maxsize=4)
def opened_database(config: str) -> tuple[Database, Mapping[str, FaceRecord]]:
    """A database and its records by id; many runs have the same."""
    database: Database = build(json.loads(config), "data")
    return database, {record.id: record for record in database.records()}


def face(opened: tuple[Database, Mapping[str, FaceRecord]], image: str, preprocess: Preprocess) -> Image:
    """The face in an image, as training cuts it out, at the size of a tile."""
    database, records = opened
    record = records[image]
    cut, _ = cut_out(database.read(record), record, database, preprocess)
    return resize(cut, TILE)


def write_sheet(path: Path, faces: Sequence[Image], said: str) -> None:
    """Write the picture, in grey where all faces are, with the digest of what it shows."""
    grey = all(face.ndim == 2 for face in faces)
    canvas = np.zeros((ceil(len(faces) / COLUMNS) * TILE, COLUMNS * TILE, *(() if grey else (3,))), np.uint8)
    for number, of in enumerate(faces):
        row, column = divmod(number, COLUMNS)
        tile = of if of.ndim == canvas.ndim else cv2.cvtColor(of, cv2.COLOR_GRAY2RGB)
        canvas[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE] = tile
    about = PngInfo()
    about.add_text(METADATA, said)
    with replacing(path) as beside:
        Pictures.fromarray(canvas).save(beside, "PNG", optimize=True, pnginfo=about)
