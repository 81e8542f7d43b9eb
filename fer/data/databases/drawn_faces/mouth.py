"""This file shapes mouth, teeth and the skin around them, and what the action units do to them."""

import numpy as np

from fer.data.databases.drawn_faces.action_units import Actions, middle
from fer.data.databases.drawn_faces.curves import SIDE, along, band, crease, lens, points, steps, turn
from fer.data.databases.drawn_faces.draws import Array
from fer.data.databases.drawn_faces.features import wing
from fer.data.databases.drawn_faces.head import Shapes, chin_height
from fer.data.databases.drawn_faces.people import People

T, SINE = turn(180, 0, 7)  # from corner to corner, points closer together at the corners
FALL = 1.0 - T * T
ROUND = 0.5 * FALL + 0.5 * SINE  # an opening that is round at the corners
BOW = FALL * (1.0 + 0.22 * (1.0 - 12.0 * np.maximum(0.0, 0.29 - np.abs(T))))  # Cupid's bow


def corners(person: People, acted: Actions) -> tuple[Array, Array]:
    """Both corners: distance from the face's middle and height above the middle of the lips."""
    wide = 0.26 * acted[12] + 0.30 * acted[20] + 0.16 * acted[14]
    narrow = 0.22 * acted[26] * (1.0 - 0.7 * np.minimum(acted[20], 1.0)) + 0.10 * acted[23] + 0.06 * acted[15]
    up = 0.20 * acted[12] + 0.12 * acted[14] - 0.16 * acted[15] - 0.08 * acted[20] - 0.03 * acted[16]
    return person.mouth_width * (1.0 + wide - narrow), up


def across(side_values: Array) -> Array:
    """The value of each side at the points of the mouth, from the image's left corner to the right one."""
    return np.where(T < 0.0, side_values[:1], side_values[1:])


class Mouth:
    """The mouth from the image's left corner to the right one; heights grow downwards."""

    def __init__(self, person: People, acted: Actions) -> None:
        both = {unit: middle(acted, unit) for unit in acted}
        self.person, self.both = person, both
        width, up = corners(person, acted)
        self.x = T * across(width)
        # AU 12 also lowers the middle a little, so that the whole line curves.
        self.middle = person.mouth_y + 0.05 * both[12] - 0.04 * both[15] - 0.05 * both[9] + 0.09 * both[26] - across(up) * T * T
        self.raised, self.lowered = self.opening()
        # A dropped jaw opens an oval, stretched lips open almost a rectangle.
        opened = ROUND + (SINE - ROUND) * np.minimum(both[26] + both[20], 1.0)
        self.upper_edge = self.middle - self.raised * opened
        self.lower_edge = self.middle + self.lowered * opened

    def opening(self) -> tuple[Array, Array]:
        """How far the lips part above and below the line between the corners."""
        both = self.both
        smile = both[12] * self.person.smile_open
        raised = 0.17 * both[26] + 0.02 * smile + 0.05 * both[9] + 0.05 * both[20]
        lowered = 0.21 * both[26] + 0.15 * smile + 0.06 * both[16] + 0.04 * both[20]
        return raised, lowered

    def lips(self) -> tuple[Array, Array]:
        """The thickness of both lips: tight (AU 23) or stretched ones are thin."""
        thin = 1.0 - 0.62 * self.both[23] - 0.22 * self.both[12] - 0.25 * self.both[20] - 0.25 * self.both[26]
        thin = np.maximum(thin, 0.3)
        return self.person.upper_lip * thin, self.person.lower_lip * thin * (1.0 + 0.2 * self.both[16] + 0.15 * self.both[15])

    def shapes(self) -> Shapes:
        """Lips, the dark between them, and teeth, to be drawn in this order."""
        upper, lower = self.lips()
        top = points(self.x, self.upper_edge - upper * BOW)
        bottom = points(self.x, self.lower_edge + lower * (0.6 * FALL + 0.4 * ROUND))
        over, under = points(self.x, self.upper_edge), points(self.x, self.lower_edge + 0.012)
        gap = self.lower_edge - self.upper_edge
        teeth, lower_teeth = np.minimum(0.11 * ROUND, 0.85 * gap), np.minimum(0.07 * ROUND, 0.6 * gap)
        inside = 0.86 * self.x
        return {
            "upper_lip": lens(top, over),
            "lower_lip": lens(over, bottom),
            "mouth": band(points(self.x, self.upper_edge - 0.012), under),
            "teeth": lens(points(inside, self.upper_edge), points(inside, self.upper_edge + teeth)),
            "lower_teeth": lens(points(inside, self.lower_edge - lower_teeth), points(inside, self.lower_edge)),
            "moustache": band(points(1.1 * self.x, top[1] - 0.07 * FALL - 0.03), points(1.1 * self.x, top[1] + 0.02)),
        }


def folds(person: People, acted: Actions) -> Shapes:
    """The lines from nose to mouth, and those below the mouth's corners."""
    wing_x, wing_y = wing(person, acted)
    corner_x, up = corners(person, acted)
    corner_y = person.mouth_y - up
    t = steps(0.0, 1.0, 5)
    bulge = (0.10 + 0.07 * acted[12]) * 4.0 * t * (1.0 - t)
    fold_x = wing_x + 0.04 + (corner_x + 0.09 - wing_x - 0.04) * t + bulge
    fold_y = wing_y - 0.06 + (corner_y + 0.02 - wing_y + 0.06) * t
    down_x, down_y = along([0.02, 0.07, 0.09]), along([0.0, 0.08, 0.17])
    dimples = crease(SIDE * (corner_x + 0.07 + 0.05 * FALL[:, ::2]), corner_y + 0.13 * T[:, ::2], right=0.04)
    return {
        "nasolabial": crease(SIDE * fold_x, fold_y, down=0.05),
        "marionette": crease(SIDE * (corner_x + down_x), corner_y + down_y, right=0.035),
        "dimple_left": dimples[:, :1],
        "dimple_right": dimples[:, 1:],
    }


def chin_boss(person: People, acted: Actions) -> Array:
    """The shadow between lower lip and chin."""
    mouth = person.mouth_y + person.lower_lip + 0.32 * middle(acted, 26)
    y = mouth + 0.38 * (chin_height(person, acted) - mouth)
    t = steps(-1.0, 1.0, 5)
    return lens(points(0.22 * t, y - 0.035 * (1 - t * t)), points(0.22 * t, y + 0.035 * (1 - t * t)))
