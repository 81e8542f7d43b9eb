"""This file reads the images behind predictions, for loggers that are allowed to show faces."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer.data.database import Database
from fer.results.stored_run import StoredRun
from fer.training.experiment import build_databases
from fer.training.places import with_roots

LONGEST = 128  # pixels of a side: enough to judge a face by, and 1,000 of them are some 5 MB


def face_images(run: StoredRun, ids: Sequence[str]) -> Mapping[str, NDArray[np.uint8]]:
    """The images by id as the database has them, made smaller where they are large.

    Raises DatabaseNotFound where the database is not where the run recorded it.
    """
    wanted = set(ids)
    found: dict[str, NDArray[np.uint8]] = {}
    for database in build_databases(with_roots(run.config, run.provenance.get("roots") or {})["data"]):
        found |= images_in(database, wanted)
    return found


def images_in(database: Database, wanted: set[str]) -> dict[str, NDArray[np.uint8]]:
    """Those of the images that are in one database."""
    records = [record for record in database.records() if record.id in wanted]
    return {record.id: smaller(image) for record, image in zip(records, database.read_many(records), strict=True)}


def smaller(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image, neither side of which is longer than LONGEST."""
    picture = Image.fromarray(image)
    picture.thumbnail((LONGEST, LONGEST))
    return np.asarray(picture)
