"""This file gives the fixed curves that every part of a face is built from, as tables of points."""

import math

import numpy as np

from fer.data.databases.drawn_faces.draws import Array

#: -1 at the image's left, 1 at its right: mirrors what is drawn at a distance from the middle of the face.
SIDE = np.array([-1.0, 1.0])[None, :, None]


def steps(low: float, high: float, count: int) -> Array:
    """`count` evenly spaced values, both ends included, (1, 1, count)."""
    return np.array([low + (high - low) * i / (count - 1) for i in range(count)])[None, None]


def turn(start: float, end: float, count: int) -> tuple[Array, Array]:
    """Cosine and sine at `count` evenly spaced angles in degrees, both ends included, each (1, 1, count)."""
    angles = [math.radians(start + (end - start) * i / (count - 1)) for i in range(count)]
    # Six digits, because the last one of a sine differs between machines.
    cosine, sine = ([round(f(angle), 6) for angle in angles] for f in (math.cos, math.sin))
    return np.array(cosine)[None, None], np.array(sine)[None, None]


def points(x: Array, y: Array) -> Array:
    """Points (2, B, polygons, n), all x before all y, from coordinates that broadcast to (B, polygons, n)."""
    both = np.empty((2, *np.broadcast_shapes(x.shape, y.shape)))
    both[0], both[1] = x, y
    return both


def ellipse(x: Array, y: Array, width: Array | float, height: Array | float) -> Array:
    """An ellipse of twelve corners around (x, y) with these half axes."""
    return points(x + width * CIRCLE_X, y + height * CIRCLE_Y)


def dot(x: Array, y: Array, width: Array | float, height: Array | float) -> Array:
    """An ellipse of eight corners, for what is only a few pixels wide."""
    return points(x + width * DOT_X, y + height * DOT_Y)


def band(upper: Array, lower: Array) -> Array:
    """The polygon between two curves that run the same way."""
    return np.concatenate([upper, lower[..., ::-1]], axis=-1)


def crease(x: Array, y: Array, *, right: float = 0.0, down: float = 0.0) -> Array:
    """A line of the skin through these points, as a crescent: widest, by this much, in its middle."""
    t = steps(-1.0, 1.0, max(x.shape[2], y.shape[2]))
    wide = 1.0 - t * t
    return band(points(x, y), points(x + right * wide, y + down * wide))


CIRCLE_X, CIRCLE_Y = turn(0, 330, 12)
DOT_X, DOT_Y = turn(0, 315, 8)
