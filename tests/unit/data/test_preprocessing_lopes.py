"""This file tests the chain of Lopes et al. on images of two dots, whose places in the crop the paper's numbers give."""

import cv2
import numpy as np
import pytest
from portrait import landmarks_at, portrait, tilted

from fer.data.database import Image, Points
from fer.data.preprocessing.intensity import normalised_locally
from fer.data.preprocessing.lopes import Lopes
from fer.data.preprocessing.whole_image import WholeImage
from fer.errors import ConfigError

LEVEL = np.array([(120.0, 90.0), (180.0, 90.0)])  # 60 apart: half is 30
TILTED = np.array([(124.0, 75.0), (176.0, 105.0)])  # the same two, turned by 30 degrees around their middle
CHAIN = {"rotate": False, "crop": False, "intensity": False}


def dots(eyes: Points) -> Image:
    """A black image (240, 320) with a white dot at each eye."""
    image = np.zeros((240, 320), np.uint8)
    for x, y in eyes:
        cv2.circle(image, (round(x), round(y)), 3, 255, -1)
    return image


def cut(eyes: Points, **switches: bool | float) -> tuple[Image, Points]:
    """What the chain cuts out of an image of two dots, and where the dots are in it, the left one first."""
    face = Lopes(**{"intensity": False, **switches}).cut_face(dots(eyes), landmarks=landmarks_at(eyes))  # type: ignore[arg-type]
    assert face is not None
    _, _, _, centres = cv2.connectedComponentsWithStats((face > 128).astype(np.uint8))
    return face, np.array(sorted(centres[1:].tolist()))


def test_the_cut_has_the_proportions_of_the_paper() -> None:
    face, eyes = cut(LEVEL)
    assert face.shape == (135, 72)  # 4.5 and 2.4 half distances of 30 pixels
    np.testing.assert_allclose(eyes, [(36 - 30, 39), (36 + 30, 39)], atol=1)  # 1.3 half distances below the upper edge


def test_tilted_eyes_come_to_lie_where_level_ones_do() -> None:
    np.testing.assert_allclose(cut(TILTED)[1], cut(LEVEL)[1], atol=1)


def test_without_rotation_tilted_eyes_stay_tilted() -> None:
    _, eyes = cut(TILTED, rotate=False, width=4.5)
    np.testing.assert_allclose(eyes[1] - eyes[0], TILTED[1] - TILTED[0], atol=1)


def test_without_the_crop_the_whole_image_is_turned_around_the_eyes() -> None:
    face, eyes = cut(TILTED, crop=False)
    assert face.shape == (240, 240)
    np.testing.assert_allclose(eyes, LEVEL - (40, 0), atol=1)  # the central square begins at column 40


def test_width_above_and_below_are_half_distances_between_the_eyes() -> None:
    face, eyes = cut(LEVEL, width=4.0, above=1.0, below=2.0)
    assert face.shape == (90, 120)
    np.testing.assert_allclose(eyes, [(30, 30), (90, 30)], atol=1)


def test_with_every_step_off_nothing_is_done() -> None:
    chain = Lopes(**CHAIN)
    np.testing.assert_array_equal(chain.cut_face(portrait()[:300]), WholeImage().cut_face(portrait()[:300]))
    face = np.ascontiguousarray(portrait()[:32, :32])
    np.testing.assert_array_equal(chain.finish(face), face)


def test_a_real_head_gives_the_same_face_however_it_is_tilted() -> None:
    faces = []
    for degrees in (0, 20):
        face = Lopes(width=4.5).cut_face(tilted(degrees)[0])
        assert face is not None
        faces.append(cv2.resize(face, (32, 32), interpolation=cv2.INTER_AREA).ravel())
    assert np.corrcoef(faces)[0, 1] > 0.95


def test_an_image_without_eyes_is_not_guessed_at() -> None:
    grey = np.full((48, 48), 128, np.uint8)
    assert Lopes().cut_face(grey) is None
    assert Lopes(rotate=False).cut_face(grey, cropped=True) is None


FACE = cv2.resize(portrait()[66:163, 177:274], (32, 32), interpolation=cv2.INTER_AREA)


def test_normalised_intensity_forgets_brightness_and_contrast() -> None:
    darker = np.round(FACE * 0.6 + 20).astype(np.uint8)
    assert np.abs(FACE.astype(int) - darker).mean() > 20
    assert np.abs(normalised_locally(FACE, 7).astype(int) - normalised_locally(darker, 7)).mean() < 2


def test_a_pixel_is_its_distance_from_the_mean_around_it_in_deviations() -> None:
    grey = FACE[..., 1]
    weights = np.outer(*[cv2.getGaussianKernel(7, 0).ravel()] * 2)
    around = grey[10:17, 5:12].astype(float)
    mean = (weights * around).sum()
    deviations = (float(grey[13, 8]) - mean) / np.sqrt(((around - mean) ** 2).mean())
    assert normalised_locally(grey, 7)[13, 8] == pytest.approx(127 + 63.5 * deviations, abs=0.6)


def test_flat_skin_is_the_level_of_the_mean_and_not_noise() -> None:
    assert (normalised_locally(np.full((32, 32), 200, np.uint8), 7) == 127).all()
    speck = np.full((32, 32), 200, np.uint8)
    speck[16, 16] += 1
    assert normalised_locally(speck, 7).max() < 127 + 64


def test_finish_keeps_shape_and_channels() -> None:
    for face in (FACE, FACE[..., 0]):
        finished = Lopes().finish(np.ascontiguousarray(face))
        assert finished.shape == face.shape
        assert finished.dtype == np.uint8
        assert finished.std() > 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"width": 0.0}, r"found width 0\.0, above 1\.3 and below 3\.2, expected numbers above 0"),
        ({"neighbourhood": 6}, r"preprocess\.neighbourhood: found 6, expected an odd number"),
        ({"neighbourhood": 1}, r"preprocess\.neighbourhood: found 1"),
    ],
)
def test_impossible_numbers_are_refused(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Lopes(**arguments)  # type: ignore[arg-type]
