"""This file draws the training faces of an epoch so that a network sees every label equally often."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

#: How the training faces of an epoch are drawn: every face once, or every label equally often.
Sampling = Literal["natural", "balanced"]


def balanced_epoch(targets: NDArray[np.int64], *, seed: int, epoch: int) -> NDArray[np.int64]:
    """The positions (N,) that an epoch draws from faces of these labels (N,), shuffled; a function of (seed, epoch) alone.

    An epoch has as many faces as there are, and of every label equally many or one more. The faces of a label are dealt in
    a random order, all of them before any comes again, and the dealing goes on over epochs, so that all faces of a frequent
    label have their turn: counted over all epochs, draw d is of label d mod K, and its (d div K)-th.
    """
    draws = epoch * len(targets) + np.arange(len(targets))
    labels = np.unique(targets)
    positions = np.empty(len(targets), np.int64)
    for turn, label in enumerate(labels):
        own = draws % len(labels) == turn
        positions[own] = dealt(np.flatnonzero(targets == label), draws[own] // len(labels), seed=(seed, 1, int(label)))
    return np.random.default_rng((seed, 0, epoch)).permutation(positions)  # 0 and 1 keep the two kinds of numbers apart


def dealt(faces: NDArray[np.int64], places: NDArray[np.int64], *, seed: tuple[int, ...]) -> NDArray[np.int64]:
    """The faces at these places of an endless dealing: all in a random order, then all again in another, and so on."""
    rounds, within = np.divmod(places, len(faces))
    found = np.empty_like(places)
    for n in np.unique(rounds):
        now = rounds == n
        found[now] = np.random.default_rng((*seed, int(n))).permutation(faces)[within[now]]
    return found
