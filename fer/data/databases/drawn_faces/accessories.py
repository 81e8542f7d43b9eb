"""This file shapes what stands behind a face and what hides a part of it, none of which moves with an expression."""

import numpy as np

from fer.data.databases.drawn_faces.curves import SIDE, band, ellipse, points, steps
from fer.data.databases.drawn_faces.head import Shapes
from fer.data.databases.drawn_faces.people import People
from fer.data.databases.drawn_faces.scenes import Scenes


def worn(person: People) -> Shapes:
    """Glasses, sunglasses and a lock of hair that hangs over one eye: they turn with the head."""
    eye_y = person.eye_y + 0.01
    t = steps(-1.0, 1.0, 7)
    fall = person.hairline + (person.nose_y - person.hairline) * 0.5 * (t + 1.0)
    x = SIDE * person.eye_x
    lean = 0.45 - 0.25 * t * t
    return {
        "glasses": np.concatenate([ellipse(x, eye_y, 0.31, 0.25), ellipse(x, eye_y, 0.28, 0.22)], axis=1),
        "sunglasses": ellipse(1.02 * x, eye_y, 0.36, 0.27),
        "lock": band(points(lean - 0.10 * (1.0 - t), fall), points(lean + 0.10 * (1.0 - t) + 0.05, fall)),
    }


def still(scene: Scenes) -> Shapes:
    """Things in the background, and one held before the face; they stay where they are when the head moves."""
    left, right = (ellipse(scene.clutter_x[i : i + 1], scene.clutter_y[i : i + 1], 0.8, 0.6) for i in (0, 1))
    return {
        "clutter_left": left[:, :, ::3],
        "clutter_right": right[:, :, ::2],
        "held": ellipse(scene.held_x, scene.held_y, scene.held_size, 0.8 * scene.held_size),
    }


def lit(person: People, scene: Scenes) -> Shapes:
    """The part of the face that the light falls on, nearer to the lamp than the middle."""
    x = 0.35 * scene.light_x + 0.0 * person.chin
    y = 0.04 + 0.35 * scene.light_y + 0.0 * person.chin
    return {"lit": ellipse(x, y, 0.76 * person.half_width, 0.84 * np.minimum(person.chin, person.skull))}
