"""This file reads FER2013 as Kaggle's folders of images, such as `train/angry/Training_123.jpg`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fer.data.database import Image
from fer.data.databases.fer2013_layout import REMEDY, SPLITS, Layout
from fer.data.databases.listed_images import names_in, some
from fer.data.image_files import read_grey
from fer.errors import DatabaseDamaged
from fer.records import FaceRecord

FOLDERS = {
    "angry": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "neutral": "neutral",
    "sad": "sadness",
    "surprise": "surprise",
}
SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class FolderLayout(Layout):
    """`train/` and `test/` with a folder for each expression; `test/` holds PublicTest and PrivateTest together."""

    root: Path
    folder: Path

    @cached_property
    def images(self) -> dict[str, Path]:
        """Every image by id: its path without the suffix, for a number may stand in the folders of two expressions."""
        images: dict[str, Path] = {}
        for path in [*images_of(self.folder / "train"), *images_of(self.folder / "test")]:
            id = f"fer2013/{path.relative_to(self.folder).with_suffix('').as_posix()}"
            if id in images:
                raise DatabaseDamaged(f"{path}: {images[id].name} is the same image.\n    Keep one of the two files.")
            images[id] = path
        return dict(sorted(images.items()))

    def records(self) -> list[FaceRecord]:
        """The expression is the folder's, the split the first word of the file's name."""
        return [
            FaceRecord(id, path.relative_to(self.root).as_posix(), FOLDERS[path.parent.name], split=split_of(path))
            for id, path in self.images.items()
        ]

    def read_many(self, records: Sequence[FaceRecord]) -> Iterator[Image]:
        """The images, decoded one at a time."""
        return (read_grey(self.images[record.id]) for record in records)

    def files(self) -> list[Path]:
        """Every image."""
        return list(self.images.values())


def images_of(part: Path) -> Iterator[Path]:
    """The images in `train/` or `test/`; raises DatabaseDamaged for a folder that is empty or no expression's."""
    if not part.is_dir():
        return
    folders = sorted(path for path in part.glob("[!.]*") if path.is_dir())
    if unknown := [folder.name for folder in folders if folder.name not in FOLDERS]:
        raise DatabaseDamaged(f"{part}: found the folder {unknown[0]!r}, expected {', '.join(FOLDERS)}.\n    {REMEDY}")
    files = {folder: [folder / name for name in sorted(names_in(folder))] for folder in folders}
    images = {folder: [path for path in files[folder] if path.suffix.lower() in SUFFIXES] for folder in folders}
    if loose := [name for name in sorted(names_in(part)) if (part / name).suffix.lower() in SUFFIXES and name[0] != "."]:
        raise DatabaseDamaged(
            f"{part}: found {some(loose)} in no expression's folder. Move each into the folder of its expression, or away."
        )
    if empty := [folder.name for folder in folders if not images[folder]]:
        raise DatabaseDamaged(f"{part}: found no image in {', '.join(empty)}, expected {', '.join(SUFFIXES)}.\n    {REMEDY}")
    if not folders:
        raise DatabaseDamaged(f"{part}: found no folder, expected {', '.join(FOLDERS)}.\n    {REMEDY}")
    for folder in folders:
        yield from images[folder]


def split_of(path: Path) -> str:
    """The Usage that the name of an image begins with."""
    split = path.name.partition("_")[0]
    if split not in SPLITS:
        raise DatabaseDamaged(
            f"{path}: found the name {path.name!r}, expected one that begins with {' or '.join(f'{word}_' for word in SPLITS)}.\n"
            "    Only the name tells the published split; a copy that was renamed or split anew has lost it. Use another copy."
        )
    return split
