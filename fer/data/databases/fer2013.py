"""This file defines the database `fer2013`, in whichever form it was downloaded, with FER+ votes where they lie beside it."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from fer.data.database import Database, Image
from fer.data.databases.fer2013_csv import LABELS, CsvLayout
from fer.data.databases.fer2013_folders import FolderLayout
from fer.data.databases.fer2013_layout import SPLITS, Layout
from fer.data.databases.fer2013_sample import write_faces, write_votes
from fer.records import FaceRecord

#: Of fer2013.csv as it was published.
MD5 = "f8428a1edbd21e88f42c73edd2a14f95"


class Fer2013(Database):
    """FER2013 (Goodfellow et al. 2013): 35,887 faces that an image search found for words of emotion.

    Input: 48×48 grey, cropped by a face detector, poses and occlusions of everyday photographs.
    Labels: perceived expressions, one label of seven an image, given by search word and corrected by hand. FER+ (Barsoum
    et al. 2016), ten annotators' votes an image for eight expressions, `unknown` and `not_a_face`, is read where
    fer2013new.csv lies beside a csv that holds all rows.
    Subjects: nobody is identified; the same person may stand in several splits.
    Splits: Training 28,709, PublicTest 3,589, PrivateTest 3,589.
    Damage: 34,034 distinct images; 280 PublicTest and 288 PrivateTest images have an exact copy in Training, 57 groups
    of copies bear conflicting labels, 12 images are black. There are no exact mirrored copies.
    Forms: fer2013.csv; icml_face_data.csv; Kaggle's train.csv with test.csv, whose images have no labels and are counted
    as `unlabelled`; Kaggle's folders of images. Ids are the row number in the csv forms and the path in the folders.
    Source: https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge,
    votes from https://github.com/microsoft/FERPlus. Licence and citation stand below.
    """

    name = "fer2013"
    cropped = True
    licence = "Research use; the photographs belong to their owners and must not be passed on. The FER+ votes are MIT."
    citation = (
        "I. J. Goodfellow et al., Challenges in Representation Learning: A report on three machine learning contests, ICONIP "
        "2013. For FER+ votes also: E. Barsoum, C. Zhang, C. Canton Ferrer, Z. Zhang, Training Deep Networks for Facial "
        "Expression Recognition with Crowd-Sourced Label Distribution, ICMI 2016."
    )
    obtain = (
        "Download fer2013.csv from https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-"
        "recognition-challenge (FER+ votes: fer2013new.csv from https://github.com/microsoft/FERPlus)."
    )
    published: ClassVar[Mapping[str, int]] = {
        "images": 35887,
        "Training": 28709,
        "PublicTest": 3589,
        "PrivateTest": 3589,
        **dict(zip(LABELS, (4953, 547, 5121, 8989, 6077, 4002, 6198), strict=True)),
    }

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).expanduser()

    @cached_property
    def layout(self) -> Layout:
        """The form in which the database lies in `root`."""
        if layout := find_layout(self.root):
            return layout
        looked_for = "fer2013.csv, icml_face_data.csv, train.csv, or folders such as train/angry/; also one folder down"
        raise self.not_found(self.root, looked_for)

    def records(self) -> Sequence[FaceRecord]:
        """Every labelled image, sorted by id."""
        return self.layout.records()

    def read(self, record: FaceRecord) -> Image:
        """The image of one record, (48, 48) uint8."""
        return next(self.layout.read_many([record]))

    def read_many(self, records: Sequence[FaceRecord]) -> Iterator[Image]:
        """The images of `records` in order, from a file that is opened once."""
        return self.layout.read_many(records)

    def files(self) -> Sequence[Path]:
        """The csv and the votes, or every image."""
        return self.layout.files()

    def count(self, records: Sequence[FaceRecord]) -> Mapping[str, int]:
        """Images, images by split and by expression, and the images that have no label where there are such."""
        splits, expressions = Counter(r.split for r in records), Counter(r.expression for r in records)
        counts = {"images": len(records), **{s: splits[s] for s in SPLITS}, **{e: expressions[e] for e in LABELS}}
        unlabelled = self.layout.unlabelled()
        return {**counts, "unlabelled": unlabelled} if unlabelled else counts

    def checks(self, records: Sequence[FaceRecord]) -> Mapping[str, tuple[object, object]]:
        """The counts, and the MD5 of fer2013.csv; the other forms have no published checksum."""
        checks = dict(super().checks(records))
        path = self.files()[0]
        if path.name == "fer2013.csv":
            with path.open("rb") as file:
                checks["md5"] = (hashlib.file_digest(file, "md5").hexdigest(), MD5)
        return checks

    @classmethod
    def write_sample(cls, root: Path, *, subjects: int = 6, seed: int = 0) -> None:
        """A made-up fer2013.csv of 28 drawn faces a subject and a few copies, and its fer2013new.csv."""
        root.mkdir(parents=True, exist_ok=True)
        rows = write_faces(root / "fer2013.csv", subjects=subjects, seed=seed)
        write_votes(root / "fer2013new.csv", rows, seed=seed)


def find_layout(root: Path) -> Layout | None:
    """The form that lies in `root` or one folder down, where archives unpack to; the fullest one where there are several."""
    for name in ("fer2013.csv", "icml_face_data.csv"):
        if csv := find_file(root, name):
            return CsvLayout(root, csv, votes=find_file(root, "fer2013new.csv"))
    if csv := find_file(root, "train.csv"):
        return CsvLayout(root, csv, split="Training", test=csv.with_name("test.csv"))
    folders = [train.parent for train in (root / "train", *sorted(root.glob("*/train"))) if train.is_dir()]
    return FolderLayout(root, folders[0]) if folders else None


def find_file(root: Path, name: str) -> Path | None:
    """The file of this name in `root` or one folder down."""
    return next((path for path in (root / name, *sorted(root.glob(f"*/{name}"))) if path.is_file()), None)
