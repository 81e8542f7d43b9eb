"""This file draws what a spatial transformer looks at, over mean faces, so that nobody in the data is shown."""

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.models.backbone import Picture

SIDE = 288  # pixels of each of the two squares
MARGIN = 36  # around the face on the left, in which outlines that leave it are seen
GAP = 12
OUTLINES = 60  # faces whose outlines are drawn; more only cover the picture
COLOUR, MEAN_COLOUR = (70, 130, 230), (230, 60, 40)
FRACTION = 4  # bits of a pixel that outlines are placed by


def draw_looks(faces: NDArray[np.float32], seen: NDArray[np.float32], looks: NDArray[np.float32], *, what: str) -> Picture:
    """Two squares: the mean of faces (N, S, S) in [0, 1] with the outlines of maps (N, 2, 3), and the mean of `seen`."""
    left, right = framed(square(faces.mean(0), SIDE - 2 * MARGIN)), square(seen.mean(0), SIDE)
    corners = outlines(looks)
    for outline in corners[np.linspace(0, len(corners) - 1, min(OUTLINES, len(corners))).astype(int)]:
        draw(left, outline, COLOUR, 1)
    draw(left, corners.mean(0), MEAN_COLOUR, 2)
    gap = np.full((SIDE, GAP, 3), 255, np.uint8)
    turn, zoom, shift = (values.std() for values in described(looks))
    caption = (
        f"Where the spatial transformer looks, {len(faces):,} training faces. Left: the mean face, the outline that the "
        f"network is given of {min(OUTLINES, len(corners))} of them (blue) and on average (red). Right: the mean of the faces "
        f"so warped{'' if what == 'input' else '; the network warps its feature maps alike'}. Over faces, rotation varies by "
        f"{turn:.1f}°, size by {100 * zoom:.1f} % and place by {100 * shift:.1f} % of the face (standard deviations)."
    )
    return Picture("transformer", caption, np.hstack([left, gap, right]))


def framed(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image with a white margin."""
    return np.pad(image, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), constant_values=255)


def square(face: NDArray[np.float32], side: int) -> NDArray[np.uint8]:
    """A grey face (S, S) in [0, 1] as a large coloured image."""
    levels = (np.clip(face, 0, 1) * 255).astype(np.uint8)
    return np.repeat(cv2.resize(levels, (side, side), interpolation=cv2.INTER_CUBIC)[..., None], 3, axis=2)


def outlines(looks: NDArray[np.float32]) -> NDArray[np.float32]:
    """The corners (N, 4, 2) that each map looks at, in pixels of the square with its margin."""
    corners = np.array([[-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]], np.float32)
    places: NDArray[np.float32] = np.einsum("nij,kj->nki", looks, corners)
    return np.float32(MARGIN) + (places + 1) * np.float32(SIDE / 2 - MARGIN)


def draw(image: NDArray[np.uint8], outline: NDArray[np.float32], colour: tuple[int, int, int], width: int) -> None:
    """Draw one outline (4, 2) into the image."""
    points = np.round(outline * 2**FRACTION).astype(np.int32)
    cv2.polylines(image, [points], True, colour, width, cv2.LINE_AA, FRACTION)


def described(looks: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Rotation in degrees, size relative to the face and the distance from its centre, (N,) each, of affine maps."""
    turn = np.degrees(np.arctan2(looks[:, 1, 0] - looks[:, 0, 1], looks[:, 0, 0] + looks[:, 1, 1]))
    zoom = np.sqrt(np.abs(np.linalg.det(looks[:, :, :2])))
    return turn, zoom, np.linalg.norm(looks[:, :, 2], axis=1) / 2
