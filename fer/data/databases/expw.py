"""This file defines the database `expw`: every labelled face of the photographs of Expression in-the-Wild."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from fer.data.database import Database, Image
from fer.data.databases.expw_labels import Row, rows_of
from fer.data.databases.expw_sample import write_sample
from fer.data.databases.face_box import require_margin
from fer.data.databases.listed_images import require_on_disk
from fer.data.databases.nearest import nearest
from fer.data.image_files import read_colour
from fer.errors import ConfigError, DatabaseDamaged
from fer.records import FaceRecord


class ExpW(Database):
    """Expression in-the-Wild (Zhang, Luo, Loy and Tang 2018): 91,793 faces in photographs that an image search found.

    Input: colour photographs, some with several faces. What is read is the box of one face, widened on each side by the share
    `margin` of it and clipped to the photograph.
    Labels: perceived expressions, one of seven a face: 0 anger, 1 disgust, 2 fear, 3 happiness, 4 sadness, 5 surprise,
    6 neutral. Boxes come from a face detector; faces of which it was less sure than `min_confidence`, in the list's own unit
    (22.9, for example), are left out and counted as `unsure`.
    Subjects: nobody is identified. The faces of one photograph are one group, so that they stay together.
    Splits: none.
    Form: data/label/label.lst, eight cells a face, with the photographs in data/image/origin/. Ids are the photograph's name and
    the number of the face in it. A row that says the same as one before is counted as `repeated`.
    Source: https://mmlab.ie.cuhk.edu.hk/projects/socialrelation/index.html. Licence and citation stand below.
    """

    name = "expw"
    colour = True
    cropped = True
    licence = "Non-commercial research; the photographs belong to their owners and must not be passed on."
    citation = (
        "Z. Zhang, P. Luo, C. C. Loy, X. Tang, From Facial Expression Recognition to Interpersonal Relation Prediction, "
        "International Journal of Computer Vision 126(5), 2018."
    )
    obtain = "Download ExpW from https://mmlab.ie.cuhk.edu.hk/projects/socialrelation/index.html and unpack image/origin."
    published: ClassVar[Mapping[str, int]] = {"images": 91793}

    def __init__(self, root: str | Path, *, margin: float = 0.0, min_confidence: float = 0.0) -> None:
        self.root = Path(root).expanduser()
        self.margin = require_margin("data.expw.margin", margin)
        self.min_confidence = min_confidence

    @cached_property
    def labels(self) -> Path:
        """The list of all faces."""
        if path := nearest(self.root, "label/label.lst"):
            return path
        raise self.not_found(self.root, "label/label.lst beside image/origin/; also two folders down")

    @property
    def photographs(self) -> Path:
        """The folder of the photographs."""
        return self.labels.parent.parent / "image" / "origin"

    @cached_property
    def rows(self) -> Mapping[str, Row]:
        """Every face of the list by id."""
        return rows_of(self.labels)

    @cached_property
    def faces(self) -> Sequence[FaceRecord]:
        """The records, made once."""
        return sorted(self.made(), key=lambda record: record.id)

    def made(self) -> Iterator[FaceRecord]:
        """A record for every face that the detector was sure enough of."""
        kept = {id: row for id, row in self.rows.items() if row.confidence >= self.min_confidence}
        if not kept:
            surest = max(row.confidence for row in self.rows.values())
            raise ConfigError(f"data.expw.min_confidence: found {self.min_confidence}, but no face has more than {surest}.")
        listed = list(dict.fromkeys(row.photograph for row in kept.values()))
        require_on_disk(self.labels, listed, folder=self.photographs, remedy="Unpack all parts of the image archive again.")
        folder = self.photographs.relative_to(self.root).as_posix()
        for id, row in kept.items():
            yield FaceRecord(id, f"{folder}/{row.photograph}", row.expression, group=row.photograph)

    def records(self) -> Sequence[FaceRecord]:
        """Every face, sorted by id."""
        return self.faces

    def read(self, record: FaceRecord) -> Image:
        """The face box of one record with its margin, (h, w, 3); (h, w) where the photograph is grey."""
        return self.face(record, read_colour(self.root / record.source))

    def face(self, record: FaceRecord, photograph: Image) -> Image:
        """The part of its photograph that one record shows."""
        row = self.rows[record.id]
        face = row.box.widened(self.margin).cut(photograph)
        if not face.size:
            size = f"{photograph.shape[1]}×{photograph.shape[0]}"
            raise DatabaseDamaged(
                f"{self.labels} line {row.line}: found no part of {row.box} in {record.source} of {size} pixels."
            )
        return face

    def read_many(self, records: Sequence[FaceRecord]) -> Iterator[Image]:
        """The faces of `records` in order; a photograph is decoded once for the faces of it that follow one another."""
        source, photograph = None, None
        for record in records:
            if record.source != source or photograph is None:
                source, photograph = record.source, read_colour(self.root / record.source)
            yield self.face(record, photograph)

    def files(self) -> Sequence[Path]:
        """The list, and every photograph with a face."""
        return [self.labels, *(self.root / source for source in dict.fromkeys(record.source for record in self.faces))]

    def digest(self) -> str:
        """A digest of the files and of the margin, which decides what is read of them."""
        return sha256(f"{super().digest()} {self.margin}".encode()).hexdigest()

    def count(self, records: Sequence[FaceRecord]) -> Mapping[str, int]:
        """Faces, photographs, and the rows that are no records: unsure, repeated."""
        unsure = sum(row.confidence < self.min_confidence for row in self.rows.values())
        repeated = sum(row.repeated for row in self.rows.values())
        counts = {"images": len(records), "photographs": len({record.group for record in records})}
        return {**counts, **{name: n for name, n in (("unsure", unsure), ("repeated", repeated)) if n}}

    @classmethod
    def write_sample(cls, root: Path, *, subjects: int = 6, seed: int = 0) -> None:
        """A made-up copy: 14 drawn faces a subject, some of them two in a photograph."""
        write_sample(root, subjects=subjects, seed=seed)
