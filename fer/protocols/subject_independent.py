"""This file defines the protocol of subject-independent k-fold cross-validation."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fer.protocols.balance import cut, units
from fer.protocols.base import EvaluationProtocol, Fold, database_of
from fer.protocols.k_fold import k_folds, require_folds, require_share, require_subjects
from fer.records import FaceRecord


class SubjectIndependent(EvaluationProtocol):
    """k folds over people; every face is tested once, by a model that never saw the person.

    `people` says who goes into which fold: `stratified` balances expressions and sizes, `ascending` deals the people out by
    ascending id, the rule that CK+ results are published under (person i into fold i mod k; Liu et al., Facial Expression
    Recognition via a Boosted Deep Belief Network, CVPR 2014, with k = 10). Validation is a part of the training people, who
    are in neither the rest of the training part nor the test part. `seed` cuts the folds and is apart from the training
    seed, so that several seeds share their folds.
    """

    def __init__(
        self,
        folds: int = 5,
        validation: float = 0.15,
        people: Literal["stratified", "ascending"] = "stratified",
        seed: int = 0,
    ) -> None:
        self.k = require_folds("protocol.folds", folds)
        self.validation = require_share("protocol.validation", validation)
        self.people, self.seed = people, seed

    def folds(self, records: Sequence[FaceRecord]) -> Iterator[Fold]:
        """The k folds, named 00, 01, …; raises ProtocolError where people are not identified or too few."""
        require_subjects(records, at_least=self.k + 1)
        ascending = self.people == "ascending"
        part = dealt_by_id(records, self.k) if ascending else cut(records, [1 / self.k] * self.k, seed=self.seed)
        yield from k_folds(records, part, validation=self.validation, seed=self.seed)


def dealt_by_id(records: Sequence[FaceRecord], k: int) -> NDArray[np.int64]:
    """The part of each record, (N,): people by ascending database and id, the first to part 0, the next to part 1, …"""
    unit = units(records)
    named = sorted((database_of(record), str(record.subject), u) for record, u in zip(records, unit.tolist(), strict=True))
    place = {u: i % k for i, u in enumerate(dict.fromkeys(u for _, _, u in named))}
    return np.fromiter((place[u] for u in unit.tolist()), np.int64, len(records))
