import numpy as np
import pytest

from fer.data.preprocessing.frame import Frame

NOISE = np.random.default_rng(0).integers(0, 256, (60, 80), dtype=np.uint8)


def test_the_frame_of_an_image_shows_the_image() -> None:
    np.testing.assert_array_equal(Frame.of(NOISE).cut(NOISE), NOISE)


def test_a_frame_on_whole_pixels_is_a_slice_of_the_image() -> None:
    np.testing.assert_array_equal(Frame(x=19.5, y=12.0, width=20, height=5).cut(NOISE), NOISE[10:15, 10:30])


def test_a_frame_keeps_colours() -> None:
    colours = np.dstack([NOISE, 255 - NOISE, NOISE // 2])
    np.testing.assert_array_equal(Frame.of(colours).cut(colours), colours)


@pytest.mark.parametrize("tilt", [-70, -20, 0, 35])
def test_a_tilted_frame_shows_upright_what_lies_at_its_points(tilt: float) -> None:
    frame = Frame(x=40, y=30, width=40, height=30, tilt=tilt)
    x, y = frame.point(0.75, 0.25)
    image = np.zeros((60, 80), np.uint8)
    image[round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2] = 255
    seen = np.argwhere(frame.cut(image) > 120).mean(axis=0)
    np.testing.assert_allclose(seen, (0.25 * 30 - 0.5, 0.75 * 40 - 0.5), atol=1)


def test_a_head_that_leans_to_the_right_has_a_positive_tilt() -> None:
    x, y = Frame(x=0, y=0, width=10, height=10, tilt=30).point(0.5, 0.0)  # the top of the head
    assert x > 0 > y


def test_turning_keeps_the_point_it_turns_around_at_its_place_in_the_frame() -> None:
    frame = Frame(x=40, y=30, width=40, height=20)
    eye = frame.point(0.1, 0.2)
    assert frame.turned(33, around=eye).point(0.1, 0.2) == pytest.approx(eye)


def test_the_edges_are_continued_beyond_the_image() -> None:
    cut = Frame(x=0, y=0, width=21, height=21).cut(NOISE)
    assert (cut[:11, :11] == NOISE[0, 0]).all()
    np.testing.assert_array_equal(cut[10:, 10:], NOISE[:11, :11])
