"""This file takes the picture: resolution, light across the image, exposure, contrast and noise."""

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.data.databases.drawn_faces.curves import steps
from fer.data.databases.drawn_faces.draws import GOLDEN, Keys, mixed
from fer.data.databases.drawn_faces.painting import OVERSAMPLING, Canvas
from fer.data.databases.drawn_faces.scenes import Scenes

#: The standard deviation of the sum of two even bytes, whose distribution is near enough to the normal one.
NOISE_DEVIATION = 104.5


def reduced(canvas: Canvas, size: int, reduction: int) -> Canvas:
    """The canvas at the image's size, with the details of a smaller image where `reduction` exceeds the oversampling."""
    width = len(canvas) // reduction
    small: Canvas = np.asarray(cv2.resize(canvas, (width, width), interpolation=cv2.INTER_AREA), np.uint8)
    if reduction == OVERSAMPLING:
        return small
    return np.asarray(cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR_EXACT), np.uint8)


def exposed(images: NDArray[np.uint8], scene: Scenes, keys: Keys) -> NDArray[np.uint8]:
    """The images under the light of their scenes, with the sensor's noise, (B, H, W)."""
    light, noise = across(images.shape, scene), scene.noise.astype(np.float32) / np.float32(NOISE_DEVIATION)
    contrast = scene.contrast.astype(np.float32)
    seen = images * contrast
    seen += 128.0 * (1.0 - contrast)
    seen *= light
    seen += sensor_noise(images.shape, keys) * noise
    developed: NDArray[np.uint8] = np.rint(seen.clip(0.0, 255.0)).astype(np.uint8)
    return developed


def across(shape: tuple[int, ...], scene: Scenes) -> NDArray[np.float32]:
    """The light at every pixel: the exposure, more on the side of the lamp."""
    x, y = (steps(-1.0, 1.0, length).astype(np.float32) for length in (shape[2], shape[1]))
    from_side, from_above, exposure = (value.astype(np.float32) for value in (scene.light_x, scene.light_y, scene.exposure))
    light: NDArray[np.float32] = exposure * (1.0 + from_side * x) + exposure * from_above * y.reshape(1, -1, 1)
    return light


def sensor_noise(shape: tuple[int, ...], keys: Keys) -> NDArray[np.float32]:
    """The sum of two random bytes for each pixel, around 0, from one key an image."""
    pixels = shape[1] * shape[2]
    words = -(-pixels // 4)
    counters = np.arange(1, words + 1, dtype=np.uint64) * GOLDEN
    quarters = mixed(keys[:, None] + counters).astype("<u8").view("<u2").reshape(len(keys), -1)[:, :pixels]
    total = ((quarters & 255) + (quarters >> 8)).astype(np.float32)
    total -= 255.0
    return total.reshape(shape)
