"""This file tests that the search for close hashes finds every pair, once, however the hashes are spread."""

import numpy as np
import pytest
from numpy.typing import NDArray

from fer.data.near_copies import hash_search
from fer.data.near_copies.hash_search import close_pairs
from fer.data.near_copies.perceptual_hash import MIRROR


def every_pair(hashes: NDArray[np.uint64], radius: int, flip: int) -> set[tuple[int, int]]:
    """The close pairs, by looking at all pairs."""
    distance = np.bitwise_count(hashes[:, None] ^ hashes[None] ^ np.uint64(flip))
    return {(i, j) for i, j in np.argwhere(distance <= radius).tolist() if i < j}


def scattered(count: int, seed: int = 0) -> NDArray[np.uint64]:
    """Hashes of which many differ in few bits from another, or from its mirror image's."""
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 2**64, count, dtype=np.uint64)
    for i in range(count // 2, count):
        changed = rng.choice(64, rng.integers(0, 16), replace=False)
        hashes[i] = (
            hashes[i - count // 2] ^ np.uint64(sum(1 << int(bit) for bit in changed)) ^ (MIRROR if i % 2 else np.uint64(0))
        )
    return hashes


@pytest.mark.parametrize("flip", [0, int(MIRROR)])
@pytest.mark.parametrize("radius", [0, 3, 11])
def test_the_search_finds_what_looking_at_every_pair_finds(radius: int, flip: int) -> None:
    hashes = scattered(600)
    expected = every_pair(hashes, radius, flip)
    assert expected
    found = close_pairs(hashes, radius=radius, flip=flip)
    assert set(map(tuple, found.tolist())) == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_hashes_have_few_pairs(count: int) -> None:
    assert len(close_pairs(np.zeros(count, np.uint64), radius=11)) == count * (count - 1) // 2


def test_hashes_that_share_a_band_are_compared_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_search, "CANDIDATES", 50)
    hashes = scattered(300) & ~np.uint64(0xFFFF)
    found = close_pairs(hashes, radius=11)
    assert set(map(tuple, found.tolist())) == every_pair(hashes, 11, 0)
    sizes = [len(left) for left, _ in portions_of_one_bucket(200)]
    assert sum(sizes) == 200 * 199 // 2
    assert max(sizes) <= 50 + 200


def portions_of_one_bucket(count: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """The candidates among hashes whose first band is 0."""
    keys = np.zeros(count, np.int64)
    return list(hash_search.candidates(keys, np.searchsorted(keys, np.arange(hash_search.BUCKETS + 1)), 0))
