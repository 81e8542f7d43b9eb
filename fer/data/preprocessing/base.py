"""This file defines Preprocess, the contract of what lies between a decoded image and the square that a model sees."""

from abc import ABC, abstractmethod
from typing import Literal

from fer.data.database import Image, Points
from fer.data.preprocessing.eye_finder import Eyes
from fer.data.preprocessing.frame import Frame

#: What becomes of an image in which no face was found: its central square is taken instead, or the run is refused.
NotFound = Literal["centre", "refuse"]


class Preprocess(ABC):
    """Pixels in, pixels out, the same on every call; part of the experiment, and of its fingerprint.

    `not_found` is the rule for images in which `cut_face` finds no face. Whoever prepares the faces applies and counts it.
    """

    not_found: NotFound = "centre"

    @abstractmethod
    def cut_face(self, image: Image, *, landmarks: Points | None = None, cropped: bool = False) -> Image | None:
        """The part of the image that the model is shown, uint8 of any size; None where no face was found.

        `landmarks` are the points that the database ships, `cropped` says that its images are faces already. What is not
        square is stretched when it is resized.
        """

    def cut_found(self, image: Image, square: Frame, *, eyes: Eyes | None = None) -> Image | None:
        """The same of one face among several, from brows to chin in `square`; `eyes` where whoever found it knows them.

        Unless a class says otherwise, the square stands for an image of a cropped database.
        """
        return self.cut_face(square.upright.cut(image), cropped=True)

    def finish(self, face: Image) -> Image:
        """What is done after resizing, to (S, S) or (S, S, 3) uint8; nothing unless a class says otherwise."""
        return face
