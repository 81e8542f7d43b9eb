"""This file reads the smaller release of AffectNet: numbered faces, and a file for each label and for each face's landmarks."""

import io
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.data.database import Image, Points
from fer.data.databases.affectnet_layout import LABELS, NAME_OF, POINTS, REMEDY, Layout
from fer.data.databases.listed_images import names_in, not_on_disk, some
from fer.data.image_files import DAMAGE, SUFFIXES, read_colour
from fer.errors import DatabaseDamaged
from fer.readable import readable
from fer.records import FaceRecord

SPLIT_OF = {"train_set": "train", "val_set": "validation"}
LARGEST = 4096  # bytes that are read of a label file, which has about 130
LABEL, LANDMARKS = "_exp.npy", "_lnd.npy"


@dataclass(frozen=True)
class NumberedLayout(Layout):
    """The smaller release: images/0.jpg with annotations/0_exp.npy, in train_set/ and val_set/."""

    root: Path
    folder: Path  # that holds the sets
    omit: frozenset[str]  # such as train_set/images/0.jpg

    @cached_property
    def names(self) -> dict[str, str]:
        """Expression of every image, or why it has none, by its path below `folder`."""
        return {path: name for folder in self.sets() for path, name in scan(folder)}

    def sets(self) -> list[Path]:
        """The sets that are there."""
        return [self.folder / name for name in SPLIT_OF if (self.folder / name).is_dir()]

    def records(self) -> Iterator[FaceRecord]:
        """One record an image with an expression."""
        below = "" if self.folder == self.root else f"{self.folder.relative_to(self.root).as_posix()}/"
        for path, name in self.names.items():
            if name in LABELS and path not in self.omit:
                part, _, file = path.split("/")
                yield FaceRecord(f"affectnet/{part}/{stem(file)}", below + path, name, split=SPLIT_OF[part])

    def left_out(self) -> Mapping[str, int]:
        """Images without an expression, and omitted ones."""
        reasons = Counter("omitted" if path in self.omit else name for path, name in self.names.items())
        return {name: n for name, n in sorted(reasons.items()) if name not in LABELS}

    def read(self, record: FaceRecord) -> Image:
        """The image as it is."""
        return read_colour(self.root / record.source)

    def landmarks(self, record: FaceRecord) -> Points | None:
        """The points in the file beside the label, if there is one."""
        image = self.root / record.source
        path = image.parent.parent / "annotations" / f"{image.stem}{LANDMARKS}"
        if not path.is_file():
            return None
        with readable(path):
            content = path.read_bytes()
        try:
            points = array_in(content).astype(np.float64).reshape(POINTS, 2)
        except (*DAMAGE, TokenError) as error:
            raise DatabaseDamaged(f"{path}: found no {2 * POINTS} numbers ({error}).\n    {REMEDY}") from None
        if not np.isfinite(points).all():
            raise DatabaseDamaged(f"{path}: found points that are no numbers, expected x and y in pixels.\n    {REMEDY}")
        return points

    def label_files(self) -> list[Path]:
        """Every label and every file of landmarks."""
        folders = [folder / "annotations" for folder in self.sets()]
        return [folder / name for folder in folders for name in sorted(listing(folder)) if name.endswith((LABEL, LANDMARKS))]


def scan(folder: Path) -> Iterator[tuple[str, str]]:
    """Path and label of every image of one set; raises DatabaseDamaged unless every image has a label, and every label one."""
    annotations, images = folder / "annotations", folder / "images"
    labelled = {name.removesuffix(LABEL) for name in listing(annotations) if name.endswith(LABEL)}
    files = {stem(name): name for name in listing(images) if name[name.rfind(".") :].lower() in SUFFIXES}
    if missing := sorted(labelled - files.keys()):
        names = [f"{number}.jpg" for number in missing]
        raise not_on_disk(annotations, names, total=len(labelled), folder=images, remedy=REMEDY)
    if unlabelled := sorted(files.keys() - labelled):
        names = [files[number] for number in unlabelled]
        raise DatabaseDamaged(
            f"{images}: {len(names):,} images have no label {annotations}/…{LABEL}: {some(names)}.\n    {REMEDY}"
        )
    for number, name in files.items():
        yield f"{folder.name}/images/{name}", label_in(f"{annotations}/{number}{LABEL}")


def listing(folder: Path) -> list[str]:
    """The names in a folder, but for hidden ones; none where it is missing."""
    return [name for name in names_in(folder) if not name.startswith(".")]


def stem(name: str) -> str:
    """A file's name without its suffix."""
    return name[: name.rfind(".")]


def label_in(path: str) -> str:
    """The name that a label file stands for; Path.read_bytes would take four times as long, for hundreds of thousands of them."""
    with readable(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe instead of a file is empty, and not waited for
        try:
            content = os.read(descriptor, LARGEST)
        finally:
            os.close(descriptor)
    if (name := name_in(content)) is None:
        raise DatabaseDamaged(
            f"{path}: found no label, expected a number from 0 to {len(NAME_OF) - 1} as np.save writes it.\n    {REMEDY}"
        )
    return name


@lru_cache
def name_in(content: bytes) -> str | None:
    """The name for the content of a label file; all files together have eleven contents, and each is parsed once."""
    try:
        label = float(array_in(content).item())
    except (*DAMAGE, TokenError):
        return None
    return NAME_OF.get(f"{label:.0f}") if label.is_integer() else None


def array_in(content: bytes) -> NDArray[Any]:
    """The array in the content of a .npy file; nothing is ever unpickled."""
    if not content.startswith(np.lib.format.MAGIC_PREFIX):  # np.load would open archives and pickles too
        raise ValueError("it does not begin as np.save writes it")
    array: NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
    return array
