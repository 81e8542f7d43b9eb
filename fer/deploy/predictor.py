"""This file defines Predictor, which finds the faces in pictures and says what expression each shows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.data.database import Image
from fer.data.preprocessing.frame import Frame
from fer.deploy.detector import DEFAULT as DETECTOR
from fer.deploy.detector import Detector, Found, detector_named
from fer.deploy.model import DEFAULT, Model, open_model
from fer.deploy.named_pictures import named, pictures
from fer.deploy.pictures import Picture, Unread, refusal
from fer.errors import ConfigError

#: Faces that are read at once, and pixels of the pictures that wait for it: 50 MB in colour.
BATCH, WAITING = 64, 2**24


@dataclass(frozen=True, slots=True)
class Box:
    """Where a face is, from brows to chin, in pixels of the upright picture; it may reach beyond the edges."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Face:
    """A face: `label` is the most probable of the labels, or None where that is less probable than was asked for.

    `probabilities` are (K,) in the order of the labels; `detection` is the detector's confidence in [0, 1], None where it
    has none.
    """

    box: Box
    detection: float | None
    probabilities: NDArray[np.float32]
    label: str | None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was found in a picture: its faces from left to right, or why it could not be read.

    `size` are width and height of the upright picture; `time` the seconds in its video; `uncut` counts faces that were
    found and could not be cut out as the network wants them, such as those whose eyes were not found.
    """

    name: str
    faces: tuple[Face, ...] = ()
    size: tuple[int, int] | None = None
    time: float | None = None
    uncut: int = 0
    error: str | None = None


@dataclass
class Waiting:
    """Pictures with the faces that were cut out of them, until they are read together."""

    pictures: list[tuple[Picture | Unread, list[Found], int]] = field(default_factory=list)
    faces: list[Image] = field(default_factory=list)
    pixels: int = 0


class Predictor:
    """A network with a detector of faces; `cropped` says that pictures show a face and little else, so that none is looked for.

    `sure` is the least probability with which a label is given.
    """

    def __init__(self, model: Model, detector: Detector, *, sure: float = 0.0, cropped: bool = False) -> None:
        if not 0 <= sure <= 1:
            raise ConfigError(f"--min-confidence: found {sure}, expected a probability between 0 and 1")
        self.model, self.detector, self.sure = model, detector, sure
        self.whole = cropped or model.sees_whole_pictures

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in the order of the probabilities."""
        return self.model.labels

    def before_camera(self) -> "Predictor":
        """The same network before one camera, whose faces are followed from picture to picture where the detector can."""
        return Predictor(self.model, self.detector.before_camera(), sure=self.sure, cropped=self.whole)

    def predict(self, images: Iterable[str | Path | Image] | str | Path) -> list[Prediction]:
        """What is found in images: files, folders, patterns and videos by name, or arrays (H, W) or (H, W, 3) RGB uint8."""
        given = [images] if isinstance(images, str | Path) else images
        return [prediction for _, prediction in self.stream(of_images(given))]

    def stream(self, found: Iterable[Picture | Unread], *, batch: int = BATCH) -> Iterator[tuple[Picture | Unread, Prediction]]:
        """Each picture with what is found in it, in their order; a few wait at a time, so that faces are read together."""
        waiting = Waiting()
        for picture in found:
            self.cut(picture, waiting)
            if len(waiting.faces) >= batch or waiting.pixels >= WAITING:
                yield from self.read(waiting)
                waiting = Waiting()
        yield from self.read(waiting)

    def cut(self, picture: Picture | Unread, waiting: Waiting) -> None:
        """Find the faces of a picture and put them to those that wait."""
        if isinstance(picture, Unread):
            waiting.pictures.append((picture, [], 0))
            return
        found = [whole(picture.pixels)] if self.whole else self.detector.find(picture.pixels)
        faces = [(face, self.cut_out(picture.pixels, face)) for face in found]
        waiting.faces += [self.model.prepared(cut) for _, cut in faces if cut is not None]
        kept = [face for face, cut in faces if cut is not None]
        waiting.pictures.append((picture, kept, len(faces) - len(kept)))
        waiting.pixels += picture.pixels.shape[0] * picture.pixels.shape[1]

    def cut_out(self, image: Image, face: Found) -> Image | None:
        """The face as the network has seen faces; None where its preprocessing finds none."""
        if self.whole:
            return self.model.preprocess.cut_face(image, cropped=True)
        return self.model.preprocess.cut_found(image, face.square, eyes=face.eyes)

    def read(self, waiting: Waiting) -> Iterator[tuple[Picture | Unread, Prediction]]:
        """What the network says of the faces that waited, picture by picture."""
        said = iter(in_batches(self.model, waiting.faces))
        for picture, found, uncut in waiting.pictures:
            if isinstance(picture, Unread):
                yield picture, Prediction(picture.name, error=picture.reason)
            else:
                height, width = picture.pixels.shape[:2]
                faces = tuple(self.judged(face, next(said)) for face in found)
                yield picture, Prediction(picture.name, faces, (width, height), picture.time, uncut)

    def judged(self, face: Found, probabilities: NDArray[np.float32]) -> Face:
        """A face with its label, if the network is sure enough."""
        best = int(probabilities.argmax())
        label = self.labels[best] if probabilities[best] >= self.sure else None
        return Face(box_of(face.square), face.confidence, probabilities, label)


