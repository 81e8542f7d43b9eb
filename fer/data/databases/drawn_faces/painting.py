"""This file paints faces: which shape in which tone, in order, onto a canvas of twice the image's size."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.data.databases.drawn_faces.pose import SUBPIXEL_BITS, Pixels

Canvas = NDArray[np.uint8]

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
    """Paints one image of a batch, from shapes in sixteenths of a pixel of a canvas this many pixels wide."""

    def __init__(self, shapes: Pixels, tones: Tones, *, image: int, canvas: int) -> None:
        self.shapes, self.tones, self.image, self.canvas = shapes, tones, image, canvas

    def paint(self) -> Canvas:
        """The picture, (canvas, canvas)."""
        picture = self.fill(self.blank("background"), BEHIND)
        face = self.fill(self.skin(), FEATURES)
        # Through a mask, so that nothing an expression moves is ever seen outside the head.
        head = np.zeros_like(picture)
        cv2.fillPoly(head, self.shapes["head"][self.image], 255, cv2.LINE_8, SUBPIXEL_BITS)
        cv2.copyTo(face, head, picture)
        return self.fill(picture, IN_FRONT)

    def skin(self) -> Canvas:
        """The skin, beyond the head's edge too: rounded by light and shade, and with its lines; half the size suffices."""
        soft = self.fill(self.blank("rim", reduction=2), SKIN, bits=HALF_SIZE_BITS, edge=cv2.LINE_8)
        lines = self.fill(np.zeros_like(soft), LINES, bits=HALF_SIZE_BITS)
        reach = 2 * round(len(soft) / 16) + 1
        cv2.blur(soft, (reach, reach), dst=soft)
        return np.asarray(cv2.pyrUp(cv2.subtract(soft, lines)), np.uint8)

    def blank(self, tone: str, *, reduction: int = 1) -> Canvas:
        """A canvas in one tone."""
        side = self.canvas // reduction
        return np.full((side, side), self.tones[tone][self.image], np.uint8)

    def fill(self, canvas: Canvas, paints: Sequence[Paint], *, bits: int = SUBPIXEL_BITS, edge: int = cv2.LINE_AA) -> Canvas:
        """The canvas with these paints on it, in order."""
        shapes, tones, image = self.shapes, self.tones, self.image
        for name, tone, only in paints:
            if only is None or tones[only][image]:
                cv2.fillPoly(canvas, shapes[name][image], tones[tone][image], edge, bits)
        return canvas
