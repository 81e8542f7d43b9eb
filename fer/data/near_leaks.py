"""This file counts the test images that have a near copy in the training part, where a run has several databases.

Near copies are counted and never refused: the same photograph in two databases is a leak, the same person holding still in
two frames of one is not, and pixels alone do not tell them apart. `fer data audit` lists them for a person to judge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.data.database import Database
from fer.data.near_copies.search import NearCopies, near_copies
from fer.data.near_copies.thumbnails import Thumbnails, thumbnails
from fer.protocols.base import Fold
from fer.records import FaceRecord


@dataclass(frozen=True)
class NearLeaks:
    """The near copies between the databases of a run, and the row of each image among all of them."""

    rows: Mapping[str, int]
    originals: NDArray[np.int64]
    found: NearCopies

    @classmethod
    def across(cls, databases: Sequence[tuple[Database, Sequence[FaceRecord]]]) -> "NearLeaks | None":
        """Look for near copies among the images of several databases; None for a single one, which an audit is for."""
        if len(databases) < 2:
            return None
        joined = Thumbnails.join([thumbnails(database, records) for database, records in databases])
        ids = [record.id for _, records in databases for record in records]
        places = np.repeat(np.arange(len(databases)), [len(records) for _, records in databases])
        return cls({i: row for row, i in enumerate(ids)}, joined.originals, near_copies(joined, between=places))

    def count(self, fold: Fold) -> Mapping[str, int]:
        """The images of each test set that have a near copy in training but no exact one, as the leak check names them."""
        train = self.rows_of(fold.train)
        counts = {}
        for name, ids in fold.tests.items():
            tested = self.rows_of(ids)
            near = self.found.touched(self.originals, inside=tested, outside=train)
            exact = np.isin(self.originals[tested], self.originals[train])
            counts[f"near copy: train → test {name!r}"] = int((near & ~exact).sum())
        return {kind: images for kind, images in counts.items() if images}

    def rows_of(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """The rows of these images, (n,)."""
        return np.fromiter((self.rows[i] for i in ids), np.int64, len(ids))