def load(
    model: str | Path = DEFAULT,
    *,
    fold: str | None = None,
    detector: str = DETECTOR,
    detector_weights: str | None = None,
    sure: float = 0.0,
    cropped: bool = False,
) -> Predictor:
    """The predictor of a run folder, a fold's folder, an exported file, or a network in the box by its name.

        predictor = fer.load("outputs/…")
        for picture in predictor.predict(["photos", "clip.mp4", array]):
            print(picture.name, [(face.label, face.box) for face in picture.faces])

    Raises a FerError where there is no such network, or no such detector.
    """
    finds = detector_named(detector, detector_weights)
    return Predictor(open_model(model, fold=fold), finds, sure=sure, cropped=cropped)


def of_images(images: Iterable[str | Path | Image]) -> Iterator[Picture | Unread]:
    """The pictures in files and arrays; an array is named by its place."""
    for place, image in enumerate(images):
        if isinstance(image, str | Path):
            yield from pictures(named([str(image)]))
        else:
            yield Picture(str(place), checked(image, place))


def checked(image: Image, place: int) -> Image:
    """The array; raises ConfigError where it is no image, or too large a one."""
    if image.dtype != np.uint8 or not image.size or not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)):
        raise ConfigError(f"image {place}: found {image.dtype} in shape {image.shape}, expected uint8 (H, W) or (H, W, 3)")
    if reason := refusal(image.shape[1], image.shape[0]):
        raise ConfigError(f"image {place} {reason}")
    return image


def whole(image: Image) -> Found:
    """The central square of a picture, for the face that it shows."""
    all_of_it = Frame.of(image)
    side = min(all_of_it.width, all_of_it.height)
    return Found(Frame(all_of_it.x, all_of_it.y, side, side))


def box_of(square: Frame) -> Box:
    """Where a square is, by its upper left corner."""
    left, top = square.x + 0.5 - square.width / 2, square.y + 0.5 - square.height / 2
    return Box(round(left, 1), round(top, 1), round(square.width, 1), round(square.height, 1))


def in_batches(model: Model, faces: Sequence[Image]) -> NDArray[np.float32]:
    """Probabilities (N, K) of faces, BATCH at a time."""
    if not faces:
        return np.empty((0, len(model.labels)), np.float32)
    return np.concatenate([model.read(np.stack(faces[i : i + BATCH])) for i in range(0, len(faces), BATCH)])
