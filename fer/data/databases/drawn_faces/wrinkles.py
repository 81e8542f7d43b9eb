"""This file shapes the lines and bulges that action units leave in the skin, and says how deep they are."""

from collections.abc import Mapping

import numpy as np

from fer.data.databases.drawn_faces.action_units import Actions, middle
from fer.data.databases.drawn_faces.curves import SIDE, crease, dot, steps
from fer.data.databases.drawn_faces.draws import Array
from fer.data.databases.drawn_faces.features import brow_line
from fer.data.databases.drawn_faces.head import Shapes
from fer.data.databases.drawn_faces.people import People

LINE = 0.035  # the width of a line, in half face widths


def wrinkles(person: People, acted: Actions) -> Shapes:
    """Lines of the forehead, between the brows, on the nose, beside and below the eyes."""
    t = steps(0.0, 1.0, 4)
    outer_x, outer_y = person.eye_x + person.eye_width, person.eye_y - 0.01
    nose_root = crease(SIDE * (0.03 + 0.13 * t), person.eye_y + 0.09 + 0.09 * t, down=LINE)
    nose_bridge = crease(SIDE * (0.04 + 0.11 * t), person.eye_y + 0.20 + 0.05 * t, down=LINE)
    upper_foot = crease(SIDE * (outer_x + 0.05 + 0.13 * t), outer_y - 0.02 - 0.07 * t, down=LINE)
    lower_foot = crease(SIDE * (outer_x + 0.05 + 0.13 * t), outer_y + 0.04 + 0.06 * t, down=LINE)
    return {
        "forehead": forehead(person, acted),
        "frown": crease(SIDE * (0.05 + 0.02 * t), person.brow_y + 0.10 * acted[4] - 0.06 + 0.17 * t, right=LINE),
        "nose_wrinkles": np.concatenate([nose_root, nose_bridge], axis=1),
        "crows_feet": np.concatenate([upper_foot, lower_foot], axis=1),
        "eye_bags": crease(SIDE * (person.eye_x + 0.20 * (2.0 * t - 1.0)), person.eye_y + 0.15 + 0.22 * t * (1.0 - t), down=LINE),
    }


def forehead(person: People, acted: Actions) -> Array:
    """One line above each brow that follows it."""
    t = steps(0.0, 1.0, 5)
    x, y = brow_line(person, acted, t)
    return crease(SIDE * (x * 0.95 - 0.06), 0.6 * y + 0.4 * person.brow_y - 0.17, down=LINE)


def bulges(person: People, acted: Actions) -> Shapes:
    """Soft light and shade on the skin: eye sockets and cheeks."""
    cheek_y = person.nose_y - 0.02 - 0.10 * acted[6] - 0.05 * acted[12]
    return {
        "sockets": dot(SIDE * person.eye_x * 0.97, person.eye_y - 0.06 + 0.0 * acted[4], 0.27, 0.16),
        "cheeks": dot(SIDE * (0.52 * person.half_width + 0.04), cheek_y, 0.20 + 0.04 * acted[12], 0.15 + 0.03 * acted[6]),
    }


def depths(person: People, acted: Actions) -> Mapping[str, Array]:
    """How deep each line is, as a share of the skin's brightness, (1, 1, B); lines are deeper in older faces."""
    both = {unit: middle(acted, unit) for unit in acted}
    deep = {
        "forehead": 0.20 * np.maximum(both[1], both[2]) * (1.0 - 0.5 * both[4]),
        "frown": 0.40 * both[4],
        "nose_wrinkles": 0.40 * both[9],
        "crows_feet": 0.24 * both[6],
        "eye_bags": 0.05 + 0.22 * both[6] + 0.10 * both[7],
        "nasolabial": 0.07 + 0.26 * both[12] + 0.20 * both[9] + 0.05 * both[15],
        "marionette": 0.18 * both[15],
        "chin_boss": 0.08 + 0.12 * both[15] + 0.10 * both[23] + 0.06 * both[16],
    }
    deep |= {"dimple_left": 0.5 * acted[14][:1], "dimple_right": 0.5 * acted[14][1:]}
    return {line: np.minimum(person.age * depth, 0.5) for line, depth in deep.items()}
