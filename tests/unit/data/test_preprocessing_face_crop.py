import numpy as np
import pytest
from portrait import PUPILS, landmarks_at, pasted, portrait

from fer.data.database import Image
from fer.data.databases.synthetic import Synthetic
from fer.data.preprocessing.eye_finder import find_eyes
from fer.data.preprocessing.face_crop import EYE_DISTANCE, EYE_HEIGHT, FaceCrop
from fer.data.preprocessing.whole_image import WholeImage
from fer.errors import ConfigError

LANDMARKS = landmarks_at(np.array(PUPILS))


def framing(face: Image | None) -> tuple[float, float]:
    """Distance and height of the eyes in a crop, as shares of its side."""
    assert face is not None
    assert face.shape[0] == face.shape[1]
    eyes = find_eyes(face, cropped=True)
    assert eyes is not None
    return eyes.distance / len(face), eyes.middle[1] / len(face)


def test_a_crop_by_the_detector_is_framed_as_documented() -> None:
    assert framing(FaceCrop().cut_face(portrait())) == pytest.approx((EYE_DISTANCE, EYE_HEIGHT), abs=0.07)


def test_a_crop_by_landmarks_is_framed_as_documented() -> None:
    assert framing(FaceCrop().cut_face(portrait(), landmarks=LANDMARKS)) == pytest.approx((EYE_DISTANCE, EYE_HEIGHT), abs=0.02)


def test_the_framing_is_the_same_however_far_away_the_face_is() -> None:
    near, far = (framing(FaceCrop().cut_face(pasted(size, left=20, top=10)[0])) for size in (460, 300))
    assert near == pytest.approx(far, abs=0.05)


def test_images_of_cropped_databases_stay_as_they_are_to_the_pixel() -> None:
    database = Synthetic(subjects=1, takes=1, size=64)
    for image in (*database.read_many(database.records()), portrait(), portrait()[:300]):
        left = FaceCrop(margin=0.3).cut_face(image, landmarks=LANDMARKS, cropped=True)
        assert left is not None
        np.testing.assert_array_equal(left, WholeImage().cut_face(image))


def test_shipped_landmarks_come_before_the_detector() -> None:
    elsewhere = landmarks_at(np.array([(380.0, 400.0), (440.0, 400.0)]))
    face = FaceCrop().cut_face(portrait(), landmarks=elsewhere)
    assert face is not None
    assert len(face) == round(60 / EYE_DISTANCE)
    assert find_eyes(face, cropped=True) is None  # nobody is there


def test_an_open_mouth_does_not_change_the_crop() -> None:
    opened = LANDMARKS.copy()
    opened[48:] += (0, 40)
    opened[:17] += (0, 40)
    closed_face, open_face = (FaceCrop().cut_face(portrait(), landmarks=points) for points in (LANDMARKS, opened))
    assert closed_face is not None
    assert open_face is not None
    np.testing.assert_array_equal(closed_face, open_face)


def test_the_margin_is_added_on_each_side() -> None:
    narrow, wide = (FaceCrop(margin=margin).cut_face(portrait(), landmarks=LANDMARKS) for margin in (0.0, 0.25))
    assert narrow is not None
    assert wide is not None
    assert len(wide) == pytest.approx(1.5 * len(narrow), abs=1)
    before = (len(wide) - len(narrow)) // 2
    middle = wide[before : before + len(narrow), before : before + len(narrow)]
    assert np.abs(middle.astype(int) - narrow).mean() < 10  # shifted by less than a pixel


def test_an_image_without_a_face_is_not_guessed_at() -> None:
    assert FaceCrop().cut_face(np.full((200, 300), 128, np.uint8)) is None
    assert FaceCrop().cut_face(portrait(), landmarks=LANDMARKS + 1000) is None


def test_a_crop_is_the_same_on_every_call() -> None:
    first, second = FaceCrop().cut_face(portrait()), FaceCrop().cut_face(portrait())
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("margin", [-0.5, 3, float("nan")])
def test_a_margin_that_leaves_no_face_is_refused(margin: float) -> None:
    with pytest.raises(ConfigError, match=r"preprocess\.margin: found"):
        FaceCrop(margin=margin)
