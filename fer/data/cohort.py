"""This file defines Cohort, all faces of an experiment under one index: records, pixels and targets, by id."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fer.data.faces import Faces, FaceStack
from fer.data.prepare import PreparedFaces
from fer.labels import LabelSpace
from fer.records import FaceRecord


@dataclass(frozen=True)
class Cohort:
    """The labelled faces of an experiment, sorted by id.

    `rows` (N,) int64 are the records' places in `pixels`, `copies` (N, 2) uint64 the digests of each image and its mirror.
    `not_found` are the ids of images in which the preprocessing found no face; `cropped` names the databases whose images
    were faces already.
    """

    records: Sequence[FaceRecord]
    labels: LabelSpace
    pixels: FaceStack
    rows: NDArray[np.int64]
    copies: NDArray[np.uint64]
    not_found: frozenset[str] = frozenset()
    cropped: tuple[str, ...] = ()

    @classmethod
    def join(
        cls,
        prepared: Sequence[tuple[Sequence[FaceRecord], PreparedFaces]],
        *,
        records: Sequence[FaceRecord],
        labels: LabelSpace,
        cropped: Sequence[str] = (),
    ) -> "Cohort":
        """The `records` that the label space kept, out of the prepared faces of every database."""
        row_of = {record.id: row for row, record in enumerate(record for all_records, _ in prepared for record in all_records)}
        rows = np.fromiter((row_of[record.id] for record in records), np.int64, len(records))
        copies = np.concatenate([faces.copies for _, faces in prepared])
        not_found = {i for _, faces in prepared for i in faces.not_found}
        kept = frozenset(record.id for record in records if record.id in not_found)
        pixels = FaceStack([faces.array for _, faces in prepared])
        return cls(records, labels, pixels, rows, copies[rows], kept, tuple(cropped))

    @cached_property
    def position_of(self) -> dict[str, int]:
        """The position of each id among the records."""
        return {record.id: i for i, record in enumerate(self.records)}

    def positions(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """The positions of `ids`, (n,) int64."""
        return np.fromiter((self.position_of[i] for i in ids), np.int64, len(ids))

    def faces(self, ids: Sequence[str]) -> Faces:
        """The faces of `ids` in this order, with their targets."""
        positions = self.positions(ids)
        targets = self.labels.targets([self.records[i] for i in positions])
        return Faces(self.pixels, self.rows[positions], targets, self.labels.resolved)

    def unlabelled(self, ids: Sequence[str]) -> Faces:
        """The faces of `ids` in this order, whose targets are all -1."""
        positions = self.positions(ids)
        return Faces(self.pixels, self.rows[positions], np.full(len(ids), -1, np.int64), self.labels.resolved)
