"""This file defines the database `ckplus`, in the layout of its authors or as CK+48."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from fer.data.database import Database, Image, Points
from fer.data.databases.ckplus_48 import FOLDERS, Ck48Layout
from fer.data.databases.ckplus_layout import Layout, sequence_in, sequence_of, subject_of
from fer.data.databases.ckplus_original import EMOTION, OriginalLayout
from fer.data.databases.ckplus_sample import write_original, write_rendering
from fer.data.databases.copies import only_one
from fer.data.databases.folder_names import folder_of
from fer.data.image_files import files_below, is_image, read_grey
from fer.errors import ConfigError, DatabaseDamaged
from fer.records import FaceRecord

#: What the folder is called by those who hand it on, where it is not called as configured.
NAMES = ("ckplus", "ck+", "cohnkanade", "cohnkanade+", "cohnkanadeplus", "extendedcohnkanade", "ck", "ck+48", "ckplus48", "ck48")

SEQUENCES = {"anger": 45, "contempt": 18, "disgust": 59, "fear": 25, "happiness": 69, "sadness": 28, "surprise": 83}


class CkPlus(Database):
    """CK+, the extended Cohn-Kanade database (Lucey et al. 2010): 593 sequences of 123 people, from neutral to the peak.

    Input: grey. In the layout of the authors frames of 640×490 or 640×480, some of them stored in colour, frontal, in which
    a face has yet to be cropped; in CK+48 faces of 48×48.
    Labels: one posed expression for each of 327 sequences of 118 people, validated by its authors: 45 anger,
    18 contempt, 59 disgust, 25 fear, 69 happiness, 28 sadness, 83 surprise. The other 266 sequences have no label; they are
    not neutral, are no records, and are counted as `unlabelled sequences`. Records are the last
    `last_frames` images of a labelled sequence, 1 being the peak alone, and with `neutral` its first image as neutral. The
    defaults, the last three and no neutral, give 981 images of seven expressions in either form, so that scores on the one
    can be set beside scores on the other. `contempt: false` leaves contempt out, and counts what it leaves out.
    Subjects: S005 and so on. The group is the sequence, S005_001: its images are nearly the same.
    Splits: none; ten folds or leaving one subject out are usual.
    Damage: none is known.
    Forms: cohn-kanade-images/S005/001/S005_001_00000011.png with Emotion/…_emotion.txt, Landmarks/…_landmarks.txt (68 points,
    optional) and FACS/ (not read); or Kaggle's CK+48/anger/S010_004_00000017.png, which has the last three images of the
    labelled sequences and nothing else. They are told apart by looking, the first wins where both lie there, and ids are the
    same in both. Folders may be nested in others. Where `root` is missing, CK+, cohn-kanade, CK+48 and the like are looked
    for beside it.
    Source: http://www.jeffcohn.net/Resources/. Licence and citation stand below.
    """

    name = "ckplus"
    licence = "Research under a signed agreement; the images must not be passed on."
    citation = (
        "P. Lucey, J. F. Cohn, T. Kanade, J. Saragih, Z. Ambadar, I. Matthews, The Extended Cohn-Kanade Dataset (CK+): A "
        "complete dataset for action unit and emotion-specified expression, CVPR Workshops 2010."
    )
    obtain = "Request it at http://www.jeffcohn.net/Resources/ and unpack cohn-kanade-images, Emotion_labels and Landmarks."
    published: ClassVar[Mapping[str, int]] = {
        "sequences": 327,
        "subjects": 118,
        **{f"{expression} sequences": number for expression, number in SEQUENCES.items()},
    }

    def __init__(self, root: str | Path, *, last_frames: int = 3, neutral: bool = False, contempt: bool = True) -> None:
        if last_frames < 1:
            raise ConfigError(f"data.ckplus.last_frames: found {last_frames}, expected 1 or more")
        self.root = Path(root).expanduser()
        self.last_frames = last_frames
        self.neutral = neutral
        self.contempt = contempt

    @property
    def cropped(self) -> bool:  # type: ignore[override]  # only a look at the files tells
        """True for CK+48."""
        return self.layout.cropped

    @cached_property
    def folder(self) -> Path:
        """The folder that paths are relative to."""
        return folder_of(self.root, NAMES)

    @cached_property
    def layout(self) -> Layout:
        """The form in which the database lies in the folder."""
        if layout := find_layout(self.folder):
            return layout
        looked_for = "Emotion/ and cohn-kanade-images/, or CK+48/, at any depth, also in folders beside it such as CK+"
        raise self.not_found(self.root, looked_for)

    @cached_property
    def faces(self) -> Sequence[FaceRecord]:
        """The records, those of contempt included, sorted by id."""
        self.layout.check(self.last_frames, neutral=self.neutral)
        return sorted(self.labelled_frames(), key=lambda record: record.id)

    def labelled_frames(self) -> Iterator[FaceRecord]:
        """The chosen frames of each labelled sequence."""
        for sequence, expression in self.layout.labels.items():
            frames = self.layout.frames[sequence]
            if self.neutral:
                yield self.record(frames[0], "neutral")
            for frame in frames[-self.last_frames :]:
                yield self.record(frame, expression)

    def record(self, frame: str, expression: str) -> FaceRecord:
        """The record of one frame."""
        path = only_one(self.layout.paths[frame], root_key="data.ckplus.root")
        source = path.relative_to(self.folder).as_posix()
        return FaceRecord(f"ckplus/{frame}", source, expression, subject_of(frame), sequence_of(frame))

    def records(self) -> Sequence[FaceRecord]:
        """Every labelled image, sorted by id."""
        return [record for record in self.faces if self.contempt or record.expression != "contempt"]

    def read(self, record: FaceRecord) -> Image:
        """The image of one record, (H, W) uint8."""
        return read_grey(self.folder / record.source)

    def landmarks(self, record: FaceRecord) -> Points | None:
        """The 68 points that its authors tracked, (68, 2); None in CK+48 and where the file is not there."""
        return self.layout.landmarks(record.id.partition("/")[2])

    def files(self) -> Sequence[Path]:
        """The images that are records, and their labels and landmarks."""
        records = self.records()
        beside = self.layout.files([record.id.partition("/")[2] for record in records])
        return [*beside, *(self.folder / record.source for record in records)]

    def count(self, records: Sequence[FaceRecord]) -> Mapping[str, int]:
        """Images; labelled sequences on the disk, their subjects and expressions; what has no label, and what is left out."""
        labels = self.layout.labels
        sequences, left_out = Counter(labels.values()), len(self.faces) - len(self.records())
        return {
            "images": len(records),
            "sequences": len(labels),
            "subjects": len({subject_of(sequence) for sequence in labels}),
            **{f"{expression} sequences": sequences[expression] for expression in SEQUENCES},
            **self.layout.counts(),
            **({"contempt images left out": left_out} if left_out else {}),
        }

    def checks(self, records: Sequence[FaceRecord]) -> Mapping[str, tuple[object, object]]:
        """The published counts of either form, those of the layout of the authors, and the images that follow from them."""
        counts = self.count(records)
        sequences = sum(SEQUENCES.values()) - (0 if self.contempt else SEQUENCES["contempt"])
        images = sequences * self.last_frames + sum(SEQUENCES.values()) * self.neutral
        form = {name: (counts[name], expected) for name, expected in self.layout.published.items()}
        return {"images": (len(records), images), **super().checks(records), **form}

    @classmethod
    def write_sample(cls, root: Path, *, subjects: int = 6, seed: int = 0) -> None:
        """A made-up copy in the layout of the authors: seven labelled sequences a subject, and some without a label."""
        write_original(root, subjects=subjects, seed=seed)

    @classmethod
    def write_sample_48(cls, root: Path, *, subjects: int = 6, seed: int = 0) -> None:
        """The same sequences as CK+48."""
        write_rendering(root, subjects=subjects, seed=seed)


def find_layout(folder: Path) -> Layout | None:
    """The form that lies in `folder`; raises DatabaseDamaged for images without labels."""
    files = list(files_below(folder))
    frames = [path for path in files if sequence_in(path.stem) and is_image(path)]
    rendered = [path for path in frames if path.parent.name.casefold() in FOLDERS]
    texts = [path for path in files if path.suffix.lower() == ".txt"]
    if any(EMOTION.fullmatch(path.stem) for path in texts):
        return OriginalLayout(folder, [path for path in frames if path.parent.name.casefold() not in FOLDERS], texts)
    if rendered:
        return Ck48Layout(folder, rendered)
    if frames:
        raise DatabaseDamaged(
            f"{folder}: found {len(frames):,} images without a label, expected Emotion/*_emotion.txt or folders as anger/.\n"
            "    Unpack Emotion_labels.zip beside them: what has no label file has no label."
        )
    return None
