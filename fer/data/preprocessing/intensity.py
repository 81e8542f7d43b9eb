"""This file normalises brightness and contrast around every pixel, as Lopes et al. (2017) do."""

import cv2
import numpy as np

from fer.data.database import Image

#: Deviations from the local mean that grey levels have room for, and the level of the mean, as in the authors' code.
DEVIATIONS, MEAN_LEVEL = 2.0, 127.0


def normalised_locally(face: Image, neighbourhood: int) -> Image:
    """Each pixel's distance from the mean around it, in deviations of the pixels around it; each channel by itself.

    The mean is weighted by a Gaussian over `neighbourhood` × `neighbourhood` pixels and the deviation from that mean
    taken over the same square. 127 stands for the mean, 0 and 254 for two deviations below and above it; what is
    further off is cut. A deviation counts as one grey level at least, so that flat skin is 127 rather than noise.
    """
    pixels = face.astype(np.float64)
    square = (neighbourhood, neighbourhood)
    mean = cv2.GaussianBlur(pixels, square, 0)
    spread = cv2.blur(pixels**2, square) - 2 * mean * cv2.blur(pixels, square) + mean**2
    deviations = (pixels - mean) / np.sqrt(np.maximum(spread, 1.0))
    levels = MEAN_LEVEL + MEAN_LEVEL / DEVIATIONS * deviations
    return np.asarray(np.rint(levels.clip(0.0, 255.0)), np.uint8)
