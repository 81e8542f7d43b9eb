"""This file defines the database `rafdb`, in its official form or in Kaggle's folders."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

from fer.data.database import Database, Image
from fer.data.databases.nearest import nearest
from fer.data.databases.rafdb_layouts import LIST, FolderLayout, Layout, ListLayout
from fer.data.databases.rafdb_sample import write_sample
from fer.data.image_files import read_colour
from fer.errors import ConfigError
from fer.records import FaceRecord


class RafDb(Database):
    """RAF-DB, the basic part (Li, Deng and Du 2017): 15,339 faces of photographs on the web, seven perceived expressions.

    Input: colour. `images: aligned` are faces of 100×100, turned and cropped by landmarks; `images: original` are the whole
    photographs, in which a face has yet to be found.
    Labels: one perceived expression of seven an image: 1 surprise, 2 fear, 3 disgust, 4 happiness, 5 sadness, 6 anger,
    7 neutral; each image was labelled by about 40 people. The part of compound expressions is not read.
    Subjects: nobody is identified; the same person may stand in both splits.
    Splits: train 12,271, test 3,068; there is no validation part.
    Forms: the official one, basic/EmoLabel/list_patition_label.txt with basic/Image/aligned/train_00001_aligned.jpg; and
    Kaggle's, DATASET/train/5/train_00001_aligned.jpg, which has aligned images only, with train_labels.csv and
    test_labels.csv, which are checked against the folders where they are there. Ids are the same in both.
    Source: http://www.whdeng.cn/RAF/model1.html. Licence and citation stand below.
    """

    name = "rafdb"
    colour = True
    licence = "Non-commercial research; the photographs belong to their owners and must not be passed on."
    citation = (
        "S. Li, W. Deng, J. Du, Reliable Crowdsourcing and Deep Locality-Preserving Learning for Expression Recognition in the "
        "Wild, CVPR 2017."
    )
    obtain = "Request the basic part from its authors at http://www.whdeng.cn/RAF/model1.html."
    published: ClassVar[Mapping[str, int]] = {"images": 15339, "train": 12271, "test": 3068}

    def __init__(self, root: str | Path, *, images: Literal["aligned", "original"] = "aligned") -> None:
        self.root = Path(root).expanduser()
        self.images = images
        self.cropped = images == "aligned"

    @cached_property
    def layout(self) -> Layout:
        """The form in which the database lies in `root`."""
        if path := nearest(self.root, LIST):
            return ListLayout(self.root, path, self.images)
        for label in range(1, 8):
            if folder := nearest(self.root, f"train/{label}"):
                self.require_aligned(folder.parent)
                return FolderLayout(self.root, folder.parent.parent)
        raise self.not_found(self.root, f"{LIST}, or train/1/ to train/7/; also two folders down")

    def require_aligned(self, folder: Path) -> None:
        """Raise ConfigError where the original photographs are asked of Kaggle's form."""
        if self.images != "aligned":
            raise ConfigError(
                f"data.rafdb.images: found {self.images!r}, but {folder} is Kaggle's form, which has aligned images only. "
                "Use data.rafdb.images=aligned, or the official form."
            )

    @cached_property
    def faces(self) -> Sequence[FaceRecord]:
        """The records, read once."""
        return sorted(self.layout.records(), key=lambda record: record.id)

    def records(self) -> Sequence[FaceRecord]:
        """Every labelled image, sorted by id."""
        return self.faces

    def read(self, record: FaceRecord) -> Image:
        """The image of one record: (100, 100, 3) where it is aligned, or the photograph."""
        return read_colour(self.root / record.source)

    def files(self) -> Sequence[Path]:
        """The label files, and every labelled image."""
        return [*self.layout.label_files(), *(self.root / record.source for record in self.faces)]

    def count(self, records: Sequence[FaceRecord]) -> Mapping[str, int]:
        """Images, images by split, and images that are in no list where there are such."""
        splits = Counter(record.split for record in records)
        unlisted = self.layout.unlisted()
        counts = {"images": len(records), "train": splits["train"], "test": splits["test"]}
        return {**counts, "unlisted": unlisted} if unlisted else counts

    @classmethod
    def write_sample(cls, root: Path, *, subjects: int = 6, seed: int = 0) -> None:
        """A made-up copy in the official form: 14 drawn faces a subject, aligned and as photographs."""
        write_sample(root, subjects=subjects, seed=seed)
