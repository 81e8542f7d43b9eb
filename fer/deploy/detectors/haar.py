"""This file finds every face with the cascade of OpenCV that preprocessing uses too, and that comes with OpenCV below 5."""

from dataclasses import replace
from pathlib import Path

from fer.data.database import Image
from fer.data.preprocessing.cascades import cascade
from fer.data.preprocessing.face_detector import CASCADE, SEARCHES, Search, faces_by
from fer.data.preprocessing.resizing import with_channels
from fer.deploy.detector import Detector, Found, different, from_left
from fer.errors import ConfigError

UPRIGHT, TILTED, FURTHER = SEARCHES

#: For groups of people: in 720 × 960 pixels a face of 28 is found, about the smallest that the cascade's 20 allow for.
FURTHEST = Search((0.0,), 960, 0.03)


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
        """The faces; only nearer looks find large ones, only closer looks small ones."""
        grey = with_channels(image, 1)
        squares = faces_by(UPRIGHT, grey) or faces_by(TILTED, grey)
        for search in (FURTHER, *closer(max(grey.shape))):
            squares += faces_by(search, grey)
        return from_left(different(map(Found, squares)))


def closer(side: int) -> list[Search]:
    """The closest look, where a picture with this longer side has more to show than at the others; nothing is enlarged for it."""
    return [replace(FURTHEST, side=min(side, FURTHEST.side))] if side > 1.25 * FURTHER.side else []


DETECTOR = Haar
