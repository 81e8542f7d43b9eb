"""This file finds all pairs of 64-bit hashes that differ in few bits, without looking at every pair.

Multi-index hashing (Norouzi, Punjani & Fleet 2012): a hash is four bands of 16 bits. Two hashes that differ in at most
4 k + 3 bits differ in at most k bits of one band, so that only pairs whose bands are that close need to be compared.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

BANDS, BAND_BITS = 4, 16
BUCKETS = 1 << BAND_BITS
CANDIDATES = 2**20  # compared at a time, which bounds the memory however many images share a band

Indices = NDArray[np.int64]


def close_pairs(hashes: NDArray[np.uint64], *, radius: int, flip: np.uint64 | int = 0) -> Indices:
    """Every pair (i, j), i < j, whose hashes differ in at most `radius` bits after `flip` was changed in one: (P, 2), sorted.

    All pairs are found, none twice. Time grows with the number of pairs whose bands are close, in the worst case with
    that of all pairs; memory with the number of pairs found.
    """
    bands = hashes.astype("<u8").view("<u2").reshape(-1, BANDS)
    flips = np.array([flip], "<u8").view("<u2")
    found = [np.empty((0, 2), np.int64)]
    for band in range(BANDS):
        order = np.argsort(bands[:, band], kind="stable")
        keys, ordered = bands[order, band].astype(np.int64), hashes[order]
        starts = np.searchsorted(keys, np.arange(BUCKETS + 1))
        for difference in differences(radius // BANDS):
            for left, right in candidates(keys, starts, difference ^ int(flips[band])):
                close = np.bitwise_count(ordered[left] ^ ordered[right] ^ np.uint64(flip)) <= radius
                found.append(np.sort(np.stack([order[left[close]], order[right[close]]], axis=1), axis=1))
    return np.unique(np.concatenate(found), axis=0)


def differences(bits: int) -> list[int]:
    """Every band in which at most `bits` bits are set."""
    return [sum(1 << bit for bit in chosen) for count in range(bits + 1) for chosen in combinations(range(BAND_BITS), count)]


def candidates(keys: Indices, starts: Indices, difference: int) -> Iterator[tuple[Indices, Indices]]:
    """The places of all pairs of sorted `keys` that differ by exactly `difference`, each pair once, in bounded portions.

    The keys k from `starts[k]` to `starts[k + 1]` are those of the bucket k.
    """
    partner = keys ^ difference
    places = np.flatnonzero(keys <= partner)
    first = starts[partner[places]] if difference else places + 1
    count = starts[partner[places] + 1] - first
    places, first, count = places[count > 0], first[count > 0], count[count > 0]
    if not len(places):
        return
    ends = np.cumsum(count)
    cuts = np.unique(np.searchsorted(ends, np.arange(0, ends[-1], CANDIDATES)))
    for start, stop in zip(cuts, [*cuts[1:], len(ends)], strict=True):
        part = slice(start, stop)
        left = np.repeat(places[part], count[part])
        skipped = np.repeat(ends[part] - count[part] - first[part], count[part])
        yield left, np.arange(ends[start] - count[start], ends[stop - 1]) - skipped
