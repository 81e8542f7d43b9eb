"""This file proves that a network takes faces of every size that a training shows it, before anything is trained."""

import torch

from fer.data.batched import BatchChanges
from fer.errors import ConfigError
from fer.models.backbone import Backbone


def require_sizes_work(backbone: Backbone, change: object) -> None:
    """Raise ConfigError where the training shows smaller faces than the network can take, as one with a fixed size would."""
    whole = backbone.spec.size
    shares = change.sizes if isinstance(change, BatchChanges) else ()
    for size, share in {round(whole * share): share for share in sorted(shares)}.items():
        if size != whole and not takes(backbone, size):
            raise ConfigError(
                f"augment.batched.sizes: found {share:g}, which makes faces of {size}×{size}; "
                f"{type(backbone).__name__} takes {whole}×{whole} only. Pass augment.batched.sizes=[1.0]"
            )


def takes(backbone: Backbone, size: int) -> bool:
    """Whether features come out of a face of this size."""
    training = backbone.training
    try:
        with torch.inference_mode():
            features = backbone.eval()(torch.zeros(1, backbone.spec.channels, size, size))
            return bool(features.shape == (1, backbone.num_features))
    except (RuntimeError, AssertionError):  # torch refuses shapes that do not fit, timm asserts
        return False
    finally:
        backbone.train(training)
