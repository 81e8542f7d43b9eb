"""This file defines the protocol that published results are inflated by: folds over images, whoever is in them."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from fer.protocols.balance import deal, ids_by_database
from fer.protocols.base import EvaluationProtocol, Fold
from fer.protocols.k_fold import ids_where, numbered, require_folds, require_share
from fer.records import FaceRecord


class ImageRandom(EvaluationProtocol):
    """k folds over images at random, stratified by expression: the same person stands in training and in test.

    It exists to show by how much that inflates a score. Its results are marked as leaky wherever they are shown, with the
    counts of what leaked.
    """

    leaky: ClassVar[bool] = True

    def __init__(self, folds: int = 10, validation: float = 0.1, seed: int = 0) -> None:
        self.k = require_folds("protocol.folds", folds)
        self.validation = require_share("protocol.validation", validation)
        self.seed = seed

    def folds(self, records: Sequence[FaceRecord]) -> Iterator[Fold]:
        """The k folds, named 00, 01, …"""
        part = deal(records, [1 / self.k] * self.k, seed=self.seed)
        for k, name in enumerate(numbered(self.k)):
            inside = [record for record, p in zip(records, part.tolist(), strict=True) if p != k]
            tested = [record for record, p in zip(records, part.tolist(), strict=True) if p == k]
            is_val = deal(inside, [1 - self.validation, self.validation], seed=self.seed + 1 + k)
            yield Fold(name, ids_where(inside, is_val == 0), ids_where(inside, is_val == 1), ids_by_database(tested))
