"""This file cuts faces into parts so that people and sequences stay whole and every part has its share of each expression."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fer.protocols.base import database_of
from fer.records import FaceRecord


def units(records: Sequence[FaceRecord]) -> NDArray[np.int64]:
    """The unit of each record, (N,): records that share a subject or a group, however indirectly, are one unit.

    A record with neither is a unit of its own. Units are numbered by first appearance.
    """
    parent: dict[object, object] = {}

    def root(key: object) -> object:
        while parent.setdefault(key, key) != key:
            parent[key] = key = parent[parent[key]]
        return key

    keys: list[object] = []
    for record in records:
        database = database_of(record)
        named = [(field, database, v) for field, v in (("s", record.subject), ("g", record.group)) if v is not None]
        keys.append(named[0] if named else record.id)
        if len(named) == 2:
            parent[root(named[1])] = root(named[0])
    numbers: dict[object, int] = {}
    return np.fromiter((numbers.setdefault(root(key), len(numbers)) for key in keys), np.int64, len(records))


def cut(records: Sequence[FaceRecord], shares: Sequence[float], *, seed: int) -> NDArray[np.int64]:
    """The part of each record, (N,), so that parts hold about `shares` of every expression and units stay whole.

    Greedy: units from the largest to the smallest, in random order among equals, each to the part where it adds least to
    the squared load relative to the part's share, summed over expressions. No part stays empty while there are as many
    units as parts.
    """
    unit = units(records)
    expressions = sorted({record.expression for record in records})
    column = {name: i for i, name in enumerate(expressions)}
    counts = np.zeros((int(unit.max()) + 1, len(expressions)))
    columns = np.array([column[record.expression] for record in records])
    np.add.at(counts, (unit, columns), 1)
    order = np.random.default_rng(seed).permutation(len(counts))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    capacity = np.outer(shares, counts.sum(axis=0))
    load = np.zeros_like(capacity)
    part = np.empty(len(counts), np.int64)
    for left, u in zip(range(len(order), 0, -1), order, strict=True):
        added = ((2 * load + counts[u]) * counts[u] / capacity).sum(axis=1)
        empty = load.sum(axis=1) == 0
        if left <= empty.sum():
            added[~empty] = np.inf
        part[u] = int(np.argmin(added))
        load[part[u]] += counts[u]
    return part[unit]


def deal(records: Sequence[FaceRecord], shares: Sequence[float], *, seed: int) -> NDArray[np.int64]:
    """The part of each record, (N,), at random with about `shares` of every expression, whoever is in the images."""
    rng = np.random.default_rng(seed)
    expressions = np.array([record.expression for record in records])
    part = np.empty(len(records), np.int64)
    for expression in np.unique(expressions):
        members = rng.permutation(np.flatnonzero(expressions == expression))
        # Each expression begins elsewhere, so that what is left over does not always go to the same parts.
        place = (np.arange(len(members)) + rng.random()) / len(members) % 1
        part[members] = np.searchsorted(np.cumsum(shares)[:-1], place, side="right")
    return part


def ids_by_database(records: Sequence[FaceRecord]) -> dict[str, tuple[str, ...]]:
    """The ids of each database, the test sets of a fold that pools several databases."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for record in records:
        found[database_of(record)].append(record.id)
    return {name: tuple(ids) for name, ids in sorted(found.items())}
