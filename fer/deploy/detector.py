"""This file defines Detector, the contract of what finds the faces in a picture."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol

from fer.data.database import Image
from fer.data.preprocessing.eye_finder import Eyes
from fer.data.preprocessing.frame import Frame
from fer.errors import ConfigError

#: The detector that needs nothing but what is installed.
DEFAULT = "haar"

#: Of two faces whose squares share more than this of the smaller one, one is left.
SAME = 0.5


@dataclass(frozen=True, slots=True)
class Found:
    """A face in a picture: the square from brows to chin that networks are trained on, in pixels of the picture.

    `confidence` is the detector's own, in [0, 1], and None where it has none; `eyes` are None where it does not look for them.
    """

    square: Frame
    confidence: float | None = None
    eyes: Eyes | None = None


class Detector(ABC):
    """Finds every face; the same ones in the same order on every call."""

    @abstractmethod
    def find(self, image: Image) -> tuple[Found, ...]:
        """The faces in a picture (H, W) or (H, W, 3) RGB uint8 from left to right; squares may reach beyond its edges."""

    def before_camera(self) -> "Detector":
        """What finds the faces before one camera, 25 pictures a second; a detector that knows no quicker way is used itself."""
        return self


class MakesDetector(Protocol):
    """What a detector's file calls DETECTOR: its class, or a function that makes one."""

    def __call__(self, weights: Path | None, *, expected: str | None = None) -> Detector:
        """The detector; `weights` is its model file and `expected` the SHA-256 that this must have."""


def detector_names() -> list[str]:
    """The names of the detectors."""
    return sorted(path.stem for path in (Path(__file__).parent / "detectors").glob("[a-z]*.py"))


def detector_named(name: str, weights: str | None = None) -> Detector:
    """The detector of this name; `weights` is the path of its model file, with `:sha256=…` behind it if the user has one.

    Raises ConfigError where there is no such detector, and WeightsError where its file is missing, or another one.
    """
    if name not in detector_names():
        raise ConfigError(f"--detector: found {name!r}, expected {' or '.join(detector_names())}")
    make: MakesDetector = import_module(f"fer.deploy.detectors.{name}").DETECTOR
    if weights is None:
        return make(None)
    path, _, digest = weights.partition(":sha256=")
    return make(Path(path), expected=digest.lower() or None)


def different(found: Iterable[Found]) -> list[Found]:
    """The faces without those that an earlier one stands for already."""
    kept: list[Found] = []
    for face in found:
        if all(overlap(face.square, other.square) <= SAME for other in kept):
            kept.append(face)
    return kept


def from_left(found: Iterable[Found]) -> tuple[Found, ...]:
    """The faces in the order in which a reader meets them: by the left edge, then by the upper one."""
    return tuple(sorted(found, key=lambda face: (face.square.x - face.square.width / 2, face.square.y)))


def overlap(one: Frame, other: Frame) -> float:
    """The area that two rectangles share, over that of the smaller one; both are taken as upright."""
    across = shared(one.x, one.width, other.x, other.width)
    down = shared(one.y, one.height, other.y, other.height)
    return across * down / min(one.width * one.height, other.width * other.height)


def shared(one: float, length: float, other: float, other_length: float) -> float:
    """How much of a line two pieces of it have in common, each given by its middle and its length."""
    end = min(one + length / 2, other + other_length / 2)
    return max(0.0, end - max(one - length / 2, other - other_length / 2))
