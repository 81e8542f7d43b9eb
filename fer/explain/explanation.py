"""This file explains faces: each by the network of its own fold, with what becomes of its label when the map is followed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.explain.faces import Face
from fer.explain.faithfulness import Faithfulness, faithfulness
from fer.explain.maps import Method, blurred, relevance
from fer.explain.network import Network


@dataclass(frozen=True)
class Explanation:
    """What the network says of a face, (K,) float32, and how much each pixel speaks for its label, (S, S) in [-1, 1]."""

    face: Face
    probabilities: NDArray[np.float32]
    relevance: NDArray[np.float32]
    faithfulness: Faithfulness

    @property
    def predicted(self) -> int:
        """The most probable label, which is explained."""
        return int(self.probabilities.argmax())

    @property
    def wrong(self) -> bool:
        """Whether the face is known to have another label."""
        return self.face.target not in (-1, self.predicted)


def explanations(faces: Sequence[Face], of: Mapping[str, Network], method: Method, *, seed: int) -> Iterator[Explanation]:
    """The explanation of each face, by the network of its fold; `seed` lays maps at random places for comparison."""
    return (explained(face, of[face.fold], method, seed=seed) for face in faces)


def explained(face: Face, network: Network, method: Method, *, seed: int) -> Explanation:
    """Why the network gives a face the label that it gives it."""
    probabilities = network.read(face.pixels[None])[0]
    label = int(probabilities.argmax())
    found = relevance(network, face.pixels, label, method)
    proof = faithfulness(network.read, face.pixels, label, found, instead=blurred(face.pixels), seed=seed)
    return Explanation(face, probabilities, found, proof)
