"""This file defines Preprocess, the step between a decoded image and the square that a model sees."""

from abc import ABC, abstractmethod

import cv2
import numpy as np

from fer.data.database import Image
from fer.records import FaceRecord


class Preprocess(ABC):
    """What happens to a decoded image before it is resized; part of the experiment, and of its fingerprint."""

    @abstractmethod
    def crop(self, image: Image, record: FaceRecord) -> Image:
        """The part of the image that the model is shown, (h, w) or (h, w, 3) uint8 of any size."""


class WholeImage(Preprocess):
    """The image as it is; of one that is not square, the central square, so that no face is stretched."""

    def crop(self, image: Image, record: FaceRecord) -> Image:
        """The central square of the image."""
        height, width = image.shape[:2]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        return image[top : top + side, left : left + side]


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
