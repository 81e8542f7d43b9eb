"""This file finds the two eyes: from the landmarks that a database ships, or with the eye cascades of OpenCV."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations

from fer.data.database import Image, Points
from fer.data.preprocessing.cascades import Detection, detect
from fer.data.preprocessing.face_detector import detect_face
from fer.data.preprocessing.frame import Frame
from fer.data.preprocessing.resizing import resize, with_channels

SIDE = 192  # pixels that a face is brought to, so that the eyes of a 48 × 48 image exceed the cascades' 20 × 20 window
UPPER_PART = 0.62  # of the face, in which eyes are looked for
EYE_SIDES = (0.16, 0.42)  # of the face, from the smallest to the largest square around an eye

#: Cascades in the order in which they are asked, with the step between sizes and the votes wanted: the first places eyes
#: best, the others see more of them.
ATTEMPTS = (("eye_tree_eyeglasses", 1.1, 1), ("eye", 1.1, 2), ("eye", 1.05, 1))

# What a pair of eyes looks like in the square of a face, as shares of its side.
DISTANCES = (0.25, 0.65)
STEEPEST = 0.36  # difference in height per distance across: 20 degrees
FURTHEST = 0.17  # of the middle between the eyes from the face's middle line


@dataclass(frozen=True, slots=True)
class Eyes:
    """The middles of both eyes in an image, the image's left one first."""

    left: tuple[float, float]
    right: tuple[float, float]

    @property
    def middle(self) -> tuple[float, float]:
        """The point between them."""
        return (self.left[0] + self.right[0]) / 2, (self.left[1] + self.right[1]) / 2

    @property
    def distance(self) -> float:
        """From one to the other, in pixels."""
        return math.dist(self.left, self.right)

    @property
    def tilt(self) -> float:
        """How far the line from left to right is turned clockwise, in degrees."""
        return math.degrees(math.atan2(self.right[1] - self.left[1], self.right[0] - self.left[0]))


def find_eyes(image: Image, *, landmarks: Points | None = None, cropped: bool = False) -> Eyes | None:
    """The eyes by the landmarks where there are any, else by the detectors; None where they are not found.

    A cropped image is the face; in another one the face is detected first.
    """
    if landmarks is not None:
        return eyes_of(landmarks, image)
    grey = with_channels(image, 1)
    face = Frame.of(grey) if cropped else detect_face(grey)
    return None if face is None else eyes_in(grey, face)


def eyes_of(landmarks: Points, image: Image) -> Eyes | None:
    """The means of points 37–42 and 43–48 of the Multi-PIE scheme; None where they are not two places in the image."""
    (left_x, left_y), (right_x, right_y) = (landmarks[first : first + 6].mean(axis=0).tolist() for first in (36, 42))
    eyes = Eyes((left_x, left_y), (right_x, right_y))
    height, width = image.shape[:2]
    inside = all(0 <= x < width and 0 <= y < height for x, y in (eyes.left, eyes.right))
    return eyes if inside and eyes.distance >= 2 else None


def eyes_in(grey: Image, face: Frame) -> Eyes | None:
    """The eyes of a face in a grey image, by the first cascade that sees a plausible pair."""
    upper_part = resize(face.cut(grey), SIDE)[: round(UPPER_PART * SIDE)]
    for name, step, votes in ATTEMPTS:
        smallest, largest = (share * SIDE for share in EYE_SIDES)
        found = detect(upper_part, name, step=step, votes=votes, smallest=smallest, largest=largest)
        if pair := best_pair(found):
            left, right = (face.point(*middle(eye)) for eye in pair)
            return Eyes(left, right)
    return None


def best_pair(found: Iterable[Detection]) -> tuple[Detection, Detection] | None:
    """The plausible pair whose weaker half has most votes, the image's left eye first."""
    pairs = [pair for pair in permutations(found, 2) if plausible(*pair)]
    return max(pairs, key=lambda pair: (min(pair[0].votes, pair[1].votes), pair), default=None)


def plausible(left: Detection, right: Detection) -> bool:
    """Whether these lie to each other, and in the face, as two eyes do."""
    (left_x, left_y), (right_x, right_y) = middle(left), middle(right)
    across, down = right_x - left_x, right_y - left_y
    level = abs(down) <= STEEPEST * across
    return level and DISTANCES[0] <= across <= DISTANCES[1] and abs((left_x + right_x) / 2 - 0.5) <= FURTHEST


def middle(eye: Detection) -> tuple[float, float]:
    """The middle of what was found, as shares of the face's side."""
    return (eye.left + eye.side / 2) / SIDE, (eye.top + eye.side / 2) / SIDE
