"""This file is the preprocessing `none`: the whole image, as the database has it."""

from fer.data.database import Image, Points
from fer.data.preprocessing.base import Preprocess


class WholeImage(Preprocess):
    """The image as it is; of one that is not square, the central square, so that no face is stretched."""

    def cut_face(self, image: Image, *, landmarks: Points | None = None, cropped: bool = False) -> Image:
        """The central square of the image, whatever is known of it."""
        return central_square(image)


def central_square(image: Image) -> Image:
    """The largest square in the middle of the image."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]
