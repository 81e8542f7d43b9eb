"""This file tests the detectors of faces: how many they find, how they frame them, and what files they take."""

import hashlib
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from portrait import PUPILS, pasted, portrait, tilted

from fer.data.preprocessing.face_detector import detect_face
from fer.data.preprocessing.frame import Frame
from fer.data.preprocessing.resizing import with_channels
from fer.deploy.detector import Detector, Found, detector_named, detector_names, different, overlap
from fer.deploy.detectors.haar import Haar
from fer.deploy.detectors.yunet import KNOWN, face_in
from fer.errors import ConfigError, WeightsError

YUNET = Path(os.environ.get("FER_YUNET", "no file"))


@pytest.fixture(scope="module", params=["haar", "yunet"])
def detector(request: pytest.FixtureRequest) -> Detector:
    """Each detector; that with a model file where FER_YUNET names it."""
    if request.param == "yunet" and not YUNET.is_file():
        pytest.skip("FER_YUNET does not name the model file of YuNet")
    return detector_named(request.param, str(YUNET) if request.param == "yunet" else None)


def group(sides: tuple[int, ...]) -> np.ndarray:
    """The portrait several times beside one another, at (side, side) each, on noise."""
    image = np.random.default_rng(0).integers(90, 140, (max(sides) + 20, sum(sides) + 20 * len(sides), 3), np.uint8)
    left = 10
    for side in sides:
        image[10 : 10 + side, left : left + side] = cv2.resize(portrait(), (side, side), interpolation=cv2.INTER_AREA)
        left += side + 20
    return image


def framing(face: Found, pupils: np.ndarray) -> tuple[float, float, float]:
    """Distance, place across and height of the eyes in a square, as shares of its side."""
    square, middle = face.square, pupils.mean(axis=0)
    side = square.width
    return (
        float(np.hypot(*(pupils[1] - pupils[0]))) / side,
        (middle[0] - square.x) / side,
        (middle[1] - square.y) / side + 0.5,
    )


def test_a_face_is_framed_as_networks_are_trained_on_it(detector: Detector) -> None:
    for image, pupils in ((portrait(), np.array(PUPILS)), pasted(460, left=20, top=10), pasted(200, left=400, top=250)):
        (face,) = detector.find(image)
        assert framing(face, pupils) == pytest.approx((0.42, 0.0, 0.37), abs=0.06)


def test_many_faces_are_found_from_left_to_right(detector: Detector) -> None:
    sides = (400, 200, 300, 240)
    found = detector.find(group(sides))
    middles = [10 + sum(sides[:i]) + 20 * i + 0.44 * side for i, side in enumerate(sides)]
    faces = [face for face in found if any(abs(face.square.x - x) < 15 and face.square.y < 150 for x in middles)]
    assert [face.square.x for face in faces] == pytest.approx(middles, abs=15)
    assert [face.square.width for face in faces] == pytest.approx([0.2 * side for side in sides], abs=10)
    assert len(found) - len(faces) <= (2 if isinstance(detector, Haar) else 0)  # the cascade takes two flags for more
    assert sorted(face.square.x - face.square.width / 2 for face in found) == [f.square.x - f.square.width / 2 for f in found]


def test_faces_of_thirty_pixels_are_found_in_a_larger_picture(detector: Detector) -> None:
    image, pupils = pasted(150, left=700, top=500, onto=(720, 960))
    (face,) = detector.find(image)
    assert framing(face, pupils) == pytest.approx((0.42, 0.0, 0.37), abs=0.08)


@pytest.mark.parametrize("degrees", [-25, -12, 12, 25])
def test_tilted_heads_are_found(detector: Detector, degrees: float) -> None:
    image, pupils = tilted(degrees)
    assert any(abs(framing(face, pupils)[1]) < 0.15 for face in detector.find(image))


def test_where_nobody_is_nobody_is_found(detector: Detector) -> None:
    noise = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 256, (300, 400, 3), np.uint8), (0, 0), 2)
    for image in (
        np.zeros((200, 200), np.uint8),
        np.asarray(noise, np.uint8),
        np.full((3, 2), 9, np.uint8),
        np.zeros((1, 9000), np.uint8),
    ):
        assert detector.find(image) == ()


