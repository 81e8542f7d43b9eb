"""This file counts annotators' votes: how much they agree, and what they say of the images of each label."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.records import EXPRESSIONS, FaceRecord

TENTHS = 10  # the agreement is counted in tenths, in which ten annotators agree


@dataclass(frozen=True)
class Votes:
    """The votes on `images` images: `names` voted for, mean shares by label (summing to 1), and the agreement.

    `agreement` (11,) counts images by the share of the votes that the most frequent answer got, rounded to tenths; `same`
    is the number of images whose most frequent answer, the first in order on a tie, is their label.
    """

    images: int
    names: tuple[str, ...]
    shares: Mapping[str, Mapping[str, float]]
    agreement: NDArray[np.int64]
    same: int


def count_votes(records: Sequence[FaceRecord]) -> Votes | None:
    """The votes on the images that have some; None where there are none."""
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    tops, same = [], 0
    for record in records:
        if record.votes and (total := sum(record.votes.values())) > 0:
            shares = {name: count / total for name, count in record.votes.items()}
            winner = max(shares, key=shares.__getitem__)
            sums[record.expression].update(shares)
            tops.append(shares[winner])
            same += winner == record.expression
    if not tops:
        return None
    voted = {name for shares in sums.values() for name, share in shares.items() if share}
    names = [*(name for name in EXPRESSIONS if name in voted), *sorted(voted - set(EXPRESSIONS))]
    shares_of = {label: {name: sums[label][name] / sums[label].total() for name in names} for label in ordered(sums)}
    return Votes(
        len(tops),
        tuple(names),
        shares_of,
        np.bincount(np.rint(np.array(tops) * TENTHS).astype(np.int64), minlength=TENTHS + 1),
        same,
    )


def ordered(labels: Mapping[str, object]) -> list[str]:
    """The labels in canonical order, others last."""
    return [*(name for name in EXPRESSIONS if name in labels), *sorted(set(labels) - set(EXPRESSIONS))]
