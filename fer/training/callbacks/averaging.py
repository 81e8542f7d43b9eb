"""This file defines the exponential moving average of the weights, which is validated and kept in their place."""

from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor


def moving_average(decay: float) -> WeightAveraging:
    """A callback that averages weights and batch statistics over steps, with decay min(decay, (1 + n) / (10 + n)).

    The smaller decay at the start forgets the random weights, however short the training (Tan & Le 2019's warm-up).
    """

    def average(averaged: Tensor, current: Tensor, steps: Tensor) -> Tensor:
        n = float(steps)
        return averaged + (1 - min(decay, (1 + n) / (10 + n))) * (current - averaged)

    return WeightAveraging(use_buffers=True, avg_fn=average)
