"""This file defines LabelSpace, the only place where the name of an expression becomes an index."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fer.errors import ConfigError
from fer.records import EXPRESSIONS, FaceRecord

VoteRule = Literal["majority", "argmax", "soft"]

NO_MAJORITY = "no_majority"
VOTE_RULES: Mapping[VoteRule, str] = {
    "majority": "FER+ reference rule: single votes dropped, the winner needs more than half of the rest",
    "argmax": "most FER+ votes wins, the first in the file's column order on a tie",
    "soft": "images and test labels by the FER+ reference rule, trained on the distribution of the votes",
}


#: How many expressions there must be to tell apart.
LEAST = 2


@dataclass(frozen=True)
class LabelSpace:
    """The expressions that a model tells apart, in order.

    `names` None takes whatever the databases have, in canonical order. `merge` renames expressions before anything is
    dropped (`{contempt: disgust}`). `votes` derives each label from the annotators' votes instead of the database's own
    label, by one of VOTE_RULES (Barsoum et al. 2016).
    """

    names: Sequence[str] | None = None
    merge: Mapping[str, str] = field(default_factory=dict)
    votes: VoteRule | None = None

    def __post_init__(self) -> None:
        if unknown := [name for name in [*(self.names or ()), *self.merge] if name not in self.known]:
            raise ConfigError(f"labels: {', '.join(unknown)} is no expression; the names are {', '.join(EXPRESSIONS)}")
        if self.votes is not None and self.votes not in VOTE_RULES:
            raise ConfigError(f"labels.votes: found {self.votes!r}, expected one of {', '.join(VOTE_RULES)}")
        if self.names is not None:
            object.__setattr__(self, "names", require_several(self.names))

    def __len__(self) -> int:
        return len(self.resolved)

    @property
    def known(self) -> tuple[str, ...]:
        """Every name that a label can have after merging, in canonical order, names of the user's own last."""
        return tuple(dict.fromkeys([*EXPRESSIONS, *self.merge.values()]))

    @property
    def resolved(self) -> tuple[str, ...]:
        """The names in order; only a label space that went through `restrict` is sure to have them."""
        assert self.names is not None, "the label space is the databases' own: restrict() names it"
        return tuple(self.names)

    @property
    def rule(self) -> str:
        """Where the labels come from, in words, for the report."""
        return "the databases' own labels" if self.votes is None else VOTE_RULES[self.votes]

    def encode(self, expressions: Iterable[str]) -> NDArray[np.int64]:
        """The index of each expression, (N,) int64."""
        index = {name: i for i, name in enumerate(self.resolved)}
        return np.fromiter((index[expression] for expression in expressions), np.int64)

    def targets(self, records: Sequence[FaceRecord]) -> NDArray[np.int64] | NDArray[np.float32]:
        """What a learner is trained on: indices (N,) int64, or under `soft` the distribution of the votes (N, K) float32."""
        if self.votes != "soft":
            return self.encode(record.expression for record in records)
        votes = [self.merged(outliers_dropped(record.votes or {})) for record in records]
        shares = np.array([[vote.get(name, 0.0) for name in self.resolved] for vote in votes], np.float32)
        shares = shares.reshape(len(records), len(self))  # no record is (0, K) too
        distribution: NDArray[np.float32] = shares / shares.sum(axis=1, keepdims=True)
        return distribution

    def merged(self, votes: Mapping[str, float]) -> Mapping[str, float]:
        """The votes with those for a merged expression added to what it is merged into."""
        merged: defaultdict[str, float] = defaultdict(float)
        for name, count in votes.items():
            merged[self.merge.get(name, name)] += count
        return merged

    def restrict(self, records: Sequence[FaceRecord]) -> "Restriction":
        """Relabel, merge and drop, counting what is merged or dropped by name; nothing is dropped silently.

        Raises ConfigError where no image is left, or where the databases' own labels come down to one.
        """
        wanted = set(self.known if self.names is None else self.names)
        merged: Counter[str] = Counter()
        dropped: Counter[str] = Counter()
        relabelled: list[FaceRecord] = []
        for record in records:
            label = record.expression if self.votes is None else label_from_votes(record, self.votes)
            if label in self.merge:
                merged[f"{label} → {self.merge[label]}"] += 1
                label = self.merge[label]
            if label in wanted:
                relabelled.append(record if label == record.expression else replace(record, expression=label))
            else:
                dropped[label] += 1
        present = {record.expression for record in relabelled}
        if not present or (self.names is None and len(present) < LEAST):
            raise too_few(self, relabelled, dropped)
        names = self.names or [name for name in self.known if name in present]
        return Restriction(replace(self, names=names), relabelled, dropped, merged)


@dataclass(frozen=True)
class Restriction:
    """What `LabelSpace.restrict` leaves: the label space with its names, the records in it, and the counts by name."""

    labels: LabelSpace
    records: Sequence[FaceRecord]
    dropped: Mapping[str, int]
    merged: Mapping[str, int]

    def __str__(self) -> str:
        """What was kept, merged and dropped, in a sentence."""
        parts = [f"{len(self.records):,} images of {len(self.labels)} labels: {', '.join(self.labels.resolved)}"]
        for done, counts in (("merged", self.merged), ("dropped", self.dropped)):
            if counts:
                parts.append(f"{done} " + ", ".join(f"{name} ({images:,})" for name, images in sorted(counts.items())))
        return "; ".join(parts)


def require_several(names: Sequence[str]) -> tuple[str, ...]:
    """The names, of which there are several different ones."""
    found = ", ".join(names) or "none"
    if len(set(names)) < len(names):
        raise ConfigError(f"labels.names: found {found}, expected each expression once")
    if len(names) < LEAST:
        raise ConfigError(f"labels.names: found {found}, expected at least two expressions, or null for all that there are")
    return tuple(names)


def too_few(labels: LabelSpace, kept: Sequence[FaceRecord], dropped: Mapping[str, int]) -> ConfigError:
    """The error for labels that leave no image, or images of one expression only."""
    if kept:
        return ConfigError(
            f"labels: all {len(kept):,} images are labelled {kept[0].expression}, expected at least two expressions. "
            f"Add a database, or merge fewer labels."
        )
    wanted = " or ".join(labels.names or ["with an expression"])
    found = ", ".join(f"{name} ({images:,})" for name, images in sorted(dropped.items())) or "no image at all"
    return ConfigError(f"labels: no image is labelled {wanted}; found {found}. Choose other labels, or other data.")


def outliers_dropped(votes: Mapping[str, float]) -> dict[str, float]:
    """The votes without those that a single annotator gave, the outlier rule of the FER+ reference code."""
    return {name: count for name, count in votes.items() if count > 1}


def label_from_votes(record: FaceRecord, rule: VoteRule) -> str:
    """The label that `rule` gives: an expression, `unknown`, `not_a_face`, or NO_MAJORITY."""
    if record.votes is None:
        raise ConfigError(f"labels: {record.id} has no votes; FER+ labels need fer2013new.csv beside fer2013.csv")
    votes = dict(record.votes) if rule == "argmax" else outliers_dropped(record.votes)
    if not votes:
        return NO_MAJORITY
    winner = max(votes, key=votes.__getitem__)
    if rule != "argmax" and votes[winner] <= sum(votes.values()) / 2:
        return NO_MAJORITY
    return winner
