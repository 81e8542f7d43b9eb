"""This file keeps what finding copies needs of every image, so that a database is decoded once for audits and leak checks."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.data.cache import images_of, kept, key_of
from fer.data.database import Database, Image
from fer.data.prepare import checked, content, write_header
from fer.progress import tracked
from fer.records import FaceRecord

#: Counts up when the same images would give other thumbnails.
VERSION = 1

SIZE = 48  # of FER2013, so that the smallest common faces are kept as they are


@dataclass(frozen=True)
class Thumbnails:
    """The small pictures of many images, row by row with the records they were made from.

    `faces` (N, 48, 48) uint8 are the whole images in grey, stretched to a square. `copies` (N, 2) uint64 are digests of
    the decoded image and of its mirror image: equal digests, equal pixels. `spread` (N,) uint8 is the brightest pixel
    value minus the darkest, 0 for a blank image. `key` names all of this on every machine.
    """

    faces: NDArray[np.uint8]
    copies: NDArray[np.uint64]
    spread: NDArray[np.uint8]
    key: str

    def __len__(self) -> int:
        return len(self.faces)

    @property
    def originals(self) -> NDArray[np.int64]:
        """The row of the first exact copy of each image, itself where it has none before it: (N,) int64."""
        _, first, group = np.unique(self.copies[:, 0], return_index=True, return_inverse=True)
        return first[group].astype(np.int64)

    @classmethod
    def join(cls, parts: Sequence["Thumbnails"]) -> "Thumbnails":
        """The thumbnails of several databases as those of one."""
        if len(parts) == 1:
            return parts[0]
        faces, copies, spread = (np.concatenate([getattr(p, name) for p in parts]) for name in ("faces", "copies", "spread"))
        return cls(faces, copies, spread, hashlib.sha256("\n".join(p.key for p in parts).encode()).hexdigest())


def thumbnails(database: Database, records: Sequence[FaceRecord]) -> Thumbnails:
    """The thumbnails of `records`, from the cache where they were made before; DatabaseDamaged for an unreadable image."""
    what = {"version": VERSION, **images_of(database, records)}
    folder = kept("thumbnails", database.name, what, lambda folder: write_thumbnails(folder, database, records))
    faces = np.load(folder / "faces.npy", mmap_mode="r" if records else None)
    return Thumbnails(faces, np.load(folder / "copies.npy"), np.load(folder / "spread.npy"), key_of(what))


def write_thumbnails(folder: Path, database: Database, records: Sequence[FaceRecord]) -> None:
    """Write faces.npy, copies.npy and spread.npy, one image in memory at a time."""
    copies, spread = np.empty((len(records), 2), np.uint64), np.empty(len(records), np.uint8)
    images = tracked(database.read_many(records), f"reading {database.name}", len(records))
    with (folder / "faces.npy").open("wb") as file:
        write_header(file, (len(records), SIZE, SIZE), np.uint8)
        for i, image in enumerate(checked(images, records)):
            copies[i] = content(image), content(image[:, ::-1])
            spread[i] = contrast(image)
            file.write(thumbnail(image).data)
    np.save(folder / "copies.npy", copies)
    np.save(folder / "spread.npy", spread)


def thumbnail(image: Image) -> Image:
    """The whole image in grey by ITU-R 601 luma, stretched to (48, 48)."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
    shrinks = min(image.shape[:2]) > SIZE
    small = cv2.resize(grey, (SIZE, SIZE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.ascontiguousarray(small, np.uint8)


def contrast(image: Image) -> int:
    """The brightest pixel value minus the darkest, of the channel where they lie farthest apart."""
    if image.ndim == 2:
        return int(image.max()) - int(image.min())
    return int((image.max(axis=(0, 1)) - image.min(axis=(0, 1))).max())
