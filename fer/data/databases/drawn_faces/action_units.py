"""This file turns expressions into intensities of FACS action units, as each person shows them."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fer.data.databases.drawn_faces.draws import Array, Draws
from fer.records import EXPRESSIONS

#: The action units of each expression (Ekman and Friesen, Facial Action Coding System, 1978; the EMFACS combinations).
PROTOTYPES: Mapping[str, Sequence[int]] = {
    "anger": (4, 5, 7, 23),
    "disgust": (9, 15, 16),
    "fear": (1, 2, 4, 5, 20, 26),
    "happiness": (6, 12),
    "sadness": (1, 4, 15),
    "surprise": (1, 2, 5, 26),
    "neutral": (),
    "contempt": (14,),
}

#: 1 inner brow raiser, 2 outer brow raiser, 4 brow lowerer, 5 upper lid raiser, 6 cheek raiser, 7 lid tightener, 9 nose
#: wrinkler, 12 lip corner puller, 14 dimpler, 15 lip corner depressor, 16 lower lip depressor, 20 lip stretcher, 23 lip
#: tightener, 26 jaw drop.
ACTION_UNITS = (1, 2, 4, 5, 6, 7, 9, 12, 14, 15, 16, 20, 23, 26)

#: What some faces show at rest, at most: a lowered brow or a drooping mouth is not yet an expression.
RESTING: Mapping[int, float] = {1: 0.12, 2: 0.12, 4: 0.22, 5: 0.15, 7: 0.2, 12: 0.16, 15: 0.2, 23: 0.2}

MISSING = 0.05  # how often a person leaves out a unit of the prototype
STRAY = 0.10  # how often a unit outside the prototype shows, and how strongly at most
STRAY_INTENSITY = 0.35

#: Intensity of each action unit, 0 absent to about 1 extreme (FACS E), (2, 1, B): image left, image right.
Actions = Mapping[int, Array]


def prototype(action_unit: int) -> Array:
    """Whether each expression, in canonical order, has the action unit."""
    return np.array([action_unit in PROTOTYPES[expression] for expression in EXPRESSIONS], np.float32)


def habits(draws: Draws) -> tuple[Actions, Actions]:
    """How strongly each person uses each action unit, and what the face shows at rest, each (1, 1, B)."""
    gains = {unit: draws.between(0.65, 1.25) for unit in ACTION_UNITS}
    # A square keeps most faces near relaxed.
    resting = {unit: RESTING.get(unit, 0.0) * np.square(draws.uniform()) for unit in ACTION_UNITS}
    return gains, resting


def actions(
    expression: NDArray[np.int64], gains: Actions, resting: Actions, *, draws: Draws, intensity: tuple[float, float]
) -> Actions:
    """The action units of one take of each expression (indices into EXPRESSIONS), with intensity and jitter of its own."""
    strength = draws.between(*intensity)
    one_sided = one_side(draws)
    shown: dict[int, Array] = {}
    for unit in ACTION_UNITS:
        wanted = prototype(unit)[expression][None, None]
        meant = wanted * (1.0 - draws.chance(MISSING)) * strength * gains[unit] * draws.between(0.85, 1.15)
        stray = (1.0 - wanted) * draws.chance(STRAY) * draws.between(0.0, STRAY_INTENSITY)
        lopsided = draws.sides(0.85, 1.15)
        # The dimpler is contempt on one side; on both it would be a smirk of amusement.
        sided = one_sided if unit == 14 else 1.0
        shown[unit] = np.minimum((meant + stray) * lopsided * sided + resting[unit], 1.2)
    return shown


def middle(acted: Actions, unit: int) -> Array:
    """What both sides do on average, (1, 1, B), for what lies in the middle of the face."""
    sides = acted[unit]
    average: Array = 0.5 * (sides[:1] + sides[1:])
    return average


def one_side(draws: Draws) -> Array:
    """1 on one side of each face and 0 on the other, (2, 1, B)."""
    left = draws.chance(0.5)
    return np.concatenate([left, 1.0 - left])
