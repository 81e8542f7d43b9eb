"""This file tests the thumbnails that audits and near copies are computed from."""

import numpy as np
from gallery import Gallery, pictures

from fer.data.near_copies.thumbnails import SIZE, Thumbnails, contrast, thumbnail, thumbnails


def test_images_of_all_sizes_and_colours_become_grey_squares() -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, shape).astype(np.uint8) for shape in ((48, 48), (490, 640), (762, 562, 3), (20, 300, 3))]
    gallery = Gallery(images)
    made = thumbnails(gallery, gallery.records())
    assert made.faces.shape == (4, SIZE, SIZE)
    np.testing.assert_array_equal(made.faces[0], images[0])
    assert made.faces.dtype == np.uint8


def test_a_database_is_read_once() -> None:
    gallery = Gallery(pictures(5))
    first = thumbnails(gallery, gallery.records())
    again = thumbnails(gallery, gallery.records())
    assert gallery.reads == 5
    np.testing.assert_array_equal(first.faces, again.faces)
    np.testing.assert_array_equal(first.copies, again.copies)
    assert first.key == again.key


def test_other_pixels_or_other_records_have_thumbnails_of_their_own() -> None:
    images = pictures(4)
    one, other = Gallery(images), Gallery([*images[:3], images[0]])
    keys = {thumbnails(gallery, records).key for gallery in (one, other) for records in (gallery.made, gallery.made[:3])}
    assert len(keys) == 4


def test_one_colour_is_blank_and_one_pixel_is_not() -> None:
    red = np.zeros((30, 40, 3), np.uint8)
    red[:, :, 0] = 200
    assert contrast(red) == 0
    red[3, 4, 1] = 1
    assert contrast(red) == 1
    assert contrast(np.array([[7, 7], [7, 250]], np.uint8)) == 243


def test_joined_thumbnails_are_those_of_all_databases() -> None:
    images = pictures(4)
    parts = [Gallery(images[:3], "one"), Gallery(images[2:], "two")]
    joined = Thumbnails.join([thumbnails(part, part.records()) for part in parts])
    assert len(joined) == 5
    assert joined.originals.tolist() == [0, 1, 2, 2, 4]


def test_a_database_without_images_has_no_thumbnails() -> None:
    gallery = Gallery([])
    assert len(thumbnails(gallery, [])) == 0


def test_a_thumbnail_shows_the_whole_image() -> None:
    image = np.zeros((100, 400), np.uint8)
    image[:, 380:] = 255
    assert thumbnail(image)[:, -2:].min() == 255
