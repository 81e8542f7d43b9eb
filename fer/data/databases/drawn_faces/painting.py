"""This file paints faces: which shape in which tone, in order, onto a canvas of twice the image's size."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.data.databases.drawn_faces.pose import SUBPIXEL_BITS, Pixels

Scalar = TypeVar("Scalar", bound=np.generic)

#: (B, H, W).
Canvases = NDArray[np.uint8]

#: Grey level of each paint for each image of a batch.
Tones = Mapping[str, Sequence[int]]

OVERSAMPLING = 2
HALF_SIZE_BITS = SUBPIXEL_BITS + 1  # the same coordinates on a canvas of half the size


class Paint(NamedTuple):
    """Shapes of one name in one tone; `only` names a tone that is 0 where an image goes without."""

    shape: str
    tone: str
    only: str | None = None


BEHIND = (
    Paint("clutter_left", "clutter_left", "clutter"),
    Paint("clutter_right", "clutter_right", "clutter"),
    Paint("ears", "ears"),
    Paint("hair_behind", "hair"),
    Paint("neck", "neck"),
    Paint("shoulders", "clothes"),
)
HEAD = (Paint("head", "mask"),)
#: Painted at half size and blurred.
SKIN = (
    Paint("lit", "lit"),
    Paint("beard", "beard", "bearded"),
    Paint("sockets", "sockets"),
    Paint("cheeks", "cheeks"),
    Paint("bridge", "bridge"),
    Paint("ridge", "ridge"),
    Paint("chin_boss", "chin_boss"),
)
#: Subtracted from the skin.
LINES = (
    Paint("forehead", "forehead", "forehead"),
    Paint("frown", "frown", "frown"),
    Paint("nose_wrinkles", "nose_wrinkles", "nose_wrinkles"),
    Paint("crows_feet", "crows_feet", "crows_feet"),
    Paint("eye_bags", "eye_bags"),
    Paint("lid_creases", "lid_creases"),
    Paint("wings", "wings"),
    Paint("nasolabial", "nasolabial"),
    Paint("marionette", "marionette", "marionette"),
    Paint("dimple_left", "dimple_left", "dimple_left"),
    Paint("dimple_right", "dimple_right", "dimple_right"),
)
FEATURES = (
    Paint("nostrils", "nostrils"),
    Paint("eye_whites", "eye_whites"),
    Paint("irises", "irises"),
    Paint("pupils", "pupils"),
    Paint("highlights", "highlights"),
    Paint("lashes", "lashes"),
    Paint("brows", "brows"),
    Paint("upper_lip", "upper_lip"),
    Paint("lower_lip", "lower_lip"),
    Paint("mouth", "mouth"),
    Paint("lower_teeth", "lower_teeth", "lower_teeth"),
    Paint("teeth", "teeth", "teeth"),
    Paint("moustache", "hair", "moustache"),
)
IN_FRONT = (
    Paint("hair", "hair"),
    Paint("shine", "shine"),
    Paint("glasses", "glasses", "glasses"),
    Paint("sunglasses", "sunglasses", "sunglasses"),
    Paint("lock", "hair", "lock"),
    Paint("held", "held", "held"),
)


class Painter:
    """Paints images from shapes in sixteenths of a pixel of a canvas this many pixels wide.

    Paint after paint, and all canvases at once where whole ones are worked on, which is faster than image after image.
    """

    def __init__(self, shapes: Pixels, tones: Tones, *, canvas: int) -> None:
        self.shapes, self.tones, self.canvas = shapes, tones, canvas

    def paint(self) -> Canvases:
        """The pictures, (B, canvas, canvas)."""
        pictures = self.fill(self.blank("background", self.canvas), BEHIND)
        faces = self.fill(self.skin(), FEATURES)
        # Through a mask, so that nothing an expression moves is ever seen outside the head.
        heads = self.fill(np.zeros_like(pictures), HEAD, edge=cv2.LINE_8)
        cv2.copyTo(stacked(faces), stacked(heads), stacked(pictures))
        return self.fill(pictures, IN_FRONT)

    def skin(self) -> Canvases:
        """The skin, beyond the head's edge too: rounded by light and shade, and with its lines; half the size suffices."""
        half = self.canvas // 2
        reach = round(half / 16)
        margin = reach + 1
        soft = self.fill(self.blank("rim", half), SKIN, bits=HALF_SIZE_BITS, edge=cv2.LINE_8)
        lines = self.fill(np.zeros_like(soft), LINES, bits=HALF_SIZE_BITS)
        blurred = cv2.blur(stacked(mirrored(soft, margin)), (2 * reach + 1, 2 * reach + 1))
        skin = np.asarray(cv2.pyrUp(cv2.subtract(blurred, stacked(mirrored(lines, margin)))), np.uint8)
        return skin.reshape(len(soft), -1, self.canvas)[:, 2 * margin : -2 * margin]

    def blank(self, tone: str, side: int) -> Canvases:
        """Canvases in one tone each."""
        greys = np.array(self.tones[tone], np.uint8)
        return np.tile(greys[:, None, None], (side, side))

    def fill(
        self, canvases: Canvases, paints: Sequence[Paint], *, bits: int = SUBPIXEL_BITS, edge: int = cv2.LINE_AA
    ) -> Canvases:
        """The canvases with these paints on them, in order."""
        views = list(canvases)
        for name, tone, only in paints:
            shapes, greys = self.shapes[name], self.tones[tone]
            for i in self.wearing(only):
                cv2.fillPoly(views[i], shapes[i], greys[i], edge, bits)
        return canvases

    def wearing(self, only: str | None) -> Sequence[int]:
        """The images that do not go without."""
        count = len(self.shapes["head"])
        return range(count) if only is None else [i for i in range(count) if self.tones[only][i]]


def stacked(canvases: NDArray[Scalar]) -> NDArray[Scalar]:
    """The canvases as one tall one, because one operation on it is faster than one on each."""
    return canvases.reshape(-1, canvases.shape[2])


def mirrored(canvases: Canvases, margin: int) -> Canvases:
    """The canvases with a mirrored margin above and below, so that stacked ones do not blur into each other."""
    rows = np.pad(np.arange(canvases.shape[1]), margin, "reflect")
    return canvases[:, rows]
