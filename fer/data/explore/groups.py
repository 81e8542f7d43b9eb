"""This file chooses which copies a page shows: conflicting labels, the largest groups, and near copies of every kind."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.data.audit import Audit

CONFLICTS, COPIES, NEAR = 28, 12, 24  # groups that are shown
MEMBERS = 2  # of a group of exact copies, which all look alike


@dataclass(frozen=True)
class Group:
    """Images side by side: rows that are shown, how many more there are, and a note."""

    rows: tuple[int, ...]
    more: int = 0
    note: str = ""


def chosen_conflicts(audit: Audit) -> tuple[Group, ...]:
    """Groups of exact copies with several labels: an image of each label, the most labels first; blank ones say nothing."""
    seen = [group for group in audit.conflicting if audit.thumbnails.spread[group[0]] > 0]
    groups = [(first_of_each(audit, group), len(group)) for group in seen]
    groups.sort(key=lambda group: (-len(group[0]), -group[1], group[0]))
    return tuple(Group(rows, size - len(rows)) for rows, size in groups[:CONFLICTS])


def first_of_each(audit: Audit, group: NDArray[np.int64]) -> tuple[int, ...]:
    """The first image of each label in a group."""
    firsts: dict[str, int] = {}
    for row in group.tolist():
        firsts.setdefault(audit.records[row].expression, row)
    return tuple(firsts.values())


def chosen_copies(audit: Audit) -> tuple[Group, ...]:
    """The largest groups of exact copies of images that are not blank, and of mirrored ones where there are any."""
    seen = [group for group in audit.copies if audit.thumbnails.spread[group[0]] > 0]
    largest = sorted(seen, key=lambda group: (-len(group), group[0]))[:COPIES]
    mirrored = [Group(pair, note="mirrored") for pair in audit.mirrored[: COPIES // 3]]
    return (*mirrored, *(Group(tuple(g[:MEMBERS].tolist()), len(g[MEMBERS:])) for g in largest[: COPIES - len(mirrored)]))


def chosen_near_copies(audit: Audit, rng: np.random.Generator) -> tuple[Group, ...]:
    """Pairs drawn at random: a third mirrored, a third with different labels, as far as there are such."""
    near = audit.near
    labels = np.array([[audit.records[row].expression for row in pair] for pair in near.pairs.tolist()], str).reshape(-1, 2)
    kinds = [near.mirrored, (labels[:, 0] != labels[:, 1]) & ~near.mirrored, np.ones(len(near), bool)]
    chosen: list[int] = []
    for i, kind in enumerate(kinds):
        left = np.setdiff1d(np.flatnonzero(kind), chosen)
        quota = min(len(left), NEAR // 3 if i < 2 else NEAR - len(chosen))
        chosen += np.sort(rng.choice(left, quota, replace=False)).tolist() if quota else []
    return tuple(Group(pair_of(near.pairs, i), note=note_of(near.likeness[i], mirrored=near.mirrored[i])) for i in chosen)


def pair_of(pairs: NDArray[np.int64], i: int) -> tuple[int, ...]:
    """The two rows of a pair."""
    return tuple(pairs[i].tolist())


def note_of(likeness: np.float32, *, mirrored: np.bool_) -> str:
    """What is said below a pair."""
    return f"likeness {likeness:.2f}{', mirrored' if mirrored else ''}"


def labels_differ(audit: Audit, pairs: Sequence[Sequence[int]]) -> int:
    """How many pairs bear different labels."""
    return sum(audit.records[one].expression != audit.records[other].expression for one, other in pairs)
