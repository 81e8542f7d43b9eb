"""This file defines FaceArray, prepared pixels on disk, and Faces, the pixels and targets that a learner is given."""

import mmap
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: What is read ahead are whole blocks of so many bytes: a disk gives one in hardly more time than a page, and other faces
#: with it.
BLOCK_BYTES = 64 * 2**10

#: A larger file is given back to the system after every batch, so that resident memory stays flat at any size.
RESIDENT_BYTES = 256 * 2**20


def evenly(count: int, most: int) -> NDArray[np.int64]:
    """At most `most` of the positions 0 to `count` - 1, from the first to the last."""
    return np.unique(np.linspace(0, count - 1, min(most, count)).astype(np.int64))


class FaceArray:
    """Prepared faces in a memory-mapped file: (N, S, S) or (N, S, S, 3) uint8, read by indexing, shared by all runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            assert version == (1, 0), "prepared faces are written with a version 1.0 header"
            self.shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            assert dtype == np.uint8, "prepared faces are bytes"
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._start = file.tell()
            self._pixels = np.frombuffer(self._map, np.uint8, offset=self._start).reshape(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __reduce__(self) -> tuple[Any, ...]:
        return FaceArray, (self.path,)

    def expect(self, rows: NDArray[np.int64]) -> None:
        """Let the system read the faces at `rows` from the disk meanwhile; they are going to be taken."""
        starts = self._start + rows * self._pixels.strides[0]
        first, last = (ends // BLOCK_BYTES for ends in (starts, starts + self._pixels.strides[0] - 1))
        with suppress(OSError):  # some file systems take no advice
            for start, blocks in np.unique(np.stack([first, last - first + 1], 1), axis=0).tolist():
                self._map.madvise(mmap.MADV_WILLNEED, start * BLOCK_BYTES, blocks * BLOCK_BYTES)

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The faces at `rows`, copied: (n, S, S) or (n, S, S, 3) uint8."""
        faces = self._pixels[rows]
        if self._pixels.nbytes > RESIDENT_BYTES:
            self._map.madvise(mmap.MADV_DONTNEED)  # the system maps up to 2 MiB for a face
        return faces


class FaceStack:
    """Several FaceArrays of one size end to end, so that several databases are indexed as one."""

    def __init__(self, arrays: Sequence[FaceArray]) -> None:
        self.arrays = tuple(arrays)
        self._starts = np.cumsum([0, *(len(array) for array in arrays)])

    @property
    def bytes_a_face(self) -> int:
        """How many bytes the pixels of one face are."""
        return int(np.prod(self.arrays[0].shape[1:]))

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The faces at `rows`, counted through all arrays in order: (n, S, S) or (n, S, S, 3) uint8."""
        if len(self.arrays) == 1:
            return self.arrays[0].take(rows)
        faces = np.empty((len(rows), *self.arrays[0].shape[1:]), np.uint8)
        for array, where, within in self._by_array(rows):
            faces[where] = array.take(within)
        return faces

    def expect(self, rows: NDArray[np.int64]) -> None:
        """Let the system read the faces at `rows` from the disk meanwhile; they are going to be taken."""
        for array, _, within in self._by_array(rows):
            array.expect(within)

    def _by_array(self, rows: NDArray[np.int64]) -> Iterator[tuple[FaceArray, NDArray[np.bool_], NDArray[np.int64]]]:
        """Every array that holds some of `rows`, which of them those are (n,), and where they are in it."""
        which = np.searchsorted(self._starts, rows, side="right") - 1
        for i in np.unique(which):
            yield self.arrays[i], which == i, rows[which == i] - self._starts[i]


@dataclass(frozen=True)
class Faces:
    """Faces with their targets, as a learner sees them: pixels, indices, and no word of database, fold or person.

    `targets` are indices (N,) int64, or distributions over the labels (N, K) float32.
    """

    pixels: FaceStack
    rows: NDArray[np.int64]
    targets: NDArray[np.int64] | NDArray[np.float32]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def judged(self) -> "Faces":
        """These faces with indices as targets, the most probable label of a distribution, by which results are judged."""
        return self if self.targets.ndim == 1 else replace(self, targets=self.targets.argmax(1))

    def evenly(self, most: int) -> "Faces":
        """At most so many of these faces, from the first to the last."""
        which = evenly(len(self), most)
        return replace(self, rows=self.rows[which], targets=self.targets[which])

    def take(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The pixels of the faces at `positions`, (n, S, S) or (n, S, S, 3) uint8."""
        return self.pixels.take(self.rows[positions])

    def expect(self, positions: NDArray[np.int64]) -> None:
        """Let the system read the faces at `positions` from the disk meanwhile; they are going to be taken."""
        self.pixels.expect(self.rows[positions])
