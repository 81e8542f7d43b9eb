"""This file is a real face whose eyes a person has marked, for tests of detectors: the astronaut of scikit-image."""

import cv2
import numpy as np
from skimage.data import astronaut

from fer.data.database import Image, Points

#: The pupils of the astronaut, read off an enlargement.
PUPILS = ((203.0, 101.0), (247.0, 103.0))


def portrait() -> Image:
    """The photograph, (512, 512, 3), of which the face is a fifth."""
    return np.asarray(astronaut(), np.uint8)


def tilted(degrees: float) -> tuple[Image, Points]:
    """The photograph turned clockwise around the face, and its pupils (2, 2)."""
    turn = cv2.getRotationMatrix2D((225.0, 115.0), -degrees, 1.0)
    image = cv2.warpAffine(portrait(), turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(image, np.uint8), np.array(PUPILS) @ turn[:, :2].T + turn[:, 2]


def pasted(size: int, *, left: int, top: int, onto: tuple[int, int] = (480, 640)) -> tuple[Image, Points]:
    """The photograph at (size, size) in a larger grey image (H, W, 3), and its pupils (2, 2)."""
    image = np.full((*onto, 3), 128, np.uint8)
    image[top : top + size, left : left + size] = cv2.resize(portrait(), (size, size), interpolation=cv2.INTER_AREA)
    return image, (np.array(PUPILS) + 0.5) * size / 512 - 0.5 + np.array([left, top])


def landmarks_at(pupils: Points) -> Points:
    """The 68 points of a face with these pupils, which the points of each eye surround; all others lie between them."""
    points = np.tile(pupils.mean(axis=0), (68, 1))
    around = np.array([(-6, 0), (-3, -2), (3, -2), (6, 0), (3, 2), (-3, 2)], np.float64)
    points[36:42], points[42:48] = pupils[0] + around, pupils[1] + around
    return points
