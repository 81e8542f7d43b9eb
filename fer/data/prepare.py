"""This file prepares the faces of a database once: decode, cut out, resize, finish, into one array that all runs share.

The array lies in a folder named by everything it depends on: the database's content digest and ids, the preprocessing,
size and channels, and OpenCV's version. A changed source therefore leads to another folder, and nothing prepared is ever
stale.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.data.cache import images_of, kept
from fer.data.database import Database, Image
from fer.data.faces import FaceArray
from fer.data.preprocessing.base import Preprocess
from fer.data.preprocessing.resizing import resize, with_channels
from fer.data.preprocessing.whole_image import central_square
from fer.errors import DatabaseDamaged, ProtocolError
from fer.files import read_json, write_json
from fer.progress import tracked
from fer.records import FaceRecord

#: Counts up when the same inputs would be prepared differently.
VERSION = 2

#: How many of the images without a face a message names.
NAMED = 5


@dataclass(frozen=True)
class PreparedFaces:
    """The prepared faces of one database, row by row with its records.

    `copies` (N, 2) uint64 are digests of the decoded image and of its mirror image: equal digests, equal pixels.
    `not_found` are the ids of the images in which the preprocessing found no face, so that their central square stands
    for it.
    """

    array: FaceArray
    copies: NDArray[np.uint64]
    not_found: tuple[str, ...]

    @classmethod
    def load(cls, folder: Path) -> "PreparedFaces":
        """What `write_faces` left in a folder."""
        not_found = tuple(read_json(folder / "not_found.json")["ids"])
        return cls(FaceArray(folder / "faces.npy"), np.load(folder / "copies.npy"), not_found)


def prepare(
    database: Database,
    records: Sequence[FaceRecord],
    *,
    preprocess: Preprocess,
    spec: Mapping[str, Any],
    size: int,
    channels: int,
) -> PreparedFaces:
    """The faces of `records` at (size, size), from the cache where they were prepared before.

    `spec` is the preprocessing as configured, which names the array. Raises DatabaseDamaged for an image that cannot be
    read, and ProtocolError for faces that were not found where `preprocess` refuses that; nothing half-written is ever
    left under the final name.
    """
    what = {
        "version": VERSION,
        **images_of(database, records),
        "preprocess": dict(spec),
        "size": size,
        "channels": channels,
        "opencv": cv2.__version__,
    }

    def make(folder: Path) -> None:
        write_faces(folder, database, records, preprocess=preprocess, size=size, channels=channels)

    return PreparedFaces.load(kept("faces", f"{database.name}-{size}x{channels}", what, make))


def write_faces(
    folder: Path, database: Database, records: Sequence[FaceRecord], *, preprocess: Preprocess, size: int, channels: int
) -> None:
    """Write faces.npy, copies.npy and not_found.json, one image in memory at a time."""
    copies, not_found = np.empty((len(records), 2), np.uint64), []
    images = tracked(database.read_many(records), f"preparing {database.name}", len(records))
    shape = (len(records), size, size) if channels == 1 else (len(records), size, size, 3)
    with (folder / "faces.npy").open("wb") as file:
        write_header(file, shape, np.uint8)
        for i, (record, image) in enumerate(zip(records, checked(images, records), strict=True)):
            copies[i] = content(image), content(image[:, ::-1])
            face, found = cut_out(image, record, database, preprocess)
            if not found:
                not_found.append(record.id)
            finished = preprocess.finish(resize(with_channels(face, channels), size))
            file.write(np.ascontiguousarray(finished).data)
    require_found(not_found, preprocess, database=database, images=len(records))
    np.save(folder / "copies.npy", copies)
    write_json(folder / "not_found.json", {"ids": not_found})


def cut_out(image: Image, record: FaceRecord, database: Database, preprocess: Preprocess) -> tuple[Image, bool]:
    """The face in an image, at its own size, and whether one was found; else the central square stands for it."""
    face = preprocess.cut_face(image, landmarks=database.landmarks(record), cropped=database.cropped)
    return (central_square(image), False) if face is None else (face, True)


def require_found(not_found: Sequence[str], preprocess: Preprocess, *, database: Database, images: int) -> None:
    """Raise ProtocolError for faces that were not found, if the preprocessing refuses to go on without them."""
    if not_found and preprocess.not_found == "refuse":
        some = ", ".join(not_found[:NAMED]) + (", …" if len(not_found) > NAMED else "")
        raise ProtocolError(
            f"{database.name}: no face was found in {len(not_found):,} of {images:,} images ({some}), and "
            "preprocess.not_found=refuse.\n    Set preprocess.not_found=centre to take the central square of such images, or "
            "preprocess=none to take it of all."
        )


def write_header(file: BinaryIO, shape: tuple[int, ...], dtype: type[np.generic]) -> None:
    """The header of a .npy file in this shape, whose numbers follow; a memory map would not say that the disk is full."""
    descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})


def checked(images: Iterable[Image], records: Sequence[FaceRecord]) -> Iterable[Image]:
    """The images, each checked to be what Database.read promises."""
    for record, image in zip(records, images, strict=True):
        if image.dtype != np.uint8 or image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3) or not image.size:
            raise DatabaseDamaged(f"{record.id}: found {image.dtype} pixels in shape {image.shape}, expected uint8 (H, W[, 3])")
        yield image


def content(image: Image) -> int:
    """A 64-bit digest of shape and pixels."""
    digest = hashlib.blake2b(str(image.shape).encode(), digest_size=8)
    digest.update(np.ascontiguousarray(image).data)
    return int.from_bytes(digest.digest(), "little")
