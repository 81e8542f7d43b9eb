"""This file restores the network of a fold so that it can be asked many times what it says of faces."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from fer.models.classifier import ExpressionClassifier
from fer.models.input_spec import InputSpec
from fer.models.weights import read_weights, stored_classifier
from fer.results.stored_run import StoredRun
from fer.training.start import WEIGHTS

#: Faces that are read at once: enough to keep a device busy, and 150 MB of 224×224 pixels in colour.
BATCH = 256


@dataclass(frozen=True)
class Network:
    """A trained network, on the GPU where there is one."""

    classifier: ExpressionClassifier

    @classmethod
    def of(cls, run: StoredRun, fold: str) -> "Network":
        """The network of a fold; raises WeightsError where its file is gone."""
        classifier = stored_classifier(read_weights(run.path / "folds" / fold / WEIGHTS))
        return cls(classifier.to("cuda" if torch.cuda.is_available() else "cpu"))

    @property
    def spec(self) -> InputSpec:
        """The faces that it wants."""
        return self.classifier.backbone.spec

    def given(self, faces: NDArray[np.uint8]) -> torch.Tensor:
        """Faces where the network is."""
        return torch.from_numpy(faces).to(self.classifier.head.weight.device)

    def read(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities (N, K) of faces (N, S, S) or (N, S, S, 3) uint8."""
        with torch.inference_mode():
            return np.concatenate([self.probabilities(faces[i : i + BATCH]) for i in range(0, len(faces), BATCH)])

    def probabilities(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The same of one batch."""
        found: NDArray[np.float32] = self.classifier(self.given(faces)).float().softmax(1).cpu().numpy()
        return found


def networks(run: StoredRun, folds: Sequence[str]) -> dict[str, Network]:
    """The networks of these folds."""
    return {fold: Network.of(run, fold) for fold in dict.fromkeys(folds)}
