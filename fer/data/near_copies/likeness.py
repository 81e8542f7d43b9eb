"""This file judges whether two thumbnails show the same photograph, by how well the details of one explain those of the other.

Details are what is left without the coarse light and shade, which different people under the same lamp share. One step of
Lucas & Kanade (1981) explains an image by another one that is brightened, moved and scaled a little: to first order, an
image moved by (u, v) and scaled by 1 + k is the image plus u ∂x + v ∂y + k (x ∂x + y ∂y), so that a linear regression
finds all of these at once. It is done at 24×24 to bring the images into register, and at 48×48 to compare them.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from fer.data.near_copies.perceptual_hash import SIZE, halved

PLAUSIBLE = 0.70  # at 24×24; of FER2013's pairs with close hashes one in eight passes
COARSE, FINE = 3.0, 4.0  # the deviation of the Gaussian that takes light and shade away, in pixels of 24 and of 48
FAINT = 1.0  # squared grey levels: an image with less variance in its details is too flat to tell whose copy it is

Pixels = NDArray[np.float32]
Images = NDArray[np.uint8]


def likeness(one: Images, other: Images) -> Pixels:
    """How alike the details of two images are, the smaller of both directions: (n, 48, 48) uint8 twice to (n,) from 0 to 1.

    0 where they are too different at 24×24 for anything to be brought into register.
    """
    alike = np.zeros(len(one), np.float32)
    small, small_other = details(halved(one), COARSE), details(halved(other), COARSE)
    forward, plausible = explained(small, by=small_other)
    kept = np.flatnonzero(plausible >= PLAUSIBLE)
    backward, _ = explained(small_other[kept], by=small[kept])
    _, there = explained(details(one[kept], FINE), by=details(moved(other[kept], forward[kept]), FINE))
    _, back = explained(details(other[kept], FINE), by=details(moved(one[kept], backward), FINE))
    alike[kept] = np.minimum(there, back)
    return alike


def details(images: Images | Pixels, coarse: float) -> Pixels:
    """The images without what a Gaussian of this deviation leaves of them, (n, s, s)."""
    smooth = gaussian_filter1d(np.eye(images.shape[1]), coarse, axis=0, mode="mirror").astype(np.float32)
    left: Pixels = images - smooth @ images.astype(np.float32) @ smooth.T
    return left


def explained(images: Pixels, *, by: Pixels) -> tuple[Pixels, Pixels]:
    """How each image is made from the other one, and the multiple correlation: (n, s, s) twice to (n, 4) and (n,).

    The four weights are those of the other image, of its derivatives to the right and downwards, and of its growth.
    """
    down, right = np.gradient(by, axis=(1, 2))
    y, x = centred_grid(images.shape[1])
    causes = deviations(np.stack([by, right, down, x * right + y * down], axis=1))
    effect = deviations(images[:, None])
    products = causes @ effect.transpose(0, 2, 1)
    gram = causes @ causes.transpose(0, 2, 1) + 1e-3 * np.eye(4, dtype=np.float32)  # a flat image's alone is singular
    weights = np.linalg.solve(gram, products)[:, :, 0]
    energy = np.maximum(np.square(effect).sum(axis=(1, 2)), FAINT * effect.shape[2])
    share = (weights * products[:, :, 0]).sum(axis=1) / energy
    return weights, np.sqrt(np.clip(share, 0, 1)).astype(np.float32)


def centred_grid(size: int) -> Pixels:
    """The rows and columns of the pixels, counted from the middle as shares of the size: (2, s, s)."""
    return np.asarray(np.mgrid[:size, :size] - (size - 1) / 2, np.float32) / np.float32(size)


def deviations(images: Pixels) -> Pixels:
    """The pixels as rows without their mean, (n, k, s, s) to (n, k, (s-2)²), less the border, whose derivatives are one-sided."""
    inner = images[:, :, 1:-1, 1:-1]
    rows = inner.reshape(*inner.shape[:2], inner.shape[2] * inner.shape[3])
    left: Pixels = rows - rows.mean(axis=2, keepdims=True)
    return left


def moved(images: Images, weights: Pixels) -> Images:
    """The images at (48, 48), moved and scaled as weights that were found at (24, 24) say."""
    result = np.empty_like(images)
    middle = (images.shape[1] - 1) / 2
    for i, (image, (own, right, down, growth)) in enumerate(zip(images, weights.tolist(), strict=True)):
        own = own if abs(own) > 0.1 else 0.1  # an image of which so little is used is none to bring into register
        grown = growth / own / SIZE
        across, along = (2 * shift / own - grown * middle for shift in (right, down))
        matrix = np.array([[1 + grown, 0, across], [0, 1 + grown, along]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        result[i] = cv2.warpAffine(image, matrix, image.shape[::-1], flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    return result
