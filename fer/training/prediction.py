"""This file asks a trained network: for the probabilities of faces, and for what there is to see of it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from fer.data.faces import Faces, evenly
from fer.files import replacing
from fer.models.classifier import ExpressionClassifier
from fer.models.views import Views, one_look

PREDICT_BATCH = 512

#: Training faces that pictures of a network are drawn on.
DRAWN = 2000


def probabilities(classifier: ExpressionClassifier, faces: Faces, *, views: Views = one_look) -> NDArray[np.float32]:
    """What the network says of faces, (N, K) float32, computed in float32 where it is; the mean over the views of each face."""
    found = np.empty((len(faces), classifier.head.out_features), np.float32)
    with torch.inference_mode():
        for start, batch in batches(faces, np.arange(len(faces))):
            shown = views(classifier.as_input(batch.to(classifier.head.weight.device)))
            shares = torch.stack([classifier.logits(view).float().softmax(1) for view in shown])
            found[start : start + len(batch)] = shares.mean(0).cpu().numpy()
    return found


def draw(classifier: ExpressionClassifier, train: Faces, folder: Path) -> dict[str, str]:
    """Write what there is to see of the trained network as PNG files; gives their captions.

    On training faces, which are of many people: the mean face of a validation part may be a portrait.
    """
    shown = (classifier.as_input(batch) for _, batch in batches(train, evenly(len(train), DRAWN)))
    captions = {}
    with torch.inference_mode():
        for picture in classifier.backbone.pictures(shown):
            captions[f"{picture.name}.png"] = picture.caption
            with replacing(folder / f"{picture.name}.png") as beside:
                Image.fromarray(picture.image).save(beside, "png")
    return captions


def batches(faces: Faces, positions: NDArray[np.int64]) -> Iterator[tuple[int, Tensor]]:
    """The faces at these positions in order, in batches of bytes, each with the number of faces before it."""
    for start in range(0, len(positions), PREDICT_BATCH):
        yield start, torch.from_numpy(faces.take(positions[start : start + PREDICT_BATCH]))
