"""This file defines FaceBox, where a face is in a photograph, and cuts it out."""

from dataclasses import dataclass

from fer.data.database import Image
from fer.errors import ConfigError

#: No photograph reaches further, in pixels: both sides of a JPEG are counted in 16 bits.
FURTHEST = 65_535


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A rectangle in pixels of the photograph; `right` and `bottom` are the first pixels outside of it."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def checked(cls, left: int, top: int, right: int, bottom: int) -> "FaceBox":
        """The box; ValueError where an edge of it is further away than any photograph reaches."""
        for edge in (left, top, right, bottom):
            if abs(edge) > FURTHEST:
                raise ValueError(f"{str(edge)[:20]} is beyond the edges of every photograph")
        return cls(left, top, right, bottom)

    def widened(self, margin: float) -> "FaceBox":
        """The box with the share `margin` of its width and height added on each side, not beyond the left and upper edge."""
        across, down = round(margin * (self.right - self.left)), round(margin * (self.bottom - self.top))
        return FaceBox(max(self.left - across, 0), max(self.top - down, 0), self.right + across, self.bottom + down)

    def cut(self, photograph: Image) -> Image:
        """The part of the photograph in the box, clipped to its edges; empty where they do not meet."""
        return photograph[max(self.top, 0) : max(self.bottom, 0), max(self.left, 0) : max(self.right, 0)]


def require_margin(key: str, margin: float) -> float:
    """The margin itself, if it is no less than 0 and no more than 2."""
    if not 0 <= margin <= 2:
        raise ConfigError(f"{key}: found {margin!r}, expected a share of the face box from 0 to 2")
    return float(margin)
