"""This file computes perceptual hashes: 64 bits of an image that change little when it is resized, brightened or re-compressed.

A bit is the sign of one of the 64 lowest frequencies (but the mean) of the discrete cosine transform of the image at 24×24.
Signs do not depend on brightness and contrast, and mirroring an image changes exactly the signs of odd horizontal
frequencies, so that the mirror image's hash is the image's own with the bits of MIRROR changed.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

SIZE = 24  # of the image that is transformed
BITS = 64
FREQUENCIES = 12  # in each direction, enough to hold the 64 lowest
BLOCK = 512  # images at a time


def lowest_frequencies() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The vertical and horizontal frequencies behind the bits, from low to high, without (0, 0)."""
    vertical, horizontal = np.mgrid[:FREQUENCIES, :FREQUENCIES].reshape(2, -1)
    order = np.lexsort((vertical, vertical**2 + horizontal**2))[1 : BITS + 1]
    return vertical[order], horizontal[order]


VERTICAL, HORIZONTAL = lowest_frequencies()

#: The bits that differ between an image and its mirror image.
MIRROR = np.uint64(sum(1 << bit for bit, horizontal in enumerate(HORIZONTAL.tolist()) if horizontal % 2))


def perceptual_hashes(faces: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The hash of each thumbnail, (N, 48, 48) uint8 to (N,) uint64; the lowest frequencies are the lowest bits."""
    cosines = dct(np.eye(SIZE), axis=0)[:FREQUENCIES].astype(np.float32)
    hashes = np.empty(len(faces), np.uint64)
    for start in range(0, len(faces), BLOCK):
        spectrum = cosines @ halved(faces[start : start + BLOCK]) @ cosines.T
        bits = spectrum[:, VERTICAL, HORIZONTAL] > 0
        packed = np.ascontiguousarray(np.packbits(bits, axis=1, bitorder="little"))
        hashes[start : start + BLOCK] = packed.view("<u8")[:, 0]
    return hashes


def halved(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Each 2×2 pixels as their mean: (N, 48, 48) uint8 to (N, 24, 24) float32."""
    rows = faces[:, ::2].astype(np.uint16) + faces[:, 1::2]
    means: NDArray[np.float32] = (rows[:, :, ::2] + rows[:, :, 1::2]).astype(np.float32) * np.float32(0.25)
    return means
