"""This file follows the faces before a camera: between looks at whole pictures it looks where they were a moment ago."""

from collections.abc import Iterator

import numpy as np

from fer.data.database import Image
from fer.data.preprocessing.face_detector import SEARCHES, Search, faces_by
from fer.data.preprocessing.frame import Frame
from fer.data.preprocessing.resizing import with_channels
from fer.deploy.detector import Detector, Found, different, from_left

#: Pictures from one look at a whole one to the next: whoever comes into view is seen within a third of a second.
EVERY = 8

#: Around a face, twice as large, it is searched for at the size that the whole picture is searched at; then tilted.
AROUND = 2.0
NEAR = (Search((0.0,), 96, 0.3), Search(SEARCHES[1].tilts, 96, 0.3))


class FollowingHaar(Detector):
    """The cascade, quick enough for 25 pictures a second: of the searches of a single picture only the first.

    It remembers where faces were in the picture before, so there is one of it for every camera. A face comes into view
    upright and a sixth of the picture's height, and is followed from there however it tilts.
    """

    def __init__(self) -> None:
        self.known: tuple[Found, ...] = ()
        self.pictures = 0

    def find(self, image: Image) -> tuple[Found, ...]:
        """The faces."""
        grey = with_channels(image, 1)
        followed = list(followed_to(grey, self.known))
        lost = len(followed) < len(self.known)
        if lost or not followed or self.pictures % EVERY == 0:
            followed += map(Found, faces_by(SEARCHES[0], grey))
        self.pictures += 1
        self.known = from_left(different(followed))
        return self.known


def followed_to(grey: Image, known: tuple[Found, ...]) -> Iterator[Found]:
    """The faces that are near where they were."""
    for face in known:
        around = face.square.upright.scaled(AROUND)
        part = np.ascontiguousarray(around.cut(grey))
        found = next(filter(None, (faces_by(search, part) for search in NEAR)), None)
        if found:
            yield Found(moved(found[0], around, part))


def moved(frame: Frame, around: Frame, part: Image) -> Frame:
    """Where the whole picture has what a part of it shows."""
    height, width = part.shape
    x, y = around.point((frame.x + 0.5) / width, (frame.y + 0.5) / height)
    side = frame.width * around.width / width
    return Frame(x, y, side, side, frame.tilt)
