"""This file shapes what frames a face: head, jaw, ears, neck, shoulders and hair."""

from collections.abc import Mapping

import numpy as np

from fer.data.databases.drawn_faces.action_units import Actions, middle
from fer.data.databases.drawn_faces.curves import SIDE, along, crease, ellipse, points, steps, turn
from fer.data.databases.drawn_faces.draws import Array
from fer.data.databases.drawn_faces.people import People

#: Polygons by name, each (2, polygons, points, B).
Shapes = Mapping[str, Array]

JAW_DROP = 0.20  # how far AU 26 lowers the chin


def chin_height(person: People, acted: Actions) -> Array:
    """Where the chin is: the only part of the head's outline that an expression moves."""
    return person.chin + JAW_DROP * middle(acted, 26)


def head(person: People, acted: Actions) -> Shapes:
    """The silhouette, which stays in the plane of the image when the head turns."""
    zero = 0.0 * person.chin
    return {
        "shoulders": points(along([-2.2, -1.5, -0.5, 0.5, 1.5, 2.2]), shoulder_line(person)),
        "neck": points(person.half_width * along([-0.55, 0.55, 0.62, -0.62]), zero + NECK_Y),
        "hair_behind": hair_behind(person),
        "ears": ellipse(SIDE * (person.half_width + 0.01), zero + 0.08, 0.10, 0.21),
        "head": points(*outline(person, acted)),
        "crown": crown(person),
        "shine": shine(person),
    }


NECK_Y = along([0.6, 0.6, 1.9, 1.9])


def shoulder_line(person: People) -> Array:
    """From the image's left to its right edge and far below it at both ends."""
    below_chin: Array = along([2.5, 0.5, 0.28, 0.28, 0.5, 2.5])
    return person.chin + below_chin


def outline(person: People, acted: Actions) -> tuple[Array, Array]:
    """The head: half an ellipse above, below it a jaw that tapers (`jaw` < 0) or is square (> 0)."""
    (cosine, sine), (jaw_cosine, jaw_sine) = turn(180, 360, 11), turn(0, 180, 13)
    jaw_x = person.half_width * jaw_cosine * (1.0 + person.jaw * jaw_sine * (1.6 - jaw_sine))
    x = np.concatenate([person.half_width * cosine, jaw_x[:, 1:-1]], axis=1)
    y = np.concatenate([person.skull * sine, (chin_height(person, acted) * jaw_sine)[:, 1:-1]], axis=1)
    return x, y


def hair_behind(person: People) -> Array:
    """Hair that hangs or stands behind the head, from one lower end over the crown to the other."""
    cosine, sine = turn(180, 360, 11)
    x, y = person.hair_width * cosine, (person.skull + person.hair_stands) * sine
    hem = np.concatenate([0.92 * x[:, -1:], 0.92 * x[:, :1]], axis=1)
    end = person.hair_end + 0.0 * hem
    return points(np.concatenate([x, hem], axis=1), np.concatenate([y, end], axis=1))


def crown(person: People) -> Array:
    """The outer edge of the hair on top, from the image's left temple to the right one."""
    cosine, sine = turn(180, 360, 11)
    stands = 1.0 + 0.6 * person.hair_stands
    y = np.minimum((person.skull + person.hair_stands) * sine, person.temples)
    y[:, [0, -1]] = person.temples
    return points(person.half_width * stands * cosine, y)


def shine(person: People) -> Array:
    """The light on the hair."""
    cosine, sine = turn(225, 280, 5)
    stands = 0.5 * person.hair_stands
    return crease((person.half_width - 0.06) * cosine, (person.skull + stands - 0.06) * sine, right=0.02, down=0.09)


def hairline(person: People) -> Array:
    """The lower edge of the hair on the forehead, from the image's right temple back to the left one."""
    t = steps(1.0, -1.0, 9)
    square = t * t
    y = person.hairline + (person.temples - person.hairline) * square * square + person.swept * t * (1.0 - square)
    return points(0.985 * person.half_width * t, y)


def beard(person: People, acted: Actions) -> Array:
    """The part of the face where a beard grows: the outline from ear to ear, and back below the cheek bones."""
    cosine, sine = turn(5, 175, 13)
    low = points(1.05 * person.half_width * cosine, 1.05 * chin_height(person, acted) * sine)
    t = steps(-1.0, 1.0, 7)
    return np.concatenate([low, points(person.half_width * t, person.nose_y + 0.22 - 0.3 * t * t)], axis=2)
