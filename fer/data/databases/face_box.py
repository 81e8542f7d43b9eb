"""This file defines FaceBox, where a face is in a photograph, and cuts it out."""

from dataclasses import dataclass

from fer.data.database import Image
from fer.errors import ConfigError


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A rectangle in pixels of the photograph; `right` and `bottom` are the first pixels outside of it."""

    left: int
    top: int
    right: int
    bottom: int

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
