"""This file finds out whether a map is more than pretty: what the network says while a face is taken away in the map's order.

Deletion and insertion of Petsiuk, Das & Saenko (RISE, BMVC 2018): pixels are replaced from the most relevant to the least, or
put back in that order, and the area under the label's probability is low for deletion and high for insertion where the map is
faithful. Both begin or end at the blurred face, for the reason that `blurred` gives.

Two orders that know nothing of the network stand beside it. The same map laid elsewhere is chance: pixels one by one at random
would be another test, because they leave something of every part of the face until the end. And the centre first is what any
map gets for pointing at the middle of a cut-out face, whoever it is of and whatever the network does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.data.prepare import content
from fer.deploy.format import Read

#: Steps from the whole face to nothing, and random places that a map is laid at.
STEPS, PLACES = 20, 5

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """The probability of the label at shares 0, 1/20, …, 1 of the pixels taken away, and of those put back: (21,) each."""

    deletion: Floats
    insertion: Floats

    @property
    def areas(self) -> tuple[float, float]:
        """The areas under both, in [0, 1]."""
        return area(self.deletion), area(self.insertion)


@dataclass(frozen=True)
class Faithfulness:
    """The curves of a face by the order of its map, of the map elsewhere (the mean over 5 places), and of the centre first."""

    map: Curves
    random: Curves
    centre: Curves


def area(curve: Floats) -> float:
    """The area under a curve over [0, 1]."""
    return float(np.trapezoid(curve, dx=1 / (len(curve) - 1)))


def mean(curves: Sequence[Curves]) -> Curves:
    """The mean curves, whose areas are the mean areas."""
    return Curves(*(np.mean([getattr(of, name) for of in curves], axis=0) for name in ("deletion", "insertion")))


def faithfulness(
    read: Read, face: NDArray[np.uint8], label: int, relevance: NDArray[np.float32], *, instead: NDArray[np.uint8], seed: int
) -> Faithfulness:
    """What becomes of a label's probability when pixels give way to those of `instead`; the same seed, the same places."""
    rng = np.random.default_rng([seed, content(face)])
    maps = [relevance, central(len(face)), *(elsewhere(relevance, rng) for _ in range(PLACES))]
    faces = np.concatenate([stages(face, instead, order(of)) for of in maps])
    said = read(faces)[:, label].astype(np.float64).reshape(len(maps), 2, STEPS + 1)
    of_map, of_centre, *of_random = (Curves(*pair) for pair in said)
    return Faithfulness(of_map, mean(of_random), of_centre)


def order(relevance: NDArray[np.float32]) -> NDArray[np.int64]:
    """The place of each pixel in the order from the most relevant to the least, (S, S)."""
    places = np.empty(relevance.size, np.int64)
    places[np.argsort(-relevance.ravel(), kind="stable")] = np.arange(relevance.size)
    return places.reshape(relevance.shape)


def stages(face: NDArray[np.uint8], instead: NDArray[np.uint8], places: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The face while it is taken away, then while it is put back, (2 · 21, S, S) or (2 · 21, S, S, 3)."""
    counts = np.rint(np.linspace(0, places.size, STEPS + 1)).reshape(-1, 1, 1)
    reached = (places < counts).reshape(STEPS + 1, *places.shape, *(1 for _ in face.shape[2:]))
    return np.concatenate([np.where(reached, instead, face), np.where(reached, face, instead)])


def elsewhere(relevance: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """The map moved by random distances, what leaves on one side entering on the other: as coarse, and knowing nothing."""
    down, right = rng.integers(0, relevance.shape).tolist()
    return np.roll(relevance, (down, right), (0, 1))


def central(size: int) -> NDArray[np.float32]:
    """The map that marks the centre of any face, (size, size)."""
    across = np.linspace(-1, 1, size, dtype=np.float32)
    return -np.hypot(across[:, None], across[None, :])
