"""This file cuts tilted rectangles out of images, each in one interpolation."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.data.database import Image


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle around the point (x, y) of an image; in pixels, of which whole coordinates are the middles.

    `tilt` is how far it is turned clockwise as seen in the image, in degrees: that of a head that leans to the image's
    right is positive.
    """

    x: float
    y: float
    width: float
    height: float
    tilt: float = 0.0

    @classmethod
    def of(cls, image: Image) -> "Frame":
        """The whole image."""
        height, width = image.shape[:2]
        return cls((width - 1) / 2, (height - 1) / 2, width, height)

    @property
    def upright(self) -> "Frame":
        """The same rectangle around the same point, not tilted."""
        return replace(self, tilt=0.0)

    def scaled(self, factor: float) -> "Frame":
        """The rectangle that many times as wide and high, around the same point."""
        return replace(self, width=factor * self.width, height=factor * self.height)

    def turned(self, tilt: float, *, around: tuple[float, float]) -> "Frame":
        """The rectangle turned by `tilt` degrees around a point of the image that keeps its place within it."""
        across, down = rotated(self.x - around[0], self.y - around[1], tilt)
        return replace(self, x=around[0] + across, y=around[1] + down, tilt=self.tilt + tilt)

    def point(self, across: float, down: float) -> tuple[float, float]:
        """The image's coordinates of a point that lies at these shares of width and height."""
        right, below = rotated((across - 0.5) * self.width, (down - 0.5) * self.height, self.tilt)
        return self.x + right, self.y + below

    def cut(self, image: Image) -> Image:
        """What the frame shows, turned upright; beyond the image's edges they are continued."""
        width, height = max(1, round(self.width)), max(1, round(self.height))
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        mapping = self.mapping(width, height)
        seen = cv2.warpAffine(image, mapping, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(seen, np.uint8)

    def mapping(self, width: int, height: int) -> NDArray[np.float64]:
        """From pixels of a cut of this size to pixels of the image, (2, 3)."""
        right, down = rotated(1.0, 0.0, self.tilt), rotated(0.0, 1.0, self.tilt)
        linear = np.array([right, down]).T
        offset = np.array([self.x, self.y]) - linear @ np.array([(width - 1) / 2, (height - 1) / 2])
        return np.column_stack([linear, offset])


def rotated(x: float, y: float, degrees: float) -> tuple[float, float]:
    """A vector turned clockwise as seen in an image, whose y points down."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return x * cosine - y * sine, x * sine + y * cosine
