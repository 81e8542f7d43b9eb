"""This file defines Network, the features that a network of conf/model has learned, taken as they are."""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fer.build import build
from fer.models.classical.features import Features

if TYPE_CHECKING:
    from fer.models.backbone import Backbone

#: Faces that go through the network at a time.
BATCH = 256


class Network(Features):
    """The output of a frozen backbone, in evaluation mode, in float32 on the CPU.

    `network` is the configuration of a backbone, `weights` the .safetensors file of a run, or a state dict of the network.
    Without, it has the weights of its publisher if it asks for them, or else random ones drawn from `seed`. Features are
    kept by the weights themselves, not by where they lie.
    """

    def __init__(self, network: Mapping[str, Any], seed: int = 0, weights: str | None = None) -> None:
        self.network, self.seed, self.weights = dict(network), seed, weights

    @cached_property
    def untrained(self) -> "Backbone":
        """The network with random weights, which are drawn from `seed` alone."""
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            backbone: Backbone = build(self.network, "features.network")
        return backbone.eval().requires_grad_(False)

    @cached_property
    def backbone(self) -> "Backbone":
        """The network with its weights; raises WeightsError where they cannot be had."""
        from fer.models.weights import load_backbone, read_weights

        if self.weights is None:
            self.untrained.load_pretrained()
        else:
            load_backbone(self.untrained, read_weights(Path(self.weights)))
        return self.untrained

    @property
    def size(self) -> int:  # type: ignore[override]  # the backbone's, known once it is built
        """The side in pixels of the faces that the network takes."""
        return self.untrained.spec.size

    @property
    def channels(self) -> int:  # type: ignore[override]
        """1 or 3, as the network takes them."""
        return self.untrained.spec.channels

    def identity(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """The network's configuration and a digest of its tensors; neither a path nor a seed."""
        digest = hashlib.sha256()
        for name, tensor in self.backbone.state_dict().items():
            digest.update(json.dumps([name, list(tensor.shape)]).encode() + tensor.numpy().tobytes())
        return {"_target_": spec["_target_"], "network": self.network, "weights": digest.hexdigest()}

    def compute(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The features (n, num_features) float32 of faces (n, size, size) or (n, size, size, 3) uint8."""
        batches = [faces[start : start + BATCH] for start in range(0, len(faces), BATCH)]
        return np.concatenate([self.batch(batch) for batch in batches])

    def batch(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The features of at most BATCH faces; a smaller batch is filled up, so that every one is computed alike."""
        import torch

        filled = np.zeros((BATCH, *faces.shape[1:]), np.uint8)
        filled[: len(faces)] = faces
        with torch.inference_mode():
            features = self.backbone(self.backbone.as_input(torch.from_numpy(filled)))
        computed: NDArray[np.float32] = features[: len(faces)].float().numpy()
        return computed
