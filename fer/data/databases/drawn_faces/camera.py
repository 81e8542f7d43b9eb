"""This file takes the picture: resolution, light across the image, exposure, contrast and noise."""

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.data.databases.drawn_faces.curves import steps
from fer.data.databases.drawn_faces.draws import GOLDEN, Array, Keys, mixed
from fer.data.databases.drawn_faces.painting import OVERSAMPLING, Canvases, stacked
from fer.data.databases.drawn_faces.scenes import Scenes

#: The standard deviation of the difference of two even half bytes, whose distribution is near enough to the normal one.
NOISE_DEVIATION = 6.52


def reduced(canvases: Canvases, reduction: NDArray[np.int64], size: int) -> Canvases:
    """The canvases at the image's size, (B, size, size)."""
    small = cv2.resize(stacked(canvases), (size, len(canvases) * size), interpolation=cv2.INTER_AREA)
    images: Canvases = np.asarray(small, np.uint8).reshape(-1, size, size)
    for i in np.flatnonzero(reduction != OVERSAMPLING):
        images[i] = enlarged(canvases[i], size, int(reduction[i]))
    return images


def enlarged(canvas: NDArray[np.uint8], size: int, reduction: int) -> NDArray[np.uint8]:
    """The canvas at the image's size with the details of a smaller image."""
    width = len(canvas) // reduction
    small = cv2.resize(canvas, (width, width), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR_EXACT), np.uint8)


def exposed(images: NDArray[np.uint8], scene: Scenes, keys: Keys) -> NDArray[np.uint8]:
    """The images under the light of their scenes, with the sensor's noise, (B, H, W)."""
    contrast, noise = (value.reshape(-1, 1, 1) for value in (scene.contrast, scene.noise / NOISE_DEVIATION))
    # Contrast around middle grey; its factor is part of the light, which saves a pass over the pixels.
    seen = images + 128.0 * (1.0 / contrast - 1.0)
    seen *= across(images.shape, scene)
    developed = cv2.add(stacked(seen), stacked(sensor_noise(images.shape, keys) * noise), dtype=cv2.CV_8U)
    return np.asarray(developed, np.uint8).reshape(images.shape)


def across(shape: tuple[int, ...], scene: Scenes) -> Array:
    """The light at every pixel: the exposure, more on the side of the lamp."""
    x, y = steps(-1.0, 1.0, shape[2]).reshape(1, 1, -1), steps(-1.0, 1.0, shape[1]).reshape(1, -1, 1)
    from_side, from_above, exposure = (
        value.reshape(-1, 1, 1) for value in (scene.light_x, scene.light_y, scene.exposure * scene.contrast)
    )
    light: Array = exposure * (1.0 + from_side * x) + exposure * from_above * y
    return light


def sensor_noise(shape: tuple[int, ...], keys: Keys) -> NDArray[np.int8]:
    """The difference of two random half bytes for each pixel, from one key an image."""
    pixels = shape[1] * shape[2]
    words = -(-pixels // 8)
    counters = np.arange(1, words + 1, dtype=np.uint64) * GOLDEN
    bytes_ = mixed(keys[:, None] + counters).astype("<u8").view(np.uint8)[:, :pixels]
    return ((bytes_ & 15) - (bytes_ >> 4)).view(np.int8).reshape(shape)
