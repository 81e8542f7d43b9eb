"""This file defines the database `kdef`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from fer.data.database import Database, Image
from fer.data.databases.copies import gathered, only_one
from fer.data.databases.folder_names import folder_of
from fer.data.databases.kdef_names import ANGLES, EXPRESSION_OF, PERSON_FOLDER, Picture
from fer.data.databases.kdef_sample import write_sample
from fer.data.image_files import images_below, read_colour
from fer.errors import ConfigError
from fer.records import FaceRecord

#: What the folder is called by those who hand it on, where it is not called as configured.
FOLDERS = ("kdef", "kdefandakdef")

#: Users report these pictures to be black. None is straight; only a file too small for a photograph is taken for one.
REPORTED_BLACK = frozenset(
    ("AF01SUFR", "AF10AFFR", "AF11NEHL", "AF20DIHL", "AM25DIFL", "AM34DIFR", "BF13NEHR", "BM21DIFL", "BM22DIHL", "BM24DIFL")
)
SMALLEST_PHOTOGRAPH = 20_000  # bytes; the black files are reported to have 12,104


class Kdef(Database):
    """KDEF, Karolinska Directed Emotional Faces (Lundqvist, Flykt and Öhman 1998): 4,900 photographs of 70 people.

    Input: 562×762 (width × height) in colour, even light, with hair and shoulders in a grey T-shirt; a face has yet to be
    cropped. `angles` chooses the cameras: S straight, HL and HR half left and right, FL and FR full profiles. The default
    is S alone, 980 photographs: most detectors of faces and landmarks expect them.
    Labels: the expression that was asked for, posed: AF fear, AN anger, DI disgust, HA happiness, NE neutral, SA sadness,
    SU surprise.
    Subjects: 35 women, F01 to F35, and 35 men, M01 to M35. Session A and session B show the same people.
    Splits: none.
    Damage: a file whose name lacks a part, as AF31V.JPG and AM31H.JPG, tells no expression, is no record and is counted
    under `misnamed pictures`; black pictures, of which users report up to ten, none of them straight, under `black pictures`.
    Forms: KDEF_and_AKDEF/KDEF/AF01/AF01AFS.JPG in folders of any name and depth; the averaged faces in AKDEF/ are nobody's
    and count under `other images`. Where `root` is missing, KDEF_and_AKDEF is looked for beside it.
    Source: https://kdef.se. Licence and citation stand below.
    """

    name = "kdef"
    colour = True
    licence = "Non-commercial research by researchers; the images must not be passed on without written consent."
    citation = (
        "D. Lundqvist, A. Flykt, A. Öhman, The Karolinska Directed Emotional Faces - KDEF, CD ROM from Department of Clinical "
        "Neuroscience, Psychology section, Karolinska Institutet, ISBN 91-630-7164-9, 1998."
    )
    obtain = "Download KDEF_and_AKDEF.zip from https://kdef.se and unpack it."
    published: ClassVar[Mapping[str, int]] = {
        "pictures": 4900,
        "subjects": 70,
        "straight pictures": 980,
        **{f"straight {expression}": 140 for expression in EXPRESSION_OF.values()},
    }

    def __init__(self, root: str | Path, *, angles: Sequence[str] = ("S",)) -> None:
        unknown = [angle for angle in angles if angle not in ANGLES]
        if unknown or not angles:
            found = repr(unknown[0]) if unknown else "none"
            raise ConfigError(f"data.kdef.angles: found {found}, expected some of {', '.join(ANGLES)}")
        self.root = Path(root).expanduser()
        self.angles = tuple(angles)

    @cached_property
    def folder(self) -> Path:
        """The folder that paths are relative to."""
        return folder_of(self.root, FOLDERS)

    @cached_property
    def images(self) -> Sequence[Path]:
        """Every image in the folder, whatever its name."""
        return list(images_below(self.folder))

    @cached_property
    def pictures(self) -> Mapping[Picture, Sequence[Path]]:
        """The files of every picture whose name is one; raises DatabaseNotFound where there are none."""
        named = [(picture, path) for path in self.images if (picture := Picture.of(path))]
        if not named:
            looked_for = "images such as KDEF/AF01/AF01AFS.JPG at any depth, also in a folder KDEF_and_AKDEF beside it"
            raise self.not_found(self.root, looked_for)
        files = gathered((picture.name, path) for picture, path in named)
        return {picture: files[picture.name] for picture in sorted({picture for picture, _ in named})}

    @cached_property
    def black(self) -> frozenset[Picture]:
        """The pictures that show nothing."""
        suspects = [picture for picture in self.pictures if picture.name in REPORTED_BLACK]
        return frozenset(p for p in suspects if self.pictures[p][0].stat().st_size < SMALLEST_PHOTOGRAPH)

    def records(self) -> Sequence[FaceRecord]:
        """Every picture of the chosen angles, sorted by id."""
        chosen = [picture for picture in self.pictures if picture.angle in self.angles and picture not in self.black]
        return [self.record(picture) for picture in chosen]

    def record(self, picture: Picture) -> FaceRecord:
        """The record of one picture; where files of its name lie about, those in the folder of its person come first."""
        paths = self.pictures[picture]
        official = [path for path in paths if path.parent.name.upper() == picture.name[:4]]
        source = only_one(official or paths, root_key="data.kdef.root").relative_to(self.folder).as_posix()
        return FaceRecord(f"kdef/{picture.name}", source, picture.expression, picture.subject)

    def read(self, record: FaceRecord) -> Image:
        """The image of one record, (762, 562, 3) uint8."""
        return read_colour(self.folder / record.source)

    def files(self) -> Sequence[Path]:
        """Every image that is a record."""
        return [self.folder / record.source for record in self.records()]

    def count(self, records: Sequence[FaceRecord]) -> Mapping[str, int]:
        """Images; on the disk pictures of all angles, their subjects, straight ones by expression, and what is no record."""
        straight = Counter(picture.expression for picture in self.pictures if picture.angle == "S")
        misnamed = [path for path in self.images if PERSON_FOLDER.fullmatch(path.parent.name) and not Picture.of(path)]
        named = sum(map(len, self.pictures.values()))
        stray = {
            "misnamed pictures": len(misnamed),
            "black pictures": len(self.black),
            "copies": named - len(self.pictures),
            "other images": len(self.images) - named - len(misnamed),
        }
        return {
            "images": len(records),
            "pictures": len(self.pictures) + len(misnamed),
            "subjects": len({picture.subject for picture in self.pictures}),
            "straight pictures": straight.total(),
            **{f"straight {expression}": straight[expression] for expression in EXPRESSION_OF.values()},
            **{name: number for name, number in stray.items() if number},
        }

    @classmethod
    def write_sample(cls, root: Path, *, subjects: int = 6, seed: int = 0) -> None:
        """A made-up copy: both sessions of seven expressions a subject, some angles, averaged faces and a misnamed file."""
        write_sample(root, subjects=subjects, seed=seed)
