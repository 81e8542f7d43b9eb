"""This file defines the domains a face can be seen in, and draws the scene of each take: pose, light, camera, what hides it.

A scene is drawn without knowing the expression, so that nothing but the face can tell it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from fer.data.databases.drawn_faces.draws import Array, Draws


@dataclass(frozen=True)
class Domain:
    """The ranges that the scenes of a domain are drawn from; angles in degrees, lengths in half face widths."""

    intensity: tuple[float, float]  # of the expression, 1 is extreme
    alike: float  # 0 each take of a person is a scene of its own, 1 all are one session in one chair
    roll: float
    yaw: float
    pitch: float
    zoom: tuple[float, float]
    shift: float
    gaze: float
    light: float  # how much brighter one edge of the image is than its middle, at most
    exposure: tuple[float, float]
    contrast: tuple[float, float]
    background: tuple[float, float]
    clutter: float  # contrast of the things behind the face, in grey levels
    hidden: float  # share of faces behind sunglasses, a lock of hair or a thing held before them
    reduced: tuple[float, float]  # shares of images of two thirds and of half the resolution
    noise: tuple[float, float]  # standard deviation in grey levels


DOMAINS: Mapping[str, Domain] = {
    "lab": Domain(
        intensity=(0.5, 1.0), alike=0.75, roll=10, yaw=12, pitch=10, zoom=(0.9, 1.12), shift=0.14, gaze=0.03, light=0.3,
        exposure=(0.88, 1.2), contrast=(0.88, 1.1), background=(90, 190), clutter=0, hidden=0,
        reduced=(0, 0), noise=(1, 4),
    ),
    "webcam": Domain(
        intensity=(0.35, 0.9), alike=0.5, roll=9, yaw=14, pitch=12, zoom=(0.9, 1.15), shift=0.10, gaze=0.04, light=0.40,
        exposure=(0.55, 0.9), contrast=(0.75, 1.0), background=(40, 140), clutter=25, hidden=0.02,
        reduced=(0.4, 0.08), noise=(3, 8),
    ),
    "wild": Domain(
        intensity=(0.35, 1.0), alike=0.2, roll=20, yaw=28, pitch=14, zoom=(0.85, 1.18), shift=0.14, gaze=0.06, light=0.45,
        exposure=(0.65, 1.25), contrast=(0.65, 1.1), background=(20, 235), clutter=60, hidden=0.2,
        reduced=(0.3, 0.12), noise=(2, 10),
    ),
}  # fmt: skip

HIDDEN_BY = ("sunglasses", "lock", "held")
REDUCTIONS = (2, 3, 4)  # canvas pixels a side for one pixel: full, two thirds and half resolution


@dataclass(frozen=True)
class Scenes:
    """All about the takes of a batch that is not the person or the expression; fields are (1, 1, B) where not said."""

    roll: Array  # angles as the tangent of their half, from which cosine and sine are fractions
    yaw: Array
    pitch: Array
    zoom: Array
    shift_x: Array
    shift_y: Array
    gaze: Array
    light_x: Array
    light_y: Array
    exposure: Array
    contrast: Array
    background: Array
    clutter: Array  # grey levels above the background, (2, 1, B)
    clutter_x: Array
    clutter_y: Array
    clothes: Array
    hidden_by: NDArray[np.int64]  # index into HIDDEN_BY, len(HIDDEN_BY) for nothing, (B,)
    held_x: Array
    held_y: Array
    held_size: Array
    held_tone: Array
    reduction: NDArray[np.int64]  # (B,)
    noise: Array


CONTINUOUS = tuple(field.name for field in fields(Scenes) if field.name not in ("hidden_by", "reduction"))


def scenes(domain: Domain, draws: Draws) -> Scenes:
    """One scene for each key of `draws`."""
    hidden = draws.uniform()[0, 0] < domain.hidden
    return Scenes(
        roll=draws.about(0.0, half_tangent(domain.roll)),
        yaw=draws.about(0.0, half_tangent(domain.yaw)),
        pitch=draws.about(0.0, half_tangent(domain.pitch)),
        zoom=draws.between(*domain.zoom),
        shift_x=draws.between(-domain.shift, domain.shift),
        shift_y=draws.between(-domain.shift, domain.shift),
        gaze=draws.between(-domain.gaze, domain.gaze),
        light_x=draws.between(-domain.light, domain.light),
        light_y=draws.between(-domain.light, 0.5 * domain.light),  # lamps hang above more often than not
        exposure=draws.between(*domain.exposure),
        contrast=draws.between(*domain.contrast),
        background=draws.between(*domain.background),
        clutter=draws.sides(-domain.clutter, domain.clutter),
        clutter_x=draws.sides(-1.4, 1.4),
        clutter_y=draws.sides(-1.4, 1.4),
        clothes=draws.between(30.0, 220.0),
        hidden_by=np.where(hidden, draws.pick(len(HIDDEN_BY)), len(HIDDEN_BY)),
        held_x=draws.between(-0.9, 0.9),
        held_y=draws.between(0.2, 1.2),
        held_size=draws.between(0.35, 0.6),
        held_tone=draws.between(40.0, 220.0),
        reduction=reductions(domain, draws.uniform()[0, 0]),
        noise=draws.between(*domain.noise),
    )


def same_session(session: Scenes, take: Scenes, alike: float) -> Scenes:
    """The scenes of takes that are, to this share, what they are in the whole session; the rest is each take's own."""
    blended = {name: getattr(take, name) + alike * (getattr(session, name) - getattr(take, name)) for name in CONTINUOUS}
    return replace(take, **blended)


def reductions(domain: Domain, chance: NDArray[np.float32]) -> NDArray[np.int64]:
    """How many canvas pixels a side make one pixel of each image, (B,)."""
    half, two_thirds = domain.reduced[1], domain.reduced[0]
    return np.where(chance < half, REDUCTIONS[2], np.where(chance < half + two_thirds, REDUCTIONS[1], REDUCTIONS[0]))


def half_tangent(degrees: float) -> float:
    """The tangent of half the angle, to six digits so that it is the same on every machine."""
    return round(math.tan(math.radians(degrees) / 2), 6)
