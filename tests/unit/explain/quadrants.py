"""This file trains networks on faces of which one quadrant alone tells the label, so that it is known where maps must point."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from fer.explain.network import Network
from fer.models.backbone import Backbone
from fer.models.classifier import ExpressionClassifier

SIZE, LABELS = 32, 3


def quadrant_faces(n: int, *, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Faces (n, 32, 32) whose lower left quarter has level, upright or slanting stripes; the others are specks as strong."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(LABELS, size=n)
    faces = rng.normal(128, 12, (n, SIZE, SIZE))
    half = SIZE // 2
    specks = rng.choice((-1, 1), (n, half, half)).repeat(2, 1).repeat(2, 2)
    for face, speck, label in zip(faces, specks, labels.tolist(), strict=True):
        speck[half:, :half] = stripes(label)
        face += 70 * speck
    return faces.clip(0, 255).astype(np.uint8), labels


def stripes(kind: int) -> NDArray[np.float64]:
    """A quarter full of stripes of one of three directions, in [-1, 1]."""
    down, right = np.mgrid[: SIZE // 2, : SIZE // 2]
    return np.sign(np.sin((down, right, down + right)[kind] * np.pi / 3 + 0.5))


def trained(backbone: Backbone, *, steps: int, rate: float) -> Network:
    """The network after so many steps of Adam."""
    torch.manual_seed(0)
    faces, labels = quadrant_faces(600, seed=1)
    classifier = ExpressionClassifier(backbone, LABELS).train()
    optimizer = torch.optim.Adam(classifier.parameters(), rate)
    for step in range(steps):
        some = slice(50 * (step % 12), 50 * (step % 12) + 50)
        optimizer.zero_grad()
        F.cross_entropy(classifier(torch.from_numpy(faces[some])), torch.from_numpy(labels[some])).backward()
        optimizer.step()
    return Network(classifier.eval())


def share_where_the_label_is(relevance: NDArray[np.float32]) -> float:
    """How much of what speaks for the label lies in the lower left quarter; 0.25 of a map that knows nothing."""
    speaks = relevance.clip(0, None)
    return float(speaks[SIZE // 2 :, : SIZE // 2].sum() / speaks.sum())
