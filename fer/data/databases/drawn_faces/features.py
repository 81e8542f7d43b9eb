"""This file shapes brows, eyes and nose, and what the action units do to them.

Curves run from the middle of the face outwards, t = 0 … 1 or -1 … 1; both sides are drawn at once and mirrored.
"""

import numpy as np

from fer.data.databases.drawn_faces.action_units import Actions
from fer.data.databases.drawn_faces.curves import (
    CIRCLE_X,
    CIRCLE_Y,
    DOT_X,
    DOT_Y,
    SIDE,
    along,
    band,
    crease,
    dot,
    lens,
    points,
    steps,
)
from fer.data.databases.drawn_faces.draws import Array
from fer.data.databases.drawn_faces.head import Shapes
from fer.data.databases.drawn_faces.people import People
from fer.data.databases.drawn_faces.scenes import Scenes


def brow_line(person: People, acted: Actions, t: Array) -> tuple[Array, Array]:
    """The middle of each brow at t = 0 (inner end) … 1 (outer end): distance from the face's middle, and height."""
    inner, outer = acted[1] * (1.0 - t) * (1.0 - 0.5 * t), acted[2] * t * (1.6 - 0.6 * t)
    lowered = acted[4] * (0.19 - 0.10 * t) * (1.0 - 0.6 * np.minimum(acted[1], 1.0)) + 0.11 * acted[9] * (1.0 - 0.7 * t)
    x = person.brow_inner + person.brow_length * t - 0.08 * acted[4] * (1.0 - t)
    arch = person.brow_arch * 4.0 * t * (1.0 - t) * (1.0 - 0.7 * acted[4])
    return x, person.brow_y - arch - person.brow_slant * (t - 0.5) - 0.25 * inner - 0.20 * outer + lowered


def brows(person: People, acted: Actions) -> Array:
    """Both brows, thinner towards the temples."""
    t = steps(0.0, 1.0, 5)
    x, y = brow_line(person, acted, t)
    half = 0.5 * person.brow_thickness * (1.0 - 0.65 * t * t) * (0.7 + 1.2 * np.minimum(t, 0.25))
    return band(points(SIDE * x, y - half), points(SIDE * x, y + half))


class Eyes:
    """Both eyes between their lids; t = -1 is the inner corner and 1 the outer one."""

    def __init__(self, person: People, acted: Actions, scene: Scenes) -> None:
        raised, cheek, tight = acted[5], acted[6], acted[7]
        upper = 1.0 + 0.75 * raised - 0.40 * tight - 0.30 * cheek - 0.30 * acted[9] - 0.15 * acted[4] - 0.15 * acted[15]
        lower = 1.0 + 0.35 * raised - 0.85 * tight - 1.35 * cheek - 0.80 * acted[9]
        self.person, self.scene = person, scene
        self.lower = person.lower_lid * lower
        # Nobody's eyes close quite: the iris stays in sight.
        self.upper = np.maximum(person.upper_lid * upper, 0.035 - self.lower)
        # Sad eyes droop at the outer corner.
        self.slant = person.eye_slant - 0.03 * np.minimum(acted[1], acted[15])

    def lid(self, t: Array, height: Array) -> Array:
        """How high the edge of a lid is whose middle is `height` above the corners."""
        return self.person.eye_y - self.slant * t - height * (1.0 - t * t) * (1.0 - 0.15 * t)

    def line(self, height: Array, *, above: float = 0.0) -> Array:
        """The edge of a lid from corner to corner, or a line parallel to it."""
        t = steps(-1.0, 1.0, 5)
        return points(SIDE * (self.person.eye_x + self.person.eye_width * t), self.lid(t, height) - above)

    def disc(self, x: Array, y: Array) -> Array:
        """A disc around where the eye looks that the lids cover where they are lower or higher."""
        width = self.person.eye_width
        t = np.clip((SIDE * self.scene.gaze + x) / width, -1.0, 1.0)
        y = self.person.eye_y - 0.02 + y
        seen = np.minimum(np.maximum(y, self.lid(t, self.upper)), self.lid(t, -self.lower))
        return points(SIDE * (self.person.eye_x + width * t), seen)

    def highlights(self) -> Array:
        """The lamp in both eyes, at the image's left of each pupil whichever side the eye is on."""
        x = SIDE * self.person.eye_x + self.scene.gaze - 0.035
        return dot(x, self.person.eye_y - 0.045 + 0.0 * self.upper, 0.028, np.minimum(0.028, 0.4 * self.upper))

    def shapes(self) -> Shapes:
        """The white, iris, pupil, highlight and the lashes' shadow, to be drawn in this order."""
        upper, lower = self.line(self.upper), self.line(-self.lower)
        return {
            "eye_whites": lens(upper, lower),
            "irises": self.disc(self.person.iris * CIRCLE_X, self.person.iris * CIRCLE_Y),
            "pupils": self.disc(0.5 * self.person.iris * DOT_X, 0.5 * self.person.iris * DOT_Y),
            "highlights": self.highlights(),
            "lashes": band(self.line(self.upper, above=0.045), self.line(self.upper, above=-0.012)),
            "lid_creases": band(self.line(self.upper, above=0.11), self.line(self.upper, above=0.075)),
        }


def wing(person: People, acted: Actions) -> tuple[Array, Array]:
    """Where the nostril's wing is widest: AU 9 pulls it up."""
    smiling = 0.10 * acted[12]
    return person.nose_width * (1.0 + smiling + 0.15 * acted[9]), person.nose_y - 0.05 - 0.09 * acted[9]


def nose(person: People, acted: Actions) -> Shapes:
    """Nostrils, wings, the shadow beside the bridge and the light on it."""
    width, height = wing(person, acted)
    top, tip, middle = person.eye_y, person.nose_y, 0.0 * person.nose_y
    wing_x = width * along([0.62, 0.95, 1.0, 0.72, 0.40])
    wing_y = height + along([-0.12, -0.06, 0.02, 0.07, 0.055])
    ridge_x = 0.055 * along([-0.7, 0.7, 1.3, -1.3])
    bridge_x = along([0.10, 0.17, 0.16, 0.08])
    bridge_y = along([-0.22, -0.12, 0.0, 0.0])
    return {
        "nostrils": dot(SIDE * 0.48 * width, height + 0.045, 0.30 * width, 0.030),
        "wings": crease(SIDE * wing_x, wing_y, right=0.02, down=0.02),
        "ridge": points(ridge_x, np.concatenate([middle - 0.15] * 2 + [tip - 0.08] * 2, axis=1)),
        "bridge": points(SIDE * bridge_x, bridge_y + np.concatenate([top] * 2 + [tip] * 2, axis=1)),
    }
