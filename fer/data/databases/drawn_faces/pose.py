"""This file places faces before the camera: turned, nodded, rolled, zoomed and shifted, into fixed-point pixels."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fer.data.databases.drawn_faces.draws import Array
from fer.data.databases.drawn_faces.head import Shapes
from fer.data.databases.drawn_faces.scenes import Scenes

#: Polygons by name in sixteenths of a canvas pixel, each (B, polygons, points, 2) int32.
Pixels = Mapping[str, NDArray[np.int32]]

SUBPIXEL_BITS = 4
FRAME = 1.32  # half the width of the image, in half face widths: the crop of the usual databases
DEPTH = 0.60  # how far the middle of the face stands out, in half face widths


def photographed(features: Shapes, silhouette: Shapes, still: Shapes, *, scene: Scenes, canvas: int) -> Pixels:
    """Features move with the whole pose, the silhouette not with turns of the head, still things not at all."""
    posed = framed(np.concatenate([turned(joined(features), scene), joined(silhouette)], axis=1), scene)
    points = pixels(np.concatenate([posed, joined(still)], axis=1), canvas)
    return parted(points, {**features, **silhouette, **still})


def joined(shapes: Shapes) -> Array:
    """All points of all shapes, (2, points, B), because one operation on them is faster than one a shape."""
    return np.concatenate([shape.reshape(2, -1, shape.shape[3]) for shape in shapes.values()], axis=1)


def parted(points: NDArray[np.int32], like: Shapes) -> Pixels:
    """Points (B, points, 2) as the shapes that were joined, which are only asked for their sizes."""
    ends = np.cumsum([shape.shape[1] * shape.shape[2] for shape in like.values()])[:-1]
    parts = np.split(points, ends, axis=1)
    return {name: part.reshape(-1, *shape.shape[1:3], 2) for (name, shape), part in zip(like.items(), parts, strict=True)}


def turned(points: Array, scene: Scenes) -> Array:
    """Points of a face that is part of an ellipsoid, after the head turned (yaw) and nodded (pitch)."""
    (cos_yaw, sin_yaw), (cos_pitch, sin_pitch) = cosine_and_sine(scene.yaw), cosine_and_sine(scene.pitch)
    x, y = points
    depth = DEPTH * np.sqrt(np.maximum(0.0, 1.0 - 0.7 * x * x - 0.45 * y * y))
    return np.stack([x * cos_yaw + depth * sin_yaw, y * cos_pitch + depth * sin_pitch])


def framed(points: Array, scene: Scenes) -> Array:
    """Points after the head rolled, zoomed and shifted."""
    cosine, sine = cosine_and_sine(scene.roll)
    zoom, right, down = (value[0] for value in (scene.zoom, scene.shift_x, scene.shift_y))
    x, y = points
    return np.stack([x * (zoom * cosine) - y * (zoom * sine) + right, x * (zoom * sine) + y * (zoom * cosine) + down])


def cosine_and_sine(half_tangent: Array) -> tuple[Array, Array]:
    """Of the angle whose half has this tangent, each (1, B); fractions of it, so the same on every machine."""
    tangent = half_tangent[0]
    square = tangent * tangent
    return (1.0 - square) / (1.0 + square), 2.0 * tangent / (1.0 + square)


def pixels(points: Array, canvas: int) -> NDArray[np.int32]:
    """Points in sixteenths of a pixel of a canvas, whose upper left corner is (0, 0), as OpenCV wants them: (B, points, 2)."""
    scale = canvas * (1 << SUBPIXEL_BITS) / (2.0 * FRAME)
    half_a_pixel = 0.5 * (1 << SUBPIXEL_BITS)  # whole coordinates are the middles of pixels
    fixed = np.empty((points.shape[2], points.shape[1], 2), np.int32)
    for axis in (0, 1):
        fixed[..., axis] = np.rint(points[axis] * scale + (FRAME * scale - half_a_pixel)).T
    return fixed
