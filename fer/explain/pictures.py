"""This file draws a relevance map over its face, and puts pictures into their own addresses."""

import base64
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

#: The most that a pixel of the face is covered.
OPACITY = 0.8

#: The part of a face's side that is left clear around it.
MARGIN = 24


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


def side_by_side(pairs: Sequence[tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> NDArray[np.uint8]:
    """Faces in a row, and below each what is laid over it, (H, W, 4) RGBA, clear in between."""
    columns = [np.concatenate([framed(face), framed(over)]) for face, over in pairs]
    return np.concatenate(columns, axis=1)


def framed(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image (S, S) or (S, S, 3) as RGBA with a clear margin."""
    colour = image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)
    opaque = np.concatenate([colour, np.full((*colour.shape[:2], 1), 255, np.uint8)], axis=2)
    margin = max(1, len(image) // MARGIN)
    return np.pad(opaque, ((margin, margin), (margin, margin), (0, 0)))


def png(image: NDArray[np.uint8]) -> bytes:
    """An image as the bytes of a PNG: (H, W), (H, W, 3) RGB or (H, W, 4) RGBA."""
    swapped = {2: image, 3: image[..., ::-1] if image.shape[-1] == 3 else image[..., [2, 1, 0, 3]]}[image.ndim]
    written, stored = cv2.imencode(".png", np.ascontiguousarray(swapped))
    assert written, "every array of bytes fits into a PNG"
    return stored.tobytes()


def address(image: NDArray[np.uint8]) -> str:
    """An image as a PNG within its own address."""
    return f"data:image/png;base64,{base64.b64encode(png(image)).decode()}"
