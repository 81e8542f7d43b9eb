"""This file is the preprocessing `face`: a square around the face, by landmarks or a detector."""

from fer.data.database import Image, Points
from fer.data.preprocessing.base import NotFound, Preprocess
from fer.data.preprocessing.eye_finder import Eyes, eyes_of
from fer.data.preprocessing.face_detector import detect_face
from fer.data.preprocessing.frame import Frame
from fer.data.preprocessing.resizing import with_channels
from fer.data.preprocessing.whole_image import central_square
from fer.errors import ConfigError

# Where eyes lie in the square that the detector gives, as shares of its side: medians over 367 faces of FER2013, drawn by
# random numbers, that were pasted on a larger background (0.390 and 0.392; in FER2013 itself 0.381 and 0.385 of the image).
EYE_DISTANCE, EYE_HEIGHT = 0.39, 0.39


class FaceCrop(Preprocess):
    """An upright square around the face, `margin` of its side wider on each of the four sides.

    Images of a database that is cropped already stay as they are, to the pixel. Where landmarks are shipped, the square
    is laid around the eyes with the proportions of the detector's: an open mouth moves the landmarks' own box, and the
    scale of a face must not tell its expression. Elsewhere the detector finds the face.
    """

    def __init__(self, *, margin: float = 0.0, not_found: NotFound = "centre") -> None:
        if not -0.4 <= margin <= 2:
            raise ConfigError(f"preprocess.margin: found {margin}, expected a share of the face's side between -0.4 and 2")
        self.margin = margin
        self.not_found = not_found

    def cut_face(self, image: Image, *, landmarks: Points | None = None, cropped: bool = False) -> Image | None:
        """The square around the face, of its size in the image; the image's central square where it is cropped already."""
        if cropped:
            return central_square(image)
        face = detect_face(with_channels(image, 1)) if landmarks is None else face_around(eyes_of(landmarks, image))
        return None if face is None else self.cut_found(image, face)

    def cut_found(self, image: Image, square: Frame, *, eyes: Eyes | None = None) -> Image:
        """The square with the margin, wherever the eyes are."""
        return square.upright.scaled(1 + 2 * self.margin).cut(image)


def face_around(eyes: Eyes | None) -> Frame | None:
    """The square that the detector would give a face with these eyes."""
    if eyes is None:
        return None
    side = eyes.distance / EYE_DISTANCE
    x, y = eyes.middle
    return Frame(x, y + (0.5 - EYE_HEIGHT) * side, side, side).turned(eyes.tilt, around=eyes.middle)
