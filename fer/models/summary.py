"""This file counts what a network costs: its parameters and the multiply-adds of one face."""

import torch
from torch.utils.flop_counter import FlopCounterMode

from fer.models.backbone import Backbone


def count_parameters(backbone: Backbone) -> int:
    """How many numbers the backbone learns; the head adds a few for each label."""
    return sum(parameter.numel() for parameter in backbone.parameters())


def count_multiply_adds(backbone: Backbone) -> int:
    """Multiply-adds of one face in convolutions, matrix products and attention, by torch's own counter."""
    spec, training = backbone.spec, backbone.training
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        backbone.eval()(torch.zeros(1, spec.channels, spec.size, spec.size))
    backbone.train(training)
    return int(counter.get_total_flops()) // 2  # an addition and a multiplication are two operations
