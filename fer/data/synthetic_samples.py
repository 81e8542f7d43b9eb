"""This file makes the synthetic samples of Lopes et al. (2017): faces as if their eyes had been found a little elsewhere."""

import os
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.errors import ConfigError

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask for news over the network at import

from albumentations import ImageOnlyTransform

#: Where the eyes are, left and right, in distances between them, counted from their middle.
EYES = np.array([[-0.5, 0.0], [0.5, 0.0]])


class MovedEyes(ImageOnlyTransform):  # type: ignore[misc]  # albumentations has no types
    """Moves both eyes by Gaussian noise and cuts the face out around them again: turned, resized and shifted a little.

    Every coordinate of an eye moves by `deviation`, in distances between the eyes. To first order that turns the face by
    `deviation` × √2 radians, resizes it by a share of `deviation` × √2, and shifts it by `deviation` / √2 distances between
    the eyes both across and down, all as standard deviations. `width`, `above` and `below` say how the face was cut out, in
    half distances between the eyes, as in preprocess=lopes.

    Differs from the paper, which makes a fixed number of samples of every image once and trains on these: here a face is
    drawn anew whenever it is shown. The noise is applied to the face that was cut out, so that its edges are continued where
    the paper sees more of the image, and after the intensity was normalised rather than before.
    """

    def __init__(self, deviation: float, width: float = 2.4, above: float = 1.3, below: float = 3.2, p: float = 1.0) -> None:
        super().__init__(p=p)
        if deviation < 0 or min(width, above, below) <= 0:
            found = f"deviation {deviation}, width {width}, above {above}, below {below}"
            raise ConfigError(f"augment: found {found}, expected a deviation of at least 0 and lengths above 0")
        self.deviation, self.width, self.above, self.below = deviation, width, above, below

    def get_params(self) -> dict[str, Any]:
        """Where the eyes go, (2, 2): left and right, across and down, in distances between the eyes."""
        return {"moved": self.random_generator.normal(0, self.deviation, (2, 2))}

    def apply(self, img: NDArray[np.uint8], moved: NDArray[np.float64], **params: Any) -> NDArray[np.uint8]:
        """The face (S, S) or (S, S, 3) cut out around the moved eyes, in one interpolation."""
        height, width = img.shape[:2]
        to_eyes = self.to_eyes(width, height)
        mapping = np.linalg.inv(to_eyes) @ between_eyes(moved) @ to_eyes
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(img, mapping[:2], (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(seen, np.uint8)

    def to_eyes(self, width: int, height: int) -> NDArray[np.float64]:
        """From pixels of the cut to distances between the eyes, counted from the middle between them, (3, 3)."""
        across, down = self.width / 2 / width, (self.above + self.below) / 2 / height
        return np.array([[across, 0, -across * (width - 1) / 2], [0, down, down / 2 - self.above / 2], [0, 0, 1]])


def between_eyes(moved: NDArray[np.float64]) -> NDArray[np.float64]:
    """The turn, scale and shift (3, 3) that take the eyes to where they moved."""
    left, right = EYES + moved
    (x, y), (across, down) = (left + right) / 2, right - left
    return np.array([[across, -down, x], [down, across, y], [0, 0, 1]])
