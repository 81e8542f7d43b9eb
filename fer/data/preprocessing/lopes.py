"""This file is the preprocessing `lopes`: the chain that Lopes et al. (2017) put before their network, each step a switch."""

from fer.data.database import Image, Points
from fer.data.preprocessing.base import NotFound, Preprocess
from fer.data.preprocessing.eye_finder import Eyes, eyes_in, find_eyes
from fer.data.preprocessing.frame import Frame
from fer.data.preprocessing.intensity import normalised_locally
from fer.data.preprocessing.resizing import with_channels
from fer.data.preprocessing.whole_image import central_square
from fer.errors import ConfigError


class Lopes(Preprocess):
    """Eyes turned level, the face cut out around them, and after resizing the intensity normalised locally.

    A. T. Lopes, E. de Aguiar, A. F. De Souza, T. Oliveira-Santos, Facial expression recognition with convolutional neural
    networks: coping with few data and the training sample order, Pattern Recognition 61 (2017) 610–628.

    `above`, `below` and `width` are in half distances between the eyes, from the middle between them: 1.3 up, 3.2 down
    and 2.4 in all across, 1.2 to each side. So the authors' code has it. The cut is narrow (the outer corners of the eyes
    lie at its edges) and is stretched to a square when it is resized; `width: 4.5` shows the whole face unstretched.
    With `crop` off the central square of the image is taken. `neighbourhood` is the side of the square of pixels that
    normalises the intensity; 7 as in the paper, where the published code takes the deviation over 15. Beyond the image's
    edges they are continued, where the authors have black.
    Images of cropped databases go through the same chain, without looking for the face first.
    """

    def __init__(
        self,
        *,
        rotate: bool = True,
        crop: bool = True,
        intensity: bool = True,
        width: float = 2.4,
        above: float = 1.3,
        below: float = 3.2,
        neighbourhood: int = 7,
        not_found: NotFound = "centre",
    ) -> None:
        if min(width, above, below) <= 0:
            raise ConfigError(f"preprocess: found width {width}, above {above} and below {below}, expected numbers above 0")
        if neighbourhood < 3 or neighbourhood % 2 == 0:
            raise ConfigError(f"preprocess.neighbourhood: found {neighbourhood}, expected an odd number of pixels from 3")
        self.rotate, self.crop, self.intensity = rotate, crop, intensity
        self.width, self.above, self.below = width, above, below
        self.neighbourhood = neighbourhood
        self.not_found = not_found

    def cut_face(self, image: Image, *, landmarks: Points | None = None, cropped: bool = False) -> Image | None:
        """The face with its eyes level; None where the eyes were not found."""
        if not (self.rotate or self.crop):
            return central_square(image)
        eyes = find_eyes(image, landmarks=landmarks, cropped=cropped)
        return None if eyes is None else self.cut_around(image, eyes)

    def cut_found(self, image: Image, square: Frame, *, eyes: Eyes | None = None) -> Image | None:
        """The face with its eyes level, which are looked for in the square where they are not known.

        With neither rotation nor crop the square stands for the image, and with rotation alone the square is turned.
        """
        if not self.crop:
            return self.cut_face(square.upright.cut(image), cropped=True)
        eyes = eyes or eyes_in(with_channels(image, 1), square)
        return None if eyes is None else self.cut_around(image, eyes)

    def cut_around(self, image: Image, eyes: Eyes) -> Image:
        """What is shown of a face with these eyes."""
        shown = self.around(eyes) if self.crop else Frame.of(image)
        if self.rotate:
            shown = shown.turned(eyes.tilt, around=eyes.middle)
        return shown.cut(image) if self.crop else central_square(shown.cut(image))

    def around(self, eyes: Eyes) -> Frame:
        """The rectangle around level eyes."""
        half = eyes.distance / 2
        x, y = eyes.middle
        return Frame(x, y + half * (self.below - self.above) / 2, half * self.width, half * (self.above + self.below))

    def finish(self, face: Image) -> Image:
        """The face with its intensity normalised locally."""
        return normalised_locally(face, self.neighbourhood) if self.intensity else face
