"""This file runs the cascade detectors that come with OpenCV, each loaded once."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2

from fer.data.database import Image
from fer.errors import ConfigError


@dataclass(frozen=True, slots=True, order=True)
class Detection:
    """A square that a cascade takes for what it looks for: how often it did nearby, then where, in pixels."""

    votes: int
    left: int
    top: int
    side: int


def detect(grey: Image, name: str, *, step: float, votes: int, smallest: float, largest: float) -> list[Detection]:
    """What the cascade `name` finds in a grey image; the same list for any number of threads.

    It looks at sizes from `smallest` to `largest` pixels, each `step` times the one before, and keeps what it takes for
    a hit at least `votes` + 1 times at almost the same place.
    """
    sides = ((int(smallest),) * 2, (int(largest),) * 2)
    boxes, counts = cascade(name).detectMultiScale2(
        grey, scaleFactor=step, minNeighbors=votes, minSize=sides[0], maxSize=sides[1]
    )
    found = zip(boxes, counts, strict=True)
    # Threads report in any order.
    return sorted(Detection(int(count), int(left), int(top), int(side)) for (left, top, side, _), count in found)


@cache
def cascade(name: str) -> cv2.CascadeClassifier:
    """The cascade from haarcascade_NAME.xml of OpenCV's own folder."""
    folder = Path(getattr(getattr(cv2, "data", None), "haarcascades", "."))
    path = folder / f"haarcascade_{name}.xml"
    if not path.is_file() or not hasattr(cv2, "CascadeClassifier"):
        raise ConfigError(
            f"preprocess: found no {path.name} in OpenCV {cv2.__version__}, which detects faces and eyes. "
            "Install 'opencv-python-headless<5', or set preprocess=none."
        )
    return cv2.CascadeClassifier(str(path))
