"""This file defines the database `affectnet`: its manually annotated images, in the complete release or the smaller one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from fer.data.database import Database, Image, Points
from fer.data.databases.affectnet_layout import Layout
from fer.data.databases.affectnet_lists import ListLayout
from fer.data.databases.affectnet_numbered import NumberedLayout
from fer.data.databases.affectnet_sample import write_sample
from fer.data.databases.face_box import require_margin
from fer.data.databases.nearest import nearest
from fer.errors import DatabaseDamaged
from fer.records import FaceRecord


class AffectNet(Database):
    """AffectNet (Mollahosseini, Hasani and Mahoor 2019), manually annotated: 291,651 faces of the web, eight expressions.

    Input: colour. The complete release holds pictures of many sizes and the box of the face in each: what is read is the box,
    widened on each side by the share `margin` of it and clipped to the picture; the whole picture where the list has no box.
    The smaller release holds faces of 224×224, to which `margin` does not apply.
    Labels: one perceived expression an image, by one annotator: 0 neutral, 1 happiness, 2 sadness, 3 surprise, 4 fear,
    5 disgust, 6 anger, 7 contempt. 8 none, 9 uncertain and 10 no face are no expressions: such images are no records and are
    counted. Valence and arousal are not read. 68 landmarks an image come with both releases.
    Subjects: nobody is identified; the same person may stand in both splits.
    Splits: train 287,651, validation 4,000; the test part was never published, and results are reported on `validation`:
    protocol=official_validation.
    Damage: one picture of the complete release is empty, which `omit` leaves out and counts; give further ones there.
    Forms: Manually_Annotated_file_lists/{training,validation}.csv with Manually_Annotated_Images/; and
    {train_set,val_set}/images/0.jpg with annotations/0_exp.npy and 0_lnd.npy.
    Source: http://mohammadmahoor.com/affectnet/. Licence and citation stand below.
    """

    name = "affectnet"
    colour = True
    cropped = True
    licence = "Non-commercial research, by agreement; the photographs belong to their owners and must not be passed on."
    citation = (
        "A. Mollahosseini, B. Hasani, M. H. Mahoor, AffectNet: A Database for Facial Expression, Valence, and Arousal Computing "
        "in the Wild, IEEE Transactions on Affective Computing 10(1), 2019."
    )
    obtain = "Request it at http://mohammadmahoor.com/affectnet/ (researchers sign an agreement)."
    published: ClassVar[Mapping[str, int]] = {"images": 291651, "train": 287651, "validation": 4000}

    def __init__(self, root: str | Path, *, margin: float = 0.0, omit: Sequence[str] = ()) -> None:
        self.root = Path(root).expanduser()
        self.margin = require_margin("data.affectnet.margin", margin)
        self.omit = frozenset(omit)

    @cached_property
    def layout(self) -> Layout:
        """The release that lies in `root`, the complete one where there are both."""
        training, pictures = nearest(self.root, "training.csv"), nearest(self.root, "Manually_Annotated_Images")
        if training and pictures:
            return ListLayout(self.root, training.parent, pictures, self.margin, self.omit)
        if folder := nearest(self.root, "train_set/annotations"):
            return NumberedLayout(self.root, folder.parent.parent, self.omit)
        looked_for = "training.csv and Manually_Annotated_Images/, or train_set/annotations/; also two folders down"
        raise self.not_found(self.root, looked_for)

    @cached_property
    def faces(self) -> Sequence[FaceRecord]:
        """The records, read once."""
        return sorted(self.layout.records(), key=lambda record: record.id)

    def records(self) -> Sequence[FaceRecord]:
        """Every image with an expression, sorted by id."""
        return self.faces

    def read(self, record: FaceRecord) -> Image:
        """The face of one record, (h, w, 3); (h, w) where it was stored as grey."""
        try:
            return self.layout.read(record)
        except DatabaseDamaged as error:
            raise DatabaseDamaged(f"{error.args[0]}\n    Or leave it out: add its path to data.affectnet.omit.") from None

    def landmarks(self, record: FaceRecord) -> Points | None:
        """The 68 published points in pixels of what `read` gives; None where the list has none."""
        return self.layout.landmarks(record)

    def files(self) -> Sequence[Path]:
        """The label files, and every image with an expression."""
        return [*self.layout.label_files(), *(self.root / record.source for record in self.faces)]

    def digest(self) -> str:
        """A digest of the files and of the margin, which decides what is read of them."""
        return sha256(f"{super().digest()} {self.margin}".encode()).hexdigest()

    def count(self, records: Sequence[FaceRecord]) -> Mapping[str, int]:
        """Images, images by split, and the images that are no records: none, uncertain, no_face, omitted."""
        splits = Counter(record.split for record in records)
        counts = {"images": len(records), "train": splits["train"], "validation": splits["validation"]}
        return {**counts, **{name: n for name, n in self.layout.left_out().items() if n}}

    @classmethod
    def write_sample(cls, root: Path, *, subjects: int = 6, seed: int = 0) -> None:
        """A made-up complete release: 16 drawn faces a subject, some images without an expression, and the empty picture."""
        write_sample(root, subjects=subjects, seed=seed)
