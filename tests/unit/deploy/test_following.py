"""This file tests that the faces before a camera are followed from picture to picture."""

import numpy as np
import pytest
from fake_camera import frame

from fer.deploy.detectors.haar import Haar
from fer.deploy.following import FollowingHaar


@pytest.fixture(scope="module")
def film() -> list[np.ndarray]:
    return [frame(i / 30) for i in range(30)]


def test_a_face_that_moves_tilts_and_grows_is_found_in_every_picture(film: list[np.ndarray]) -> None:
    detector = FollowingHaar()
    for picture in film:
        (face,) = detector.find(picture)
        assert 80 < face.square.width < 220
        assert 200 < face.square.x < 440


def test_a_followed_face_is_framed_about_as_in_a_single_picture(film: list[np.ndarray]) -> None:
    detector, thorough = FollowingHaar(), Haar()
    for number in range(0, 12):
        (followed,) = detector.find(film[number])
        if number % 4 == 3:
            (alone,) = thorough.find(film[number])
            assert abs(followed.square.x - alone.square.x) < 0.06 * alone.square.width
            assert abs(followed.square.y - alone.square.y) < 0.06 * alone.square.width
            assert followed.square.width == pytest.approx(alone.square.width, rel=0.12)


def test_a_face_that_is_gone_is_no_longer_found(film: list[np.ndarray]) -> None:
    detector = FollowingHaar()
    assert len(detector.find(film[0])) == 1
    assert detector.find(np.full_like(film[0], 120)) == ()
    assert len(detector.find(film[0])) == 1
