"""This file finds the faces that are to be explained: test images of a run by id, and image files, cut out as in training."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.build import build
from fer.data.database import Image
from fer.data.image_files import images_below, read_colour
from fer.data.prepare import content
from fer.data.preprocessing.base import Preprocess
from fer.data.preprocessing.resizing import resize, with_channels
from fer.data.preprocessing.whole_image import central_square
from fer.deploy.export import chosen_fold
from fer.errors import DatabaseDamaged, RunError
from fer.models.input_spec import InputSpec
from fer.results.predictions import Predictions
from fer.results.stored_run import StoredRun
from fer.training.elsewhere import trained_in_colour
from fer.training.evaluation import located, planned
from fer.training.seen import Seen
from fer.training.start import WEIGHTS

NO_FACE = "no face was found: the central square stands for it"
KNOWN = "the network was trained or chosen on this very image"


@dataclass(frozen=True)
class Face:
    """A face as the network of `fold` sees it, (S, S) or (S, S, 3) uint8; `target` -1 and `subject` "" are unknown.

    `name` is the id of a test image or the path of a file; `notes` are what whoever looks at it must know.
    """

    name: str
    fold: str
    pixels: NDArray[np.uint8]
    target: int = -1
    subject: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Named:
    """What the user's words stand for: ids of test images and paths of files in their order, and why the others do not count."""

    images: tuple[str | Path, ...]
    refused: tuple[str, ...] = ()


def fold_by_image(run: StoredRun, fold: str | None) -> dict[str, str]:
    """The fold that tests each image of a run, of those that it has trained, or of `fold` alone.

    Raises RunError where several networks answer for the same images, as those of several seeds do.
    """
    if not run.folds:
        raise RunError(f"{run.path} has trained no fold yet. Give its training command again, then this one.")
    only = None if fold is None else chosen_fold(run, fold)
    found: dict[str, str] = {}
    for done in run.folds:
        if only in (None, done.name):
            ids = set(done.predictions.id.tolist())
            if both := ids & found.keys():
                raise RunError(
                    f"{run.path}: the networks of several folds answer for the same test images, such as {min(both)}. "
                    f"Name one: --fold {', '.join(of.name for of in run.folds)}"
                )
            found |= dict.fromkeys(done.predictions.id.tolist(), done.name)
    return found


def named_images(words: Sequence[str], known: Mapping[str, str], run: StoredRun) -> Named:
    """The test images and files that the words name; a folder stands for all images below it."""
    images: list[str | Path] = []
    refused = []
    for word in words:
        below = list(images_below(Path(word))) if Path(word).is_dir() else []
        if word in known:
            images.append(word)
        elif Path(word).is_file() or below:
            images += below or [Path(word)]
        else:
            neither = f"neither a file or folder nor a test image of {run.name}; on other images it may have been trained"
            why = "a folder without images" if Path(word).is_dir() else neither
            refused.append(f"{word}: found {why}")
    return Named(tuple(images), tuple(refused))


def stored_faces(
    run: StoredRun, ids: Sequence[str], known: Mapping[str, str], roots: Mapping[str, str]
) -> dict[str | Path, Face]:
    """Test images by id, with what the run has stored of them; the experiment is planned again, so that they are the same."""
    if not ids:
        return {}
    cohort = planned(run, located(run, roots)).cohort
    pixels = cohort.faces(ids).take(np.arange(len(ids)))
    rows = {fold.name: row_of(fold.predictions) for fold in run.folds}
    predictions = {fold.name: fold.predictions for fold in run.folds}
    made: dict[str | Path, Face] = {}
    for name, face in zip(ids, pixels, strict=True):
        fold = known[name]
        stored, row = predictions[fold], rows[fold][name]
        notes = (NO_FACE,) if name in cohort.not_found else ()
        made[name] = Face(name, fold, face, int(stored.target[row]), str(stored.subject[row]), notes)
    return made


def row_of(predictions: Predictions) -> dict[str, int]:
    """The row of each image; one that stands in two test sets has the same in both."""
    return {name: row for row, name in enumerate(predictions.id.tolist())}


@dataclass(frozen=True)
class Cutter:
    """What makes of an image file the face that the network of a fold sees; `cropped` says that files show faces already."""

    run: StoredRun
    fold: str
    spec: InputSpec
    cropped: bool = False

    def faces(self, paths: Sequence[Path]) -> Iterator[tuple[Path, Face | DatabaseDamaged]]:
        """The face in each file, or why there is none."""
        if not paths:
            return
        preprocess: Preprocess = build(self.run.config["preprocess"], "preprocess")
        seen = Seen.beside(self.run.path / "folds" / self.fold / WEIGHTS).copies
        for path in paths:
            try:
                yield path, self.face(path, preprocess, seen)
            except DatabaseDamaged as error:
                yield path, error

    def face(self, path: Path, preprocess: Preprocess, seen: frozenset[int]) -> Face:
        """The face in a file; raises DatabaseDamaged where it cannot be read, or where the run refuses what has no face."""
        image = read_colour(path)
        found = preprocess.cut_face(image, cropped=self.cropped)
        if found is None and preprocess.not_found == "refuse":
            raise DatabaseDamaged(f"{path}: found no face in it, and the run was trained with preprocess.not_found=refuse")
        notes = [note for note, holds in ((NO_FACE, found is None), (KNOWN, content(image) in seen)) if holds]
        pixels = self.prepared(central_square(image) if found is None else found, preprocess)
        return Face(str(path), self.fold, pixels, notes=tuple(notes))

    def prepared(self, face: Image, preprocess: Preprocess) -> Image:
        """The face at the size of the network; in colour where the network has seen colour."""
        channels = 3 if self.spec.channels == 3 and trained_in_colour(self.run.config) else 1
        return np.ascontiguousarray(preprocess.finish(resize(with_channels(face, channels), self.spec.size)))
