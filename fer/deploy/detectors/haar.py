"""This file finds every face with the cascade of OpenCV that preprocessing uses too, and that comes with OpenCV below 5."""

from dataclasses import replace
from pathlib import Path

from fer.data.database import Image
from fer.data.preprocessing.cascades import cascade
from fer.data.preprocessing.face_detector import CASCADE, SEARCHES, Search, faces_by
from fer.data.preprocessing.resizing import with_channels
from fer.deploy.detector import Detector, Found, different, from_left
from fer.deploy.following import FollowingHaar
from fer.errors import ConfigError

UPRIGHT, TILTED, FURTHER = SEARCHES

#: For groups of people: in 720 × 960 pixels a face of 28 is found, about the smallest that the cascade's 20 allow for. In
#: larger steps with fewer votes it takes 30 % less time than in preprocessing's, and finds as many: of 720 faces of FER2013's
#: PublicTest in 300 pictures 571 against 569, with 31 against 25 where no face is.
FURTHEST = Search((0.0,), 960, 0.03, step=1.15, votes=2)


class Haar(Detector):
    """Frontal faces; the one that preprocessing would have cut out of the picture is always among them, framed the same.

    It has no measure of confidence and no eyes. What no search finds upright is looked for tilted, as in preprocessing.
    """

    def __init__(self, weights: Path | None = None, *, expected: str | None = None) -> None:
        if weights is not None:
            raise ConfigError(
                f"--detector-weights {weights}: haar has its file from OpenCV. Use --detector yunet, or leave it out."
            )
        cascade(CASCADE)  # a missing one is told before anything is read

    def find(self, image: Image) -> tuple[Found, ...]:
        """The faces: the first of preprocessing's searches that finds one, and a closer look for all others."""
        grey = with_channels(image, 1)
        near = faces_by(UPRIGHT, grey) or faces_by(TILTED, grey) or faces_by(FURTHER, grey)
        return from_left(different(map(Found, near + faces_by(closer(max(grey.shape)), grey))))

    def before_camera(self) -> Detector:
        """The faces of the picture before are followed; small ones are not looked for."""
        return FollowingHaar()


def closer(side: int) -> Search:
    """The closest look at a picture with this longer side; nothing is enlarged for it beyond what preprocessing does."""
    return replace(FURTHEST, side=min(side, FURTHEST.side)) if side > 1.25 * FURTHER.side else FURTHER


DETECTOR = Haar
