"""This file makes people up: a geometry, skin and hair of their own, in which nothing knows of expressions.

Lengths are in half face widths, x to the image's right and y down, from a point between the eyes and the nose's bridge.
"""

from dataclasses import dataclass

import numpy as np

from fer.data.databases.drawn_faces.draws import Array, Draws

#: Hair styles: how far it stands off the skull, half width and lower end of the hair behind the head, height of the
#: hairline at the middle and at the temples, and how far it is swept to one side.
HAIR_STYLES = np.array(
    [
        # stands  width   end    middle  temples  swept
        [0.02, 0.90, -0.10, -1.10, -0.15, 0.00],  # receding
        [0.04, 0.90, -0.20, -0.92, -0.30, 0.00],  # cropped
        [0.10, 0.98, 0.00, -0.86, -0.20, 0.16],  # parted at one side
        [0.16, 1.02, 0.00, -0.98, -0.30, 0.10],  # combed back
        [0.09, 1.08, 0.75, -0.66, -0.05, 0.00],  # bob with a fringe
        [0.09, 1.12, 1.70, -0.92, 0.25, 0.12],  # long
        [0.30, 1.28, 0.35, -0.90, -0.25, 0.00],  # a round head of curls
    ],
    np.float32,
)


@dataclass(frozen=True)
class People:
    """What makes each person of a batch look like nobody else; every field is (1, 1, B)."""

    half_width: Array
    skull: Array
    chin: Array
    jaw: Array
    eye_x: Array
    eye_y: Array
    eye_width: Array
    upper_lid: Array
    lower_lid: Array
    eye_slant: Array
    iris: Array
    brow_y: Array
    brow_inner: Array
    brow_length: Array
    brow_arch: Array
    brow_slant: Array
    brow_thickness: Array
    nose_y: Array
    nose_width: Array
    mouth_y: Array
    mouth_width: Array
    upper_lip: Array
    lower_lip: Array
    smile_open: Array
    age: Array
    skin: Array
    lip_tone: Array
    eye_tone: Array
    hair_tone: Array
    hair_stands: Array
    hair_width: Array
    hair_end: Array
    hairline: Array
    temples: Array
    swept: Array
    stubble: Array
    glasses: Array
    moustache: Array


def people(draws: Draws) -> People:
    """One person for each key of `draws`."""
    stands, width, end, middle, temples, swept = HAIR_STYLES[draws.pick(len(HAIR_STYLES))].T[:, None, None]
    skin = draws.between(108.0, 205.0)
    chin = draws.about(1.14, 0.12)
    nose_y = draws.about(0.40, 0.09)
    bearded = draws.chance(0.18)
    return People(
        half_width=draws.about(0.92, 0.10),
        skull=draws.about(1.20, 0.07),
        chin=chin,
        jaw=draws.about(-0.04, 0.16),
        eye_x=draws.about(0.40, 0.06),
        eye_y=draws.about(-0.08, 0.05),
        eye_width=draws.about(0.215, 0.035),
        upper_lid=draws.about(0.105, 0.03),
        lower_lid=draws.about(0.068, 0.02),
        eye_slant=draws.about(0.02, 0.035),
        iris=draws.about(0.105, 0.012),
        brow_y=draws.about(-0.40, 0.06),
        brow_inner=draws.about(0.15, 0.05),
        brow_length=draws.about(0.50, 0.07),
        brow_arch=draws.about(0.06, 0.05),
        brow_slant=draws.about(0.0, 0.06),
        brow_thickness=draws.about(0.095, 0.045),
        nose_y=nose_y,
        nose_width=draws.about(0.185, 0.05),
        mouth_y=nose_y + (chin - nose_y) * draws.about(0.42, 0.06),
        mouth_width=draws.about(0.36, 0.07),
        upper_lip=draws.about(0.075, 0.035),
        lower_lip=draws.about(0.095, 0.035),
        smile_open=draws.between(0.15, 1.1),
        age=draws.between(0.5, 1.25),
        skin=skin,
        lip_tone=draws.between(0.62, 0.80),
        eye_tone=draws.between(30.0, 110.0),
        hair_tone=hair_tone(draws, skin),
        hair_stands=stands * draws.between(0.7, 1.3),
        hair_width=width * draws.about(1.0, 0.06),
        hair_end=end + draws.about(0.0, 0.15),
        hairline=middle + draws.about(0.0, 0.07),
        temples=temples + draws.about(0.0, 0.10),
        swept=swept * (1.0 - 2.0 * draws.chance(0.5)) * draws.between(0.6, 1.4),
        stubble=1.0 - bearded * draws.between(0.18, 0.40),
        glasses=draws.chance(0.12),
        moustache=bearded * draws.chance(0.5),
    )


def hair_tone(draws: Draws, skin: Array) -> Array:
    """Mostly dark; fair or grey hair in a fifth of the people, then lighter than their skin."""
    dark = draws.between(0.12, 0.48) * skin
    fair = np.minimum(skin * draws.between(1.08, 1.25), 225.0)
    is_fair = draws.chance(0.2)
    return dark + is_fair * (fair - dark)
