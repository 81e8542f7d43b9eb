"""This file brings a cut-out face to the size and the channels that a model wants."""

import cv2
import numpy as np

from fer.data.database import Image


def resize(image: Image, size: int) -> Image:
    """The image at (size, size): averaged over areas when it shrinks, cubic when it grows."""
    if image.shape[:2] == (size, size):
        return image
    shrinks = min(image.shape[:2]) > size
    resized = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return resized.astype(np.uint8, copy=False)


def with_channels(image: Image, channels: int) -> Image:
    """The image as grey (H, W) for one channel or RGB (H, W, 3) for three; grey by ITU-R 601 luma."""
    if image.ndim == 3 and channels == 1:
        return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    if image.ndim == 2 and channels == 3:
        return np.repeat(image[:, :, None], 3, axis=2)
    return image
