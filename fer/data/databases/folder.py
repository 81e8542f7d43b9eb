"""This file defines the database `folder`: images of the user's own, in a folder for each expression."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from fer.data.database import Database, Image
from fer.data.databases.expression_words import Vocabulary, remedy
from fer.data.databases.listed_images import some
from fer.data.databases.sample_faces import coloured, sample_faces, save
from fer.data.image_files import files_below, images_below, read_colour, read_grey
from fer.errors import ConfigError, DatabaseDamaged
from fer.records import EXPRESSIONS, FaceRecord

#: The folders of a split, and the part that each stands for.
SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


class Folder(Database):
    """Images of your own, in a folder for each expression: happy/anna_1.png, or train/happy/anna_1.png.

    Input: any image files at any depth below an expression's folder, of any size. `colour: false` reads them as grey;
    `cropped: true` says that they show faces and little else, so that none has to be looked for.
    Labels: the folder's name, upper or lower case: anger or angry, disgust, fear, happiness or happy, sadness or sad,
    surprise, neutral, contempt, and the like (fer/data/databases/expression_words.py). Others are mapped by `expressions:
    {froh: happiness}`.
    Subjects: unknown, unless `subjects: true`: then what stands before the first underscore of a file's name is the person. It
    has to be asked for, because in IMG_0001.png it would be nobody.
    Splits: those of the folders train, val (or valid, validation) and test, where all images lie in such folders.
    Ids are the paths without the suffix, and `name` is their first part: another name is another database.
    Source, licence and citation: yours.
    """

    licence = "Yours: make sure that the people shown agree to what you do with their faces."
    citation = "Images of your own: say where they come from, who labelled them, and how."
    obtain = "Put your images into folders named by expression, such as happy/anna_1.png or train/happy/anna_1.png."
    colour: bool = True

    def __init__(
        self,
        root: str | Path,
        *,
        name: str = "folder",
        subjects: bool = False,
        cropped: bool = False,
        colour: bool = True,
        expressions: Mapping[str, str] | None = None,
    ) -> None:
        self.root = Path(root).expanduser()
        self.name, self.subjects, self.cropped, self.colour = name, subjects, cropped, colour
        self.vocabulary = Vocabulary.of(expressions or {}, f"data.{name}.expressions")

    @cached_property
    def faces(self) -> Sequence[FaceRecord]:
        """The records, found once."""
        paths = [path.relative_to(self.root) for path in images_below(self.root)]
        if not paths:
            raise self.not_found(self.root, "images such as happy/anna_1.png or train/happy/anna_1.png")
        split = {path: SPLITS.get(path.parts[0].casefold()) if len(path.parts) > 1 else None for path in paths}
        self.require_one_layout(split)
        self.require_expressions([path.parts[1:] if split[path] else path.parts for path in paths])
        self.require_distinct(paths)
        return sorted((self.record(path, split[path]) for path in paths), key=lambda record: record.id)

    def record(self, path: Path, split: str | None) -> FaceRecord:
        """The record of one image."""
        word = path.parts[1 if split else 0]
        expression = self.vocabulary.expression(word)
        assert expression is not None, "require_expressions has looked at every folder"
        return FaceRecord(self.id(path), path.as_posix(), expression, subject=self.subject(path), split=split)

    def id(self, path: Path) -> str:
        """The id of one image: its path without the suffix."""
        return f"{self.name}/{path.with_suffix('').as_posix()}"

    def subject(self, path: Path) -> str | None:
        """The person in the name of a file, where that was asked for."""
        if not self.subjects:
            return None
        subject, underscore, _ = path.stem.partition("_")
        if not subject or not underscore:
            raise DatabaseDamaged(
                f"{self.root / path}: found no subject in {path.name!r}, expected a name such as anna_1.png.\n"
                f"    Rename it, or set data.{self.name}.subjects=false."
            )
        return subject

    def require_one_layout(self, split: Mapping[Path, str | None]) -> None:
        """Raise DatabaseDamaged where some images lie in a split's folder and others do not."""
        beside = [path for path in split if split[path] is None]
        if beside and len(beside) < len(split):
            raise DatabaseDamaged(
                f"{self.root}: found train, val or test folders, and {len(beside):,} images beside them: {some(beside)}.\n"
                "    Move them into a split's folder, or take them away: with a split, every image belongs to a part of it."
            )

    def require_expressions(self, below_split: Sequence[tuple[str, ...]]) -> None:
        """Raise an error where images lie in no folder, or in one whose name is not known."""
        loose = sorted(parts[0] for parts in below_split if len(parts) < 2)
        if loose:
            raise DatabaseDamaged(
                f"{self.root}: {len(loose):,} images are in no expression's folder: {some(loose)}.\n"
                "    Move each into the folder of its expression, such as happy/."
            )
        words = sorted({parts[0] for parts in below_split if self.vocabulary.expression(parts[0]) is None})
        if words:
            complaints = "\n    ".join(f"{self.root}: the folder {self.vocabulary.complaint(word)}." for word in words)
            raise ConfigError(f"{complaints}\n    {remedy(f'data.{self.name}.expressions', words)}")

    def require_distinct(self, paths: Sequence[Path]) -> None:
        """Raise DatabaseDamaged where two images have the same name but for the suffix."""
        twice = [id for id, n in Counter(map(self.id, paths)).items() if n > 1]
        if twice:
            raise DatabaseDamaged(
                f"{self.root}: {len(twice):,} names stand for two images of different suffix: {some(twice)}.\n"
                "    Keep one of the two, or rename it."
            )

    def records(self) -> Sequence[FaceRecord]:
        """Every image, sorted by id."""
        return self.faces

    def read(self, record: FaceRecord) -> Image:
        """The image of one record, (H, W) where it or the database is grey, else (H, W, 3)."""
        return (read_colour if self.colour else read_grey)(self.root / record.source)

    def files(self) -> Sequence[Path]:
        """Every image."""
        return [self.root / record.source for record in self.faces]

    def count(self, records: Sequence[FaceRecord]) -> Mapping[str, int]:
        """Images, images by split, and the files beside them that are no images by their names, where there are such."""
        others = sum(1 for _ in files_below(self.root)) - len(self.faces)
        return {**super().count(records), **({"other files": others} if others else {})}

    def digest(self) -> str:
        """A digest of the files, and of whether they are read as grey."""
        return sha256(f"{super().digest()} {self.colour}".encode()).hexdigest()

    @classmethod
    def write_sample(cls, root: Path, *, subjects: int = 6, seed: int = 0) -> None:
        """Drawn faces in train/, val/ and test/, three a person and expression, some grey and some in colour."""
        for path, image in drawn(subjects=subjects, seed=seed):
            save(image, root / path)


def drawn(*, subjects: int, seed: int) -> Iterator[tuple[str, Image]]:
    """Paths with splits, and the faces to save there; every third person is in another part."""
    for face in sample_faces(EXPRESSIONS, subjects=max(subjects, 3), takes=3, size=64, seed=seed):
        part = ("train", "val", "test")[face.subject % 3]
        image = coloured(face.image) if face.take else face.image
        yield f"{part}/{face.expression}/s{face.subject:02d}_{face.take}.png", image
