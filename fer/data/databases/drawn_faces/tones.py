"""This file mixes the grey levels of every paint, before light and camera."""

from collections.abc import Mapping, Sequence

import numpy as np

from fer.data.databases.drawn_faces.draws import Array
from fer.data.databases.drawn_faces.mouth import Mouth
from fer.data.databases.drawn_faces.people import People
from fer.data.databases.drawn_faces.scenes import HIDDEN_BY, Scenes

#: Shades of the skin, as shares of the person's own tone.
SKIN_SHADES = {
    "neck": 0.70,
    "ears": 0.84,
    "rim": 0.80,
    "lit": 1.05,
    "sockets": 0.86,
    "cheeks": 1.12,
    "bridge": 0.84,
    "ridge": 1.16,
    "nostrils": 0.42,
    "lashes": 0.22,
}
LID_CREASE, WING = 0.20, 0.26  # depths of lines that every face has
INSIDE_MOUTH = 0.22


def tones(person: People, scene: Scenes, mouth: Mouth, depths: Mapping[str, Array]) -> Mapping[str, Sequence[int]]:
    """The grey level of each paint by name, one for each image; 0 says that an image goes without."""
    mixed = {name: share * person.skin for name, share in SKIN_SHADES.items()}
    mixed |= {line: depth * person.skin for line, depth in depths.items()}
    mixed |= {"lid_creases": LID_CREASE * person.skin, "wings": WING * person.skin}
    mixed["chin_boss"] = (1.0 - depths["chin_boss"]) * person.skin
    mixed |= hair_tones(person) | eye_tones(person) | mouth_tones(person, mouth) | scene_tones(scene)
    return {name: np.rint(tone).clip(0, 255).astype(int).ravel().tolist() for name, tone in mixed.items()}


def hair_tones(person: People) -> dict[str, Array]:
    """Hair, brows a little darker than fair hair, and what grows on a chin."""
    return {
        "hair": person.hair_tone,
        "shine": np.minimum(1.12 * person.hair_tone + 14.0, 250.0),
        "brows": np.minimum(0.85 * person.hair_tone, 0.62 * person.skin),
        "beard": person.stubble * person.skin,
        "bearded": 255.0 * (person.stubble < 1.0),
        "moustache": 255.0 * person.moustache,
    }


def eye_tones(person: People) -> dict[str, Array]:
    """The eye and the frame before it."""
    white = 0.35 * person.skin + 155.0
    return {
        "eye_whites": white,
        "irises": np.minimum(person.eye_tone, 0.5 * white),
        "pupils": 0.0 * white + 12.0,
        "highlights": 0.0 * white + 250.0,
        "glasses": 0.40 * person.skin * person.glasses,
    }


def mouth_tones(person: People, mouth: Mouth) -> dict[str, Array]:
    """Lips and what opens between them; teeth show as far as the lips part, and go where they do not."""
    gap = np.max(mouth.lower_edge - mouth.upper_edge, axis=1, keepdims=True)
    inside, teeth = INSIDE_MOUTH * person.skin, 0.3 * person.skin + 165.0
    shown = np.clip((gap - 0.03) / 0.08, 0.0, 1.0)
    upper = shown * np.clip(2.2 * (mouth.both[12] + mouth.both[20] + 0.2 * mouth.both[26] + 0.8 * mouth.both[9]), 0.0, 1.0)
    lower = shown * np.clip(1.6 * (mouth.both[16] + 0.25 * mouth.both[20]), 0.0, 1.0)
    return {
        "upper_lip": 0.88 * person.lip_tone * person.skin,
        "lower_lip": np.minimum(1.06 * person.lip_tone, 0.9) * person.skin,
        "mouth": inside,
        "teeth": np.where(upper > 0.0, inside + upper * (teeth - inside), 0.0),
        "lower_teeth": np.where(lower > 0.0, inside + lower * (0.92 * teeth - inside), 0.0),
    }


def scene_tones(scene: Scenes) -> dict[str, Array]:
    """What is behind, below and before the face."""
    hidden_by = {thing: (scene.hidden_by == i).astype(np.float32)[None, None] for i, thing in enumerate(HIDDEN_BY)}
    return {
        "background": scene.background,
        "mask": 0.0 * scene.background + 255.0,
        "clutter_left": scene.background + scene.clutter[:1],
        "clutter_right": scene.background + scene.clutter[1:],
        "clutter": 255.0 * np.abs(scene.clutter).max(axis=0, keepdims=True),
        "clothes": scene.clothes,
        "sunglasses": 28.0 * hidden_by["sunglasses"],
        "lock": 255.0 * hidden_by["lock"],
        "held": scene.held_tone * hidden_by["held"],
    }
