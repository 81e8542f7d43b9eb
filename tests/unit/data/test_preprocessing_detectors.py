"""This file tests what finds faces and eyes, on a photograph whose eyes a person has marked and on drawn faces."""

import cv2
import numpy as np
import pytest
from portrait import PUPILS, landmarks_at, pasted, portrait, tilted
from skimage import data

from fer.data.database import Image, Points
from fer.data.databases.synthetic import Synthetic
from fer.data.preprocessing.cascades import Detection, cascade
from fer.data.preprocessing.eye_finder import SIDE, Eyes, best_pair, find_eyes
from fer.data.preprocessing.face_detector import detect_face, detect_faces
from fer.data.preprocessing.resizing import with_channels
from fer.errors import ConfigError


def furthest(eyes: Eyes | None, pupils: Points) -> float:
    """How far the worse eye is from its pupil, as a share of the distance between the pupils."""
    assert eyes is not None
    distance = np.linalg.norm(pupils[1] - pupils[0])
    return float(np.linalg.norm(np.array([eyes.left, eyes.right]) - pupils, axis=1).max() / distance)


def test_the_eyes_of_a_photograph_are_found() -> None:
    assert furthest(find_eyes(portrait()), np.array(PUPILS)) < 0.05


def test_the_eyes_of_a_mirrored_photograph_are_found_left_one_first() -> None:
    mirrored = np.ascontiguousarray(portrait()[:, ::-1])
    assert furthest(find_eyes(mirrored), np.array([(511 - x, y) for x, y in reversed(PUPILS)])) < 0.08


@pytest.mark.parametrize("degrees", [-35, -15, 15, 35])
def test_the_eyes_of_a_tilted_head_are_found(degrees: float) -> None:
    image, pupils = tilted(degrees)
    eyes = find_eyes(image)
    assert furthest(eyes, pupils) < 0.1
    assert eyes is not None
    assert eyes.tilt == pytest.approx(degrees + 2.6, abs=3)  # her eyes are not quite level


@pytest.mark.parametrize("size", [300, 480])
def test_the_eyes_are_found_wherever_the_face_is_and_of_any_size(size: int) -> None:
    image, pupils = pasted(size, left=150, top=0)
    assert furthest(find_eyes(image), pupils) < 0.1


def test_colours_and_grey_are_searched_alike() -> None:
    assert find_eyes(portrait()) == find_eyes(with_channels(portrait(), 1))


def test_of_two_faces_the_larger_counts_and_both_are_listed() -> None:
    image, near = pasted(470, left=0, top=0, onto=(480, 900))
    far, _ = pasted(300, left=550, top=100, onto=(480, 900))
    both = with_channels(np.where(far == 128, image, far).astype(np.uint8), 1)
    faces, face = detect_faces(both), detect_face(both)
    assert len(faces) == 2
    assert faces[0].width > faces[1].width
    assert face is not None
    assert (face.x, face.y) == pytest.approx(near.mean(axis=0), abs=25)


@pytest.mark.parametrize("name", ["chelsea", "coffee", "camera"])
def test_no_eyes_are_found_where_no_face_is_to_be_seen(name: str) -> None:
    assert find_eyes(np.asarray(getattr(data, name)(), np.uint8)) is None


def test_an_image_of_one_grey_or_of_a_few_pixels_has_no_eyes() -> None:
    for image in (np.full((48, 48), 90, np.uint8), np.zeros((1, 1), np.uint8), np.zeros((3, 200), np.uint8)):
        assert find_eyes(image) is None
        assert find_eyes(image, cropped=True) is None


def drawn(size: int) -> list[Image]:
    database = Synthetic(subjects=2, takes=1, size=size)
    return list(database.read_many(database.records()))


def test_eyes_of_small_cropped_faces_lie_where_those_of_the_same_faces_drawn_larger_do() -> None:
    errors = []
    faces = list(zip(drawn(48), drawn(144), strict=True))
    for small, large in faces:
        eyes, reference = find_eyes(small, cropped=True), find_eyes(large, cropped=True)
        if eyes and reference:
            errors.append(furthest(eyes, (np.array([reference.left, reference.right]) + 0.5) / 3 - 0.5))
    assert len(errors) >= 0.9 * len(faces)
    assert np.median(errors) < 0.1
    assert max(errors) < 0.35


def test_any_number_of_threads_finds_the_same() -> None:
    image, threads = pasted(300, left=100, top=50)[0], cv2.getNumThreads()
    try:
        found = []
        for n in (1, 3):
            cv2.setNumThreads(n)
            found.append((find_eyes(image), detect_faces(with_channels(image, 1))))
    finally:
        cv2.setNumThreads(threads)
    assert found[0] == found[1]


def test_landmarks_give_the_eyes_as_the_means_of_their_points() -> None:
    pupils = np.array([(30.0, 40.0), (70.0, 50.0)])
    eyes = find_eyes(np.zeros((100, 100), np.uint8), landmarks=landmarks_at(pupils))
    assert eyes is not None
    np.testing.assert_allclose((eyes.left, eyes.right), pupils)
    assert eyes.distance == pytest.approx(np.hypot(40, 10))


@pytest.mark.parametrize("pupils", [[(30, 40), (170, 40)], [(30, 40), (30, 40)], [(-1, 40), (70, 40)]])
def test_landmarks_that_are_not_two_places_in_the_image_are_no_eyes(pupils: list[tuple[float, float]]) -> None:
    landmarks = landmarks_at(np.array(pupils, np.float64))
    assert find_eyes(portrait()[:100, :100], landmarks=landmarks) is None


def at(x: float, y: float, votes: int = 3) -> Detection:
    """An eye at these shares of the face."""
    return Detection(votes, round(x * SIDE) - 20, round(y * SIDE) - 20, 40)


def test_two_detections_are_eyes_only_where_eyes_can_be() -> None:
    left, right = at(0.3, 0.4), at(0.7, 0.42)
    assert best_pair([right, left]) == (left, right)
    assert best_pair([left]) is None
    too_near, too_far = [left, at(0.5, 0.4)], [at(0.1, 0.4), at(0.9, 0.4)]
    beside_the_face, too_steep, one_above_the_other = [left, at(0.05, 0.4)], [left, at(0.7, 0.6)], [left, at(0.3, 0.55)]
    for pair in (too_near, too_far, beside_the_face, too_steep, one_above_the_other):
        assert best_pair(pair) is None


def test_the_pair_with_more_votes_wins() -> None:
    left, right, brow = at(0.3, 0.42, 9), at(0.7, 0.42, 8), at(0.7, 0.3, 2)
    assert best_pair([left, brow, right]) == (left, right)


def test_a_cascade_that_opencv_does_not_bring_is_one_message() -> None:
    with pytest.raises(ConfigError, match=r"found no haarcascade_nose\.xml .* Install 'opencv-python-headless<5'"):
        cascade("nose")
