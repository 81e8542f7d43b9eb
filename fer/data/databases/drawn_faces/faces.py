"""This file draws a batch of faces, from who, what and which take to pixels."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fer.data.databases.drawn_faces.accessories import lit, still, worn
from fer.data.databases.drawn_faces.action_units import Actions, actions, habits
from fer.data.databases.drawn_faces.camera import exposed, reduced
from fer.data.databases.drawn_faces.draws import Draws, keys
from fer.data.databases.drawn_faces.features import Eyes, brows, nose
from fer.data.databases.drawn_faces.head import Shapes, beard, hairline, head
from fer.data.databases.drawn_faces.mouth import Mouth, chin_boss, folds
from fer.data.databases.drawn_faces.painting import OVERSAMPLING, Painter
from fer.data.databases.drawn_faces.people import People, people
from fer.data.databases.drawn_faces.pose import Pixels, photographed
from fer.data.databases.drawn_faces.scenes import Domain, Scenes, same_session, scenes
from fer.data.databases.drawn_faces.tones import tones
from fer.data.databases.drawn_faces.wrinkles import bulges, depths, wrinkles

PART = 64  # images painted at a time, so that their canvases stay in a core's cache
Indices = NDArray[np.int64]

PERSON, HABITS, SESSION, ACTION, SCENE, NOISE = range(6)  # streams of random numbers that know nothing of each other


def draw_faces(
    domain: Domain, *, seed: int, subject: Indices, expression: Indices, take: Indices, size: int
) -> NDArray[np.uint8]:
    """The images of these takes, (B, size, size); each depends on its own numbers only, not on the others of the batch.

    `expression` indexes EXPRESSIONS. It makes the scene of a take another one, as any other number would, but the scene
    is drawn from the same distribution for all expressions.
    """
    person = people(Draws(keys([PERSON, seed, subject])))
    gains, resting = habits(Draws(keys([HABITS, seed, subject])))
    moment: list[ArrayLike] = [seed, subject, expression, take]
    acted = actions(expression, gains, resting, draws=Draws(keys([ACTION, *moment])), intensity=domain.intensity)
    session = scenes(domain, Draws(keys([SESSION, seed, subject])))
    scene = same_session(session, scenes(domain, Draws(keys([SCENE, *moment]))), domain.alike)
    return exposed(painted(person, acted, scene, size), scene, keys([NOISE, *moment]))


def painted(person: People, acted: Actions, scene: Scenes, size: int) -> NDArray[np.uint8]:
    """The faces before light and noise, (B, size, size)."""
    canvas, reduction = OVERSAMPLING * size, scene.reduction
    mouth = Mouth(person, acted)
    shapes = placed(person, acted, mouth, scene, canvas)
    grey = tones(person, scene, mouth, depths(person, acted))
    images = np.empty((len(reduction), size, size), np.uint8)
    for start in range(0, len(images), PART):
        part = slice(start, start + PART)
        painter = Painter({k: v[part] for k, v in shapes.items()}, {k: v[part] for k, v in grey.items()}, canvas=canvas)
        images[part] = reduced(painter.paint(), reduction[part], size)
    return images


def placed(person: People, acted: Actions, mouth: Mouth, scene: Scenes, canvas: int) -> Pixels:
    """Every shape of the pictures where the camera sees it."""
    features = {**mouth.shapes(), **face(person, acted, scene)}
    silhouette = {**head(person, acted), **lit(person, scene)}
    seen = photographed(features, silhouette, still(scene), scene=scene, canvas=canvas)
    return {**seen, "hair": np.concatenate([seen["crown"], seen["hairline"]], axis=2)}


def face(person: People, acted: Actions, scene: Scenes) -> Shapes:
    """Everything that lies on the face and turns with it."""
    return {
        "hairline": hairline(person),
        "beard": beard(person, acted),
        "brows": brows(person, acted),
        "chin_boss": chin_boss(person, acted),
        **Eyes(person, acted, scene).shapes(),
        **nose(person, acted),
        **folds(person, acted),
        **wrinkles(person, acted),
        **bulges(person, acted),
        **worn(person),
    }
