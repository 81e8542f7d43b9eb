"""This file withholds labels: a fold trains on so many images of its training part, and the others stay unlabelled."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from fer.errors import ProtocolError
from fer.protocols.base import Fold


def with_few_labels(fold: Fold, expression_of: Mapping[str, str], *, images: int) -> Fold:
    """The fold with `images` labelled training images, each expression's share kept and none left out.

    Which ones depends on the fold and its seed alone. Raises ProtocolError where there are fewer, or more expressions.
    """
    members: defaultdict[str, list[str]] = defaultdict(list)
    for i in fold.train:
        members[expression_of[i]].append(i)
    if not len(members) <= images <= len(fold.train):
        raise ProtocolError(
            f"train_images: found {images}, expected at least {len(members)}, one an expression, "
            f"and at most the {len(fold.train)} training images of fold '{fold.name}'"
        )
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(f"{fold.seed}/{fold.cut}".encode()).digest()[:8], "little"))
    counts = shares({name: len(ids) for name, ids in members.items()}, images)
    kept = {i for name in sorted(members) for i in rng.permutation(members[name])[: counts[name]].tolist()}
    labelled = tuple(i for i in fold.train if i in kept)
    return replace(fold, train=labelled, unlabelled=tuple(i for i in fold.train if i not in kept))


def shares(sizes: Mapping[str, int], total: int) -> dict[str, int]:
    """`total` shared out in proportion to sizes by largest remainders, at least one each and never more than there are."""
    exact = {name: size * total / sum(sizes.values()) for name, size in sizes.items()}
    counts = {name: max(1, int(share)) for name, share in exact.items()}
    while (rest := total - sum(counts.values())) != 0:
        step = 1 if rest > 0 else -1
        open_ones = [name for name in counts if (counts[name] < sizes[name] if step > 0 else counts[name] > 1)]
        counts[max(open_ones, key=lambda name: (step * (exact[name] - counts[name]), name))] += step
    return counts