def test_grey_and_colour_show_the_same_faces(detector: Detector) -> None:
    (one,), (other,) = detector.find(portrait()), detector.find(with_channels(portrait(), 1))
    assert overlap(one.square, other.square) > 0.9


def test_the_same_picture_gives_the_same_faces(detector: Detector) -> None:
    assert detector.find(group((400, 200))) == detector.find(group((400, 200)))


def test_the_cascade_finds_the_face_that_preprocessing_finds() -> None:
    for image in (portrait(), tilted(25)[0], pasted(300, left=100, top=100)[0]):
        assert detect_face(with_channels(image, 1)) in [face.square for face in detector_named("haar").find(image)]


def test_a_face_within_a_face_is_the_same_face() -> None:
    large, mouth, beside = (Found(Frame(x, 50.0, side, side)) for x, side in ((50.0, 60.0), (52.0, 20.0), (120.0, 60.0)))
    assert different([large, mouth, beside]) == [large, beside]


def test_a_row_of_yunet_is_a_square_with_the_eyes_of_the_picture() -> None:
    row = np.array([10.0, 20, 80, 100, 70, 55, 30, 50, 50, 70, 35, 90, 65, 90, 1.2])
    face = face_in(row, np.array([2.0, 2.0]))
    assert face.confidence == 1
    assert face.square.x == 2 * 50 - 0.5
    assert face.square.width == pytest.approx(1.05 * 2 * np.sqrt(8000))
    assert face.eyes is not None
    assert (face.eyes.left, face.eyes.right) == ((59.5, 99.5), (139.5, 109.5))


@pytest.mark.skipif(not YUNET.is_file(), reason="FER_YUNET does not name the model file of YuNet")
def test_yunet_says_how_sure_it_is_and_where_the_eyes_are() -> None:
    (face,) = detector_named("yunet", str(YUNET)).find(portrait())
    assert face.confidence is not None
    assert 0.8 < face.confidence <= 1
    assert face.eyes is not None
    assert [*face.eyes.left, *face.eyes.right] == pytest.approx([*PUPILS[0], *PUPILS[1]], abs=4)


@pytest.mark.skipif(not YUNET.is_file(), reason="FER_YUNET does not name the model file of YuNet")
def test_yunet_finds_the_same_face_before_a_camera() -> None:
    thorough = detector_named("yunet", str(YUNET))
    (found,) = thorough.before_camera().find(portrait())
    (face,) = thorough.find(portrait())
    assert overlap(found.square, face.square) > 0.9


def test_a_model_file_is_held_to_its_digest(tmp_path: Path) -> None:
    path, content = tmp_path / "net.onnx", b"not the file of OpenCV Zoo"
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    with pytest.raises(WeightsError, match=f"found SHA-256 {digest}, which is none of") as error:
        detector_named("yunet", str(path))
    assert f"--detector-weights {path}:sha256={digest}" in str(error.value)
    with pytest.raises(WeightsError, match="expected 00ff"):
        detector_named("yunet", f"{path}:sha256=00FF")
    with pytest.raises(WeightsError, match="no network that OpenCV can read"):
        detector_named("yunet", f"{path}:sha256={digest}")


def test_a_detector_that_is_not_there_or_lacks_its_file_says_what_to_do(tmp_path: Path) -> None:
    for name, weights, message in (
        ("eyes", None, "expected haar or yunet"),
        ("yunet", None, "needs its model file"),
        ("haar", "file.onnx", "haar has its file from OpenCV"),
    ):
        with pytest.raises(ConfigError, match=message):
            detector_named(name, weights)
    with pytest.raises(WeightsError, match="No such file"):
        detector_named("yunet", str(tmp_path / "gone.onnx"))
    assert detector_names() == ["haar", "yunet"]
    assert {len(digest) for digest in KNOWN} == {64}
