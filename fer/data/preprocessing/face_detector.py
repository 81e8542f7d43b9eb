"""This file finds faces in an image with the frontal-face cascade of OpenCV (Viola and Jones 2001; Lienhart 2002)."""

from dataclasses import dataclass

import cv2
import numpy as np

from fer.data.database import Image
from fer.data.preprocessing.cascades import Detection, detect
from fer.data.preprocessing.frame import Frame

CASCADE = "frontalface_alt2"
CLEAR_OF_SMALLEST = 1.25


@dataclass(frozen=True, slots=True)
class Search:
    """One look at an image: at which tilts, how large, and for which faces.

    `side` is the longer side in pixels that the image is brought to, and `smallest` the least side of a face as a share
    of the shorter one; the cascade itself wants 20 pixels and bears with heads that are tilted by up to 15 degrees. A
    face is the mean of the hits around it, and near `smallest` the smaller half of them is missing: what is found there
    is left to a closer look. `step` is from one size of face to the next, and more than `votes` hits make a face.
    """

    tilts: tuple[float, ...]
    side: int
    smallest: float
    step: float = 1.1
    votes: int = 3


#: Portraits are found at the first look, tilted heads at the second, people further away at the last.
SEARCHES = (Search((0.0,), 320, 0.14), Search((-25.0, 25.0), 320, 0.14), Search((0.0,), 480, 0.08))


def detect_face(grey: Image) -> Frame | None:
    """The square of the face that counts, from brows to chin, by the first search that finds one; None where none does."""
    for search in SEARCHES:
        if found := faces_by(search, grey):
            return found[0]
    return None


def detect_faces(grey: Image) -> tuple[Frame, ...]:
    """The squares of all faces that are about upright and not too small, the largest and surest first."""
    return faces_by(SEARCHES[-1], grey)


def faces_by(search: Search, grey: Image) -> tuple[Frame, ...]:
    """The faces that a search finds, heaviest first; the weight of a face is the votes for it times its area."""
    found = [face for tilt in search.tilts for face in faces_at(tilt, search, grey)]
    return tuple(frame for _, frame in sorted(found, key=lambda face: -face[0]))


def faces_at(tilt: float, search: Search, grey: Image) -> list[tuple[float, Frame]]:
    """The faces that are tilted by about this much, each after its weight."""
    whole = Frame.of(grey)
    view = whole.turned(tilt, around=(whole.x, whole.y))
    small = scaled(view.cut(grey) if tilt else grey, search.side / max(grey.shape))
    shorter = min(small.shape)
    smallest = search.smallest * shorter
    hits = detect(small, CASCADE, step=search.step, votes=search.votes, smallest=smallest, largest=shorter)
    return [(hit.votes * hit.side**2, placed(hit, view, small)) for hit in hits if hit.side >= CLEAR_OF_SMALLEST * smallest]


def placed(hit: Detection, view: Frame, small: Image) -> Frame:
    """Where the image itself has what was found in the view that was searched."""
    height, width = small.shape
    x, y = view.point((hit.left + hit.side / 2) / width, (hit.top + hit.side / 2) / height)
    side = hit.side * view.width / width
    return Frame(x, y, side, side, view.tilt)


def scaled(grey: Image, factor: float) -> Image:
    """The image enlarged or reduced by a factor, averaged over areas where it shrinks."""
    height, width = (max(1, round(length * factor)) for length in grey.shape)
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, (width, height), interpolation=interpolation), np.uint8)
