"""This file tests that planted copies are found, and that nothing else is taken for one."""

import numpy as np
import pytest
from gallery import Gallery, pictures

from fer.data.database import Image
from fer.data.databases.synthetic import Synthetic
from fer.data.near_copies.perceptual_hash import MIRROR, perceptual_hashes
from fer.data.near_copies.planted_copies import CHANGES, made_up, recall, with_planted
from fer.data.near_copies.search import CROWD, NearCopies, clusters, find_near_copies, near_copies
from fer.data.near_copies.thumbnails import Thumbnails, thumbnails


def found_among(images: list[Image]) -> NearCopies:
    gallery = Gallery(images)
    return find_near_copies(thumbnails(gallery, gallery.records()))


def test_copies_with_one_change_are_found_and_no_others() -> None:
    rng = np.random.default_rng(0)
    planted, rows = with_planted(made_up(2000, rng), rng)
    found = find_near_copies(planted)
    shares = recall(found, rows, 2000)
    assert set(shares) == set(CHANGES)
    assert min(shares.values()) > 0.93
    assert len(found) <= 1000


def test_mirrored_copies_are_told_from_the_others() -> None:
    images = pictures(3)
    found = found_among([*images, (images[1] * 0.9).astype(np.uint8), (images[2] * 0.9).astype(np.uint8)[:, ::-1]])
    assert found.pairs.tolist() == [[1, 3], [2, 4]]
    assert found.mirrored.tolist() == [False, True]
    assert found.likeness.min() > 0.95


def test_exact_copies_and_exact_mirrored_copies_are_no_near_copies() -> None:
    images = pictures(3)
    assert len(found_among([*images, images[0].copy(), images[1][:, ::-1]])) == 0


def test_images_with_exact_copies_are_represented_by_the_first() -> None:
    images = pictures(2)
    near = (images[0] * 0.9).astype(np.uint8)
    found = found_among([images[0], near, images[0], near, images[1]])
    assert found.pairs.tolist() == [[0, 1]]
    originals = np.array([0, 1, 0, 1, 4])
    inside, outside = np.array([3, 4]), np.array([2])
    assert found.touched(originals, inside=inside, outside=outside).tolist() == [True, False]
    assert found.touched(originals, inside=outside, outside=inside).tolist() == [True]


def test_blank_and_nearly_blank_images_are_copies_of_nothing() -> None:
    flat = [np.full((48, 48), level, np.uint8) for level in (0, 90, 255)]
    speck = [np.full((48, 48), 90, np.uint8) for _ in range(3)]
    for i, image in enumerate(speck):
        image[10 * i + 5, 20] = 92
    assert len(found_among([*flat, *speck])) == 0


def test_different_people_are_no_copies() -> None:
    database = Synthetic(domain="wild", subjects=40, takes=2)
    records = database.records()
    found = find_near_copies(thumbnails(database, records))
    people = [{records[row].subject for row in pair} for pair in found.pairs.tolist()]
    assert sum(len(pair) > 1 for pair in people) <= 1


def test_a_crowd_of_images_with_one_hash_is_linked_without_comparing_all_pairs() -> None:
    faces = np.repeat(pictures(1)[0][None], 3000, axis=0)  # thumbnails of different images can be the same
    copies = np.arange(6000, dtype=np.uint64).reshape(-1, 2)
    found = find_near_copies(Thumbnails(faces, copies, np.full(3000, 255, np.uint8), "crowd"))
    assert len(np.unique(clusters(3000, [found.pairs]))) == 1
    assert len(found) == CROWD * (CROWD - 1) // 2 + 3000 - CROWD


def test_mirroring_changes_the_bits_of_odd_horizontal_frequencies() -> None:
    faces = np.stack(pictures(50))
    mirrored = perceptual_hashes(np.ascontiguousarray(faces[:, :, ::-1])) ^ MIRROR
    assert np.bitwise_count(perceptual_hashes(faces) ^ mirrored).max() <= 1  # a sign near 0 may fall either way


def test_what_was_found_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    images = pictures(2)
    gallery = Gallery([*images, (images[0] * 0.9).astype(np.uint8)])
    seen = thumbnails(gallery, gallery.records())
    first = near_copies(seen)
    monkeypatch.setattr("fer.data.near_copies.search.find_near_copies", None)
    again = near_copies(seen)
    assert again.pairs.tolist() == first.pairs.tolist() == [[0, 2]]
    assert again.likeness.tolist() == first.likeness.tolist()
