"""This file reads the images that a page shows, small enough that many fit into it."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from fer.data.database import Database, Image
from fer.errors import DatabaseDamaged
from fer.records import FaceRecord

LONGER_SIDE = 112
QUALITY = 88


@dataclass(frozen=True)
class Picture:
    """One image as a page shows it: its address, which holds the pixels themselves, and its size before it was reduced."""

    address: str
    width: int
    height: int


def pictures(database: Database, records: Sequence[FaceRecord], rows: Sequence[int]) -> dict[int, Picture]:
    """The images at these rows."""
    images = database.read_many([records[row] for row in rows])
    return {row: picture(image, records[row].id) for row, image in zip(rows, images, strict=True)}


def picture(image: Image, name: str = "image") -> Picture:
    """An image reduced to 112 pixels on its longer side, as a JPEG within its own address."""
    height, width = image.shape[:2]
    scale = LONGER_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
    ordered = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    written, stored = cv2.imencode(".jpg", np.ascontiguousarray(ordered), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not written:
        raise DatabaseDamaged(f"{name}: found an image of {width}×{height} pixels that no JPEG can hold")
    return Picture(f"data:image/jpeg;base64,{base64.b64encode(stored.tobytes()).decode()}", width, height)
