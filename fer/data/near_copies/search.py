"""This file finds near copies: the same photograph resized, brightened, re-compressed, cut a little closer, or mirrored.

Perceptual hashes propose pairs, and a comparison of the thumbnails decides. What was measured stands in
`fer/data/near_copies/planted_copies.py`. The same person who holds still is a near copy too, as in two frames of a video.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.data.digest import cache_folder
from fer.data.near_copies.hash_search import close_pairs
from fer.data.near_copies.likeness import likeness
from fer.data.near_copies.perceptual_hash import MIRROR, perceptual_hashes
from fer.data.near_copies.thumbnails import Thumbnails
from fer.files import replacing

#: Counts up when the same thumbnails would give other pairs.
VERSION = 1

RADIUS = 11  # of 64 bits: finds 92 % of FER2013's near copies; the next one costs five times as much to search
LIKENESS = 0.85  # measured as `fer/data/near_copies/planted_copies.py` says
CROWD = 32  # images of one hash that are compared with all others; of more, each is compared with the first only
PAIRS = 256  # compared at a time: what they are computed from fits into a core's cache


@dataclass(frozen=True)
class NearCopies:
    """Pairs of images that are near copies and no exact ones.

    `pairs` (P, 2) int64 are rows of the thumbnails, the smaller first, sorted; images with exact copies are represented by
    the first of these (`Thumbnails.originals`). `mirrored` (P,) bool tells which are near copies of the mirror image, and
    `likeness` (P,) float32 how alike they are, from LIKENESS to 1.
    """

    pairs: NDArray[np.int64]
    mirrored: NDArray[np.bool_]
    likeness: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.pairs)

    def touched(
        self, originals: NDArray[np.int64], *, inside: NDArray[np.int64], outside: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Which of the rows `inside` have a near copy among the rows `outside`, exact copies of either included: (n,) bool."""
        both = np.concatenate([self.pairs, self.pairs[:, ::-1]])
        partners = both[np.isin(both[:, 1], originals[outside]), 0]
        return np.isin(originals[inside], partners)


def near_copies(thumbnails: Thumbnails, *, between: NDArray[np.int64] | None = None) -> NearCopies:
    """The near copies among images of one or several databases, from the cache where they were looked for before.

    `between` (N,) says where each image is from, where only near copies between images from different places are wanted.
    """
    places = "" if between is None else hashlib.sha256(between.tobytes()).hexdigest()
    key = hashlib.sha256(f"{VERSION} {thumbnails.key} {places}".encode()).hexdigest()[:16]
    path = cache_folder() / "near_copies" / f"{key}.npz"
    if not path.is_file():
        found = find_near_copies(thumbnails, between=between)
        with replacing(path) as beside, beside.open("wb") as file:
            np.savez_compressed(file, pairs=found.pairs, mirrored=found.mirrored, likeness=found.likeness)
    with np.load(path) as stored:
        return NearCopies(stored["pairs"], stored["mirrored"], stored["likeness"])


def find_near_copies(thumbnails: Thumbnails, *, between: NDArray[np.int64] | None = None) -> NearCopies:
    """The near copies among these images, or only those `between` places; blank ones have none."""
    originals = thumbnails.originals
    rows = np.flatnonzero((originals == np.arange(len(thumbnails))) & (thumbnails.spread > 0))
    hashes = perceptual_hashes(thumbnails.faces[rows])
    plain, mirrored = rows[proposed(hashes, flip=0)], rows[proposed(hashes, flip=int(MIRROR))]
    mirrored = mirrored[~exactly_mirrored(thumbnails.copies, mirrored)]
    if between is not None:
        plain, mirrored = (pairs[between[pairs[:, 0]] != between[pairs[:, 1]]] for pairs in (plain, mirrored))
    pairs = np.concatenate([plain, mirrored])
    is_mirrored = np.arange(len(pairs)) >= len(plain)
    alike = likeness_of_pairs(thumbnails.faces, pairs, is_mirrored)
    order = np.flatnonzero(alike >= LIKENESS)
    order = order[np.lexsort((is_mirrored[order], pairs[order, 1], pairs[order, 0]))]
    return NearCopies(pairs[order], is_mirrored[order], alike[order])


def proposed(hashes: NDArray[np.uint64], *, flip: int) -> NDArray[np.int64]:
    """Pairs of rows whose hashes are close, (P, 2); of a hash that a crowd shares only the first CROWD meet the others."""
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(len(first)))
    place = np.empty(len(hashes), np.int64)
    place[order] = np.arange(len(hashes)) - starts[group[order]]
    met, crowd = np.flatnonzero(place < CROWD), np.flatnonzero(place >= CROWD)
    pairs = met[close_pairs(hashes[met], radius=RADIUS, flip=flip)]
    return np.concatenate([pairs, np.stack([first[group[crowd]], crowd], axis=1)]) if not flip else pairs


def exactly_mirrored(copies: NDArray[np.uint64], pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pairs are exact mirrored copies, (P,) bool."""
    equal: NDArray[np.bool_] = copies[pairs[:, 0], 0] == copies[pairs[:, 1], 1]
    return equal


def likeness_of_pairs(faces: NDArray[np.uint8], pairs: NDArray[np.int64], mirrored: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How alike the two images of each pair are, (P,) float32 from 0 to 1."""
    alike = np.empty(len(pairs), np.float32)
    for start in range(0, len(pairs), PAIRS):
        part = slice(start, start + PAIRS)
        one, other = faces[pairs[part, 0]], faces[pairs[part, 1]]
        other[mirrored[part]] = other[mirrored[part]][:, :, ::-1]
        alike[part] = likeness(one, other)
    return alike


def clusters(size: int, links: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """The number of the cluster of each of `size` rows that pairs of rows link, directly or through others: (size,)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = np.concatenate(links)
    graph = coo_array((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(size, size))
    numbers: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return numbers
