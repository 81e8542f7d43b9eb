"""This file gives the fixed curves that every part of a face is built from, as tables of points."""

import math
from collections.abc import Sequence

import numpy as np

from fer.data.databases.drawn_faces.draws import Array

#: -1 at the image's left, 1 at its right: mirrors what is drawn at a distance from the middle of the face.
SIDE = np.array([-1.0, 1.0], np.float32)[:, None, None]


def along(values: Sequence[float]) -> Array:
    """These values along a curve, (1, points, 1)."""
    return np.array(values, np.float32)[None, :, None]


def steps(low: float, high: float, count: int) -> Array:
    """`count` evenly spaced values, both ends included, (1, count, 1)."""
    return along([low + (high - low) * i / (count - 1) for i in range(count)])


def turn(start: float, end: float, count: int) -> tuple[Array, Array]:
    """Cosine and sine at `count` evenly spaced angles in degrees, both ends included, each (1, count, 1)."""
    angles = [math.radians(start + (end - start) * i / (count - 1)) for i in range(count)]
    # Six digits, because the last one of a sine differs between machines.
    cosine, sine = (along([round(f(angle), 6) for angle in angles]) for f in (math.cos, math.sin))
    return cosine, sine


def points(x: Array, y: Array) -> Array:
    """Points (2, polygons, n, B), all x before all y, from coordinates that broadcast to (polygons, n, B)."""
    both = np.empty((2, *np.broadcast_shapes(x.shape, y.shape)), np.float32)
    both[0], both[1] = x, y
    return both


def ellipse(x: Array, y: Array, width: Array | float, height: Array | float) -> Array:
    """An ellipse of ten corners around (x, y) with these half axes."""
    return points(x + width * CIRCLE_X, y + height * CIRCLE_Y)


def dot(x: Array, y: Array, width: Array | float, height: Array | float) -> Array:
    """An ellipse of six corners, for what is only a few pixels wide or blurred."""
    return points(x + width * DOT_X, y + height * DOT_Y)


def band(upper: Array, lower: Array) -> Array:
    """The polygon between two curves that run the same way."""
    return np.concatenate([upper, lower[:, :, ::-1]], axis=2)


def lens(upper: Array, lower: Array) -> Array:
    """The polygon between two curves that begin in the same point, and end in the same point."""
    return band(upper, lower[:, :, 1:-1])


def crease(x: Array, y: Array, *, right: float = 0.0, down: float = 0.0) -> Array:
    """A line of the skin through these points, as a crescent: widest, by this much, in its middle."""
    t = steps(-1.0, 1.0, max(x.shape[1], y.shape[1]))
    wide = 1.0 - t * t
    return lens(points(x, y), points(x + right * wide, y + down * wide))


CIRCLE_X, CIRCLE_Y = turn(0, 324, 10)
DOT_X, DOT_Y = turn(0, 300, 6)
