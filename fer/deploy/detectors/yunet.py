"""This file finds every face with YuNet, a small network that OpenCV runs from a model file of the user's.

W. Wu, H. Peng, S. Yu, YuNet: A tiny millisecond-level face detector, Machine Intelligence Research 20 (2023) 656–665. The
file is face_detection_yunet_2023mar.onnx or face_detection_yunet_2026may.onnx of OpenCV Zoo, which is under the MIT licence.
"""

import hashlib
import math
from copy import copy
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.data.database import Image
from fer.data.preprocessing.eye_finder import Eyes
from fer.data.preprocessing.frame import Frame
from fer.data.preprocessing.resizing import with_channels
from fer.deploy.detector import Detector, Found, different, from_left
from fer.errors import ConfigError, WeightsError

#: SHA-256 of the files of OpenCV Zoo that are known to be what they say.
KNOWN = {
    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4": "face_detection_yunet_2023mar.onnx",
    "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0": "face_detection_yunet_2026may.onnx",
}

WHERE = "https://github.com/opencv/opencv_zoo/tree/main/models/face_detection_yunet"

#: The longer side in pixels that a picture is brought to. The network sees faces of 10 to 300 pixels, says its ReadMe: at the
#: first look those that fill the picture, at the second those that are a hundredth of it.
LOOKS = (320, 960)

# Chosen on 600 faces of FER2013's PublicTest pasted into larger pictures: what is less sure is as often no face; the side of
# the square, over the root of the box's area, that frames faces as the cascade does; and how much higher than the box's its
# middle lies, over that side.
SURE, SIDE, HIGHER = 0.7, 1.05, 0.02

OVERLAP, MOST = 0.3, 5000  # of boxes that are one, and boxes before they are merged: as in OpenCV's own example


class YuNet(Detector):
    """Faces of any pose with a confidence and both eyes.

    Raises ConfigError without a file, and WeightsError for one that is neither known nor the one that the user expects.
    """

    def __init__(self, weights: Path | None = None, *, expected: str | None = None) -> None:
        if weights is None:
            raise ConfigError(f"--detector yunet needs its model file: --detector-weights FILE, which {WHERE} has")
        content = checked(weights, expected)
        try:
            self.network = cv2.FaceDetectorYN.create("onnx", content, NONE, (320, 320), SURE, OVERLAP, MOST)
        except cv2.error as error:
            raise WeightsError(f"{weights} is no network that OpenCV can read: {error.err}") from error
        self.looks: tuple[int, ...] = LOOKS

    def find(self, image: Image) -> tuple[Found, ...]:
        """The faces; where several looks see one, the surest one counts."""
        blue_first = np.ascontiguousarray(with_channels(image, 3)[:, :, ::-1])
        found = [face for side in self.looks for face in self.look(blue_first, side)]
        return from_left(different(sorted(found, key=lambda face: -(face.confidence or 0.0))))

    def before_camera(self) -> Detector:
        """The first look alone, which takes a tenth of the time: of 640 × 480 pixels a face is at least 20."""
        quick = copy(self)
        quick.looks = LOOKS[:1]
        return quick

    def look(self, image: Image, side: int) -> list[Found]:
        """The faces that are seen in the picture at this size."""
        height, width = image.shape[:2]
        factor = side / max(height, width)
        shown = max(1, round(width * factor)), max(1, round(height * factor))
        self.network.setInputSize(shown)
        interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        _, rows = self.network.detect(cv2.resize(image, shown, interpolation=interpolation))
        scale = np.array([width / shown[0], height / shown[1]])
        boxes = np.empty((0, 15)) if rows is None else rows.astype(np.float64)
        return [face_in(row, scale) for row in boxes[possible(boxes, *shown)]]


#: What is given for a configuration, which ONNX files need none of.
NONE = np.empty(0, np.uint8)


def possible(rows: NDArray[np.float64], width: int, height: int) -> NDArray[np.bool_]:
    """Which rows are of faces that such a picture has room for: in a strip of few pixels the network sees other things."""
    with np.errstate(invalid="ignore"):
        fits = (rows[:, 2:4] > 0).all(1) & (rows[:, 2:4].max(1) < 2 * min(width, height))
    return np.asarray(fits & np.isfinite(rows).all(1))


def face_in(row: NDArray[np.float64], scale: NDArray[np.float64]) -> Found:
    """The face of a row: left, top, width, height, then x and y of both eyes, nose and mouth's corners, then how sure."""
    points = row[:14].reshape(7, 2) * scale
    corner, size, eyes = points[0], points[1], points[2:4]
    x, y = corner + size / 2 - 0.5  # whole coordinates are the middles of pixels
    side = SIDE * math.sqrt(size[0] * size[1])
    left, right = sorted((float(across), float(down)) for across, down in eyes - 0.5)
    return Found(Frame(float(x), float(y) - HIGHER * side, side, side), float(min(row[14], 1.0)), Eyes(left, right))


def checked(path: Path, expected: str | None) -> NDArray[np.uint8]:
    """The bytes of the model file, which nothing else is read from; WeightsError where they are not the expected ones."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"--detector-weights {path}: {error.strerror}. {WHERE} has the file.") from None
    digest = hashlib.sha256(content).hexdigest()
    if expected not in (None, digest):
        raise WeightsError(f"{path}: found SHA-256 {digest}, expected {expected}. Download it again from {WHERE}")
    if expected is None and digest not in KNOWN:
        raise WeightsError(
            f"{path}: found SHA-256 {digest}, which is none of {', '.join(KNOWN.values())} of OpenCV Zoo ({WHERE}).\n"
            f"    If it is the file that you mean: --detector-weights {path}:sha256={digest}"
        )
    return np.frombuffer(content, np.uint8)


DETECTOR = YuNet
