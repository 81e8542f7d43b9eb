"""This file reads the two forms of RAF-DB: the official list of labels, and Kaggle's folders."""

import csv
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fer.data.databases.listed_images import not_on_disk
from fer.data.image_files import images_below
from fer.errors import DatabaseDamaged
from fer.readable import readable
from fer.records import FaceRecord

#: Labels 1 to 7, in their order.
LABELS = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
EXPRESSION_OF = {str(label): expression for label, expression in enumerate(LABELS, start=1)}

LIST = "EmoLabel/list_patition_label.txt"  # spelt so by its authors
NAME = re.compile(r"(train|test)_\d+")

REMEDY = "Unpack or download it again; `fer data rafdb` compares the counts with the published ones."


class Layout(ABC):
    """RAF-DB in one form: which files, which records."""

    @abstractmethod
    def records(self) -> Iterator[FaceRecord]:
        """Every labelled image; raises DatabaseDamaged before any pixel is read."""

    @abstractmethod
    def label_files(self) -> Sequence[Path]:
        """The files that labels come from, besides the folders."""

    def unlisted(self) -> int:
        """The number of images that no list names."""
        return 0


@dataclass(frozen=True)
class ListLayout(Layout):
    """The official form: EmoLabel/list_patition_label.txt beside Image/aligned/ and Image/original/."""

    root: Path
    path: Path
    kind: str  # aligned or original

    @cached_property
    def folder(self) -> Path:
        """Where the images lie."""
        return self.path.parent.parent / "Image" / self.kind

    @cached_property
    def found(self) -> dict[str, Path]:
        """The images on the disk by name, at whatever depth their archive was unpacked."""
        return {path.stem.removesuffix("_aligned"): path for path in images_below(self.folder)}

    @cached_property
    def labels(self) -> dict[str, str]:
        """The expression of every listed name."""
        labels: dict[str, str] = {}
        with readable(self.path):
            lines = self.path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
        for line, text in enumerate(lines, start=1):
            if not text.strip():
                continue
            name, expression = parse(text, f"{self.path} line {line}")
            if name in labels:
                raise DatabaseDamaged(f"{self.path} line {line}: {name} stands in the list twice.\n    {REMEDY}")
            labels[name] = expression
        if not labels:
            raise DatabaseDamaged(f"{self.path}: found no line, expected 'train_00001.jpg 5' and so on.\n    {REMEDY}")
        return labels

    def records(self) -> Iterator[FaceRecord]:
        """One record a line of the list."""
        if missing := [name for name in self.labels if name not in self.found]:
            remedy = f"Unpack the {self.kind} images again."
            raise not_on_disk(self.path, missing, total=len(self.labels), folder=self.folder, remedy=remedy)
        for name, expression in self.labels.items():
            yield record_of(name, self.found[name].relative_to(self.root), expression)

    def label_files(self) -> Sequence[Path]:
        """The list."""
        return [self.path]

    def unlisted(self) -> int:
        """The number of images that the list does not name."""
        return len(self.found.keys() - self.labels.keys())


def parse(text: str, place: str) -> tuple[str, str]:
    """Name and expression in a line such as `train_00001.jpg 5`."""
    cells = text.split()
    if len(cells) != 2 or not NAME.fullmatch(Path(cells[0]).stem):
        raise DatabaseDamaged(
            f"{place}: found {text[:60]!r}, expected a name and a label, such as 'train_00001.jpg 5'.\n    {REMEDY}"
        )
    if cells[1] not in EXPRESSION_OF:
        raise DatabaseDamaged(f"{place}: label {cells[1][:20]!r}, expected 1 to {len(LABELS)}.\n    {REMEDY}")
    return Path(cells[0]).stem, EXPRESSION_OF[cells[1]]


def record_of(name: str, source: Path, expression: str) -> FaceRecord:
    """The record of one image; its split is the first word of its name."""
    return FaceRecord(f"rafdb/{name}", source.as_posix(), expression, split=name.partition("_")[0])


@dataclass(frozen=True)
class FolderLayout(Layout):
    """Kaggle's form: `train/` and `test/`, in them a folder for each label, and lists of labels that say the same."""

    root: Path
    folder: Path  # that holds train/ and test/

    @cached_property
    def images(self) -> dict[str, tuple[str, Path]]:
        """Label and path of every image, by name."""
        images: dict[str, tuple[str, Path]] = {}
        for split in ("train", "test"):
            for path in images_below(self.folder / split):
                name, label = self.name_and_label(path, split)
                if name in images:
                    raise DatabaseDamaged(f"{path}: {images[name][1]} is the same image.\n    Keep one of the two files.")
                images[name] = label, path
        return images

    def name_and_label(self, path: Path, split: str) -> tuple[str, str]:
        """The name without `_aligned`, and the folder that the image is in."""
        name, label = path.stem.removesuffix("_aligned"), path.parent.name
        if label not in EXPRESSION_OF or path.parent.parent != self.folder / split:
            raise DatabaseDamaged(f"{path}: found an image outside of the folders {split}/1 to {split}/7.\n    {REMEDY}")
        if not NAME.fullmatch(name) or not name.startswith(split):
            raise DatabaseDamaged(f"{path}: found the name {path.name!r}, expected {split}_ and a number.\n    {REMEDY}")
        return name, label

    def records(self) -> Iterator[FaceRecord]:
        """One record an image; raises DatabaseDamaged where a list of labels says something else."""
        for path in self.label_files():
            self.check(path)
        for name, (label, path) in self.images.items():
            yield record_of(name, path.relative_to(self.root), EXPRESSION_OF[label])

    def label_files(self) -> Sequence[Path]:
        """train_labels.csv and test_labels.csv, beside the images' folder or in it."""
        places = [folder / f"{split}_labels.csv" for split in ("train", "test") for folder in (self.folder, self.folder.parent)]
        return [path for path in places if path.is_file() and path.is_relative_to(self.root)]

    def check(self, path: Path) -> None:
        """Raise DatabaseDamaged where a list of labels and the folders differ."""
        try:
            with readable(path), path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
                listed = [(Path(row[0]).stem.removesuffix("_aligned"), row[-1].strip()) for row in csv.reader(file) if row][1:]
        except csv.Error as error:
            raise DatabaseDamaged(f"{path}: found no readable table ({error}).\n    {REMEDY}") from None
        if missing := [name for name, _ in listed if name not in self.images]:
            raise not_on_disk(path, missing, total=len(listed), folder=self.folder, remedy=REMEDY)
        for line, (name, label) in enumerate(listed, start=2):
            if self.images[name][0] != label:
                folder = self.images[name][0]
                raise DatabaseDamaged(
                    f"{path} line {line}: {name} has label {label[:20]!r}, but lies in folder {folder}.\n    {REMEDY}"
                )
