"""This file lays faces out on a contact sheet, a row for each expression and a column for each person."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.data.databases.drawn_faces.faces import draw_faces
from fer.data.databases.drawn_faces.scenes import Domain
from fer.records import EXPRESSIONS

ENLARGED = 3  # 48 pixels are a thumb's width on paper and less than that on a screen
MARGIN = 110  # pixels for the expressions' names


def contact_sheet(domain: Domain, *, seed: int, subjects: Sequence[int], size: int = 48) -> NDArray[np.uint8]:
    """One take of every expression of these people, enlarged and labelled, (H, W)."""
    rows = [row(domain, expression, seed=seed, subjects=subjects, size=size) for expression in range(len(EXPRESSIONS))]
    return np.concatenate(rows)


def row(domain: Domain, expression: int, *, seed: int, subjects: Sequence[int], size: int) -> NDArray[np.uint8]:
    """One expression on the faces of these people, with its name before them."""
    people = np.array(subjects)
    same = np.full(len(people), expression)
    faces = np.hstack(list(draw_faces(domain, seed=seed, subject=people, expression=same, take=0 * people, size=size)))
    enlarged = cv2.resize(faces, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
    label = np.full((len(enlarged), MARGIN), 255, np.uint8)
    cv2.putText(label, EXPRESSIONS[expression], (8, len(label) // 2 + 6), cv2.FONT_HERSHEY_SIMPLEX, 0.55, 0, 1, cv2.LINE_AA)
    return np.hstack([label, enlarged]).astype(np.uint8)
