"""This file defines the database `jaffe`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from fer.data.database import Database, Image
from fer.data.databases.copies import gathered, only_one
from fer.data.databases.folder_names import folder_of
from fer.data.databases.jaffe_names import EXPRESSION_OF, official_name
from fer.data.databases.jaffe_sample import write_sample
from fer.data.image_files import images_below, read_grey
from fer.records import FaceRecord

#: What the folder is called by those who hand it on, where it is not called as configured.
FOLDERS = ("jaffe", "jaffedbase", "jaffedb", "jaffedatabase", "jaffeimages")


class Jaffe(Database):
    """JAFFE, Japanese Female Facial Expression (Lyons et al. 1998): 213 photographs of ten women.

    Input: 256×256 grey, frontal, with hair and background; a face has yet to be cropped. Of the 213 TIFF files 23 hold
    palettes or RGB and are read as grey.
    Labels: the expression that was asked for, posed: AN anger, DI disgust, FE fear, HA happiness, NE neutral, SA sadness,
    SU surprise; 2 to 4 takes each. The ratings by 60 people that are part of the release are not read.
    Subjects: ten women: KA KL KM KR MK NA NM TM UY YM.
    Splits: none; leave one subject out is usual.
    Damage: none is known. An image found twice is counted under `copies`, an image by another name under `other images`.
    Forms: `KA.AN1.39.tiff` in folders of any name and depth, upper or lower case, with or without the dots. Where `root`
    is missing, jaffe, jaffedbase, jaffe_db, jaffe_database and jaffe_images are looked for beside it.
    Source: https://zenodo.org/record/3451524. Licence and citation stand below.
    """

    name = "jaffe"
    licence = "Non-commercial research; the images must not be passed on."
    citation = (
        "M. J. Lyons, S. Akamatsu, M. Kamachi, J. Gyoba, Coding Facial Expressions with Gabor Wavelets, IEEE International "
        "Conference on Automatic Face and Gesture Recognition, 1998."
    )
    obtain = "Request it at https://zenodo.org/record/3451524 and unpack it."
    published: ClassVar[Mapping[str, int]] = {
        "images": 213,
        "subjects": 10,
        **dict(zip(EXPRESSION_OF.values(), (30, 29, 32, 31, 30, 31, 30), strict=True)),
        **{"KA": 23, "KL": 22, "KM": 22, "KR": 20, "MK": 21, "NA": 21, "NM": 20, "TM": 21, "UY": 21, "YM": 22},
    }

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).expanduser()

    @cached_property
    def folder(self) -> Path:
        """The folder that paths are relative to."""
        return folder_of(self.root, FOLDERS)

    @cached_property
    def images(self) -> Sequence[Path]:
        """Every image in the folder, whatever its name."""
        return list(images_below(self.folder))

    @cached_property
    def faces(self) -> Mapping[str, Sequence[Path]]:
        """The files of every face, by its name in the official form; raises DatabaseNotFound where there are none."""
        faces = gathered((name, path) for path in self.images if (name := official_name(path)))
        if not faces:
            looked_for = "images such as KA.AN1.39.tiff at any depth, also in folders beside it such as jaffedbase"
            raise self.not_found(self.root, looked_for)
        return faces

    def records(self) -> Sequence[FaceRecord]:
        """Every image, sorted by id."""
        chosen = {name: only_one(paths, root_key="data.jaffe.root") for name, paths in sorted(self.faces.items())}
        return [self.record(name, path) for name, path in chosen.items()]

    def record(self, name: str, path: Path) -> FaceRecord:
        """The record of one image; its name says who shows what."""
        subject, expression, _ = name.split(".")
        source = path.relative_to(self.folder).as_posix()
        return FaceRecord(f"jaffe/{name}", source, EXPRESSION_OF[expression[:2]], subject)

    def read(self, record: FaceRecord) -> Image:
        """The image of one record, (256, 256) uint8."""
        return read_grey(self.folder / record.source)

    def files(self) -> Sequence[Path]:
        """Every image that is a record."""
        return [self.folder / record.source for record in self.records()]

    def count(self, records: Sequence[FaceRecord]) -> Mapping[str, int]:
        """Images, subjects, images by expression and by subject; copies and other images where there are such."""
        expressions, subjects = Counter(r.expression for r in records), Counter(str(r.subject) for r in records)
        named = sum(map(len, self.faces.values()))
        stray = {"copies": named - len(self.faces), "other images": len(self.images) - named}
        return {
            "images": len(records),
            "subjects": len(subjects),
            **{expression: expressions[expression] for expression in EXPRESSION_OF.values()},
            **{name: subjects[name] for name in self.published if name.isupper()},
            **{name: number for name, number in stray.items() if number},
        }

    @classmethod
    def write_sample(cls, root: Path, *, subjects: int = 6, seed: int = 0) -> None:
        """A made-up copy: two to four takes of seven expressions a subject, some as palette and RGB, and stray files."""
        write_sample(root, subjects=subjects, seed=seed)
