"""This file defines the database `table`: images of the user's own that a csv or parquet file lists."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from fer.build import did_you_mean
from fer.data.database import Database, Image
from fer.data.databases.expression_words import Vocabulary
from fer.data.databases.table_rows import COLUMNS, Listing, read_rows
from fer.data.databases.table_sample import write_sample
from fer.data.image_files import read_colour, read_grey
from fer.errors import ConfigError
from fer.records import FaceRecord


class Table(Database):
    """Images of your own that a table lists: a csv or parquet file with a row an image.

    Input: image files of any kind and size below `root`. `colour: false` reads them as grey; `cropped: true` says that they show
    faces and little else, so that none has to be looked for.
    Table: `file`, below `root`, with the columns path and expression, and where they are known subject, group (images that
    must stay together: a video, a series) and split. `columns: {path: filename}` gives other names; a column that was given
    another name must be there. Paths are relative to the table's folder, or absolute and below `root`. A csv has a header,
    and commas, semicolons or tabs; parquet needs pip install 'ferlab[parquet]'.
    Labels: anger or angry, disgust, fear, happiness or happy, sadness or sad, surprise, neutral, contempt, and the like
    (fer/data/databases/expression_words.py), upper or lower case. Others are mapped by `expressions: {1: surprise}`.
    Splits: the words of the column split; train, val and test are what protocol=official knows.
    Ids are the paths below `root` without the suffix, and `name` is their first part: another name is another database.
    Source, licence and citation: yours.
    """

    licence = "Yours: make sure that the people shown agree to what you do with their faces."
    citation = "Images of your own: say where they come from, who labelled them, and how."
    obtain = "Write a csv file with a header and the columns path and expression, and if they are known subject, group and split."
    colour: bool = True

    def __init__(
        self,
        root: str | Path,
        *,
        name: str = "table",
        file: str = "faces.csv",
        columns: Mapping[str, str] | None = None,
        cropped: bool = False,
        colour: bool = True,
        expressions: Mapping[str, str] | None = None,
    ) -> None:
        self.root, self.file = Path(root).expanduser(), file
        self.name, self.cropped, self.colour = name, cropped, colour
        self.columns = {**dict.fromkeys(COLUMNS, ""), **(columns or {})}
        if unknown := [key for key in self.columns if key not in COLUMNS]:
            hint = did_you_mean(unknown[0], COLUMNS)
            raise ConfigError(f"data.{name}.columns.{unknown[0]}: is no column{hint}. The columns are {', '.join(COLUMNS)}.")
        self.vocabulary = Vocabulary.of(expressions or {}, f"data.{name}.expressions")

    @property
    def path(self) -> Path:
        """Where the table is."""
        return self.root / self.file

    @cached_property
    def faces(self) -> Sequence[FaceRecord]:
        """The records, read once."""
        if not self.path.is_file():
            raise self.not_found(self.root, f"{self.file}; data.{self.name}.file names another table")
        listing = Listing(self.name, self.root, self.path, self.vocabulary)
        return sorted(listing.records(read_rows(self.path, self.columns)), key=lambda record: record.id)

    def records(self) -> Sequence[FaceRecord]:
        """Every image of the table, sorted by id."""
        return self.faces

    def read(self, record: FaceRecord) -> Image:
        """The image of one record, (H, W) where it or the database is grey, else (H, W, 3)."""
        return (read_colour if self.colour else read_grey)(self.root / record.source)

    def files(self) -> Sequence[Path]:
        """The table, and every image."""
        return [self.path, *(self.root / record.source for record in self.faces)]

    def digest(self) -> str:
        """A digest of the files, and of whether they are read as grey."""
        return sha256(f"{super().digest()} {self.colour}".encode()).hexdigest()

    @classmethod
    def write_sample(cls, root: Path, *, subjects: int = 6, seed: int = 0) -> None:
        """A made-up faces.csv with drawn faces, three a person and expression, with people and splits."""
        write_sample(root, subjects=subjects, seed=seed)
