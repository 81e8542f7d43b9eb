"""This file draws a relevance map over its face, and puts pictures into their own addresses."""

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

#: The most that a pixel of the face is covered.
OPACITY = 0.8


def overlay(face: NDArray[np.uint8], relevance: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The face (S, S) or (S, S, 3) under what speaks for its label, (S, S, 3) RGB: the more, the brighter and the less clear.

    Colours are those of viridis, in which equal steps look equal; what speaks against the label is left clear.
    """
    speaks = relevance.clip(0, 1)
    colours = cv2.cvtColor(cv2.applyColorMap(np.rint(255 * speaks).astype(np.uint8), cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB)
    beneath = face if face.ndim == 3 else np.repeat(face[:, :, None], 3, axis=2)
    covered = OPACITY * speaks[:, :, None]
    return np.asarray(np.rint((1 - covered) * beneath + covered * colours), np.uint8)


def scale() -> NDArray[np.uint8]:
    """The colours from no relevance to the most, over an even grey, (1, 128, 3)."""
    return overlay(np.full((1, 128), 128, np.uint8), np.linspace(0, 1, 128, dtype=np.float32)[None])


def address(image: NDArray[np.uint8]) -> str:
    """An image as a PNG within its own address."""
    written, stored = cv2.imencode(".png", image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    assert written, "every array of bytes fits into a PNG"
    return f"data:image/png;base64,{base64.b64encode(stored.tobytes()).decode()}"
