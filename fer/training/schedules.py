"""This file defines the learning-rate schedules that `conf/optim` can name; each returns Lightning's scheduler entry."""

import math
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR, ReduceLROnPlateau


def one_cycle(optimizer: Optimizer, steps: int, *, warmup: float = 0.2) -> dict[str, Any]:
    """Up to the optimiser's rate over the share `warmup` of all steps, then down to nothing (Smith & Topin 2019)."""
    peak = [group["lr"] for group in optimizer.param_groups]
    momentum = "momentum" in optimizer.defaults or "betas" in optimizer.defaults
    return every_step(OneCycleLR(optimizer, peak, total_steps=max(steps, 2), pct_start=warmup, cycle_momentum=momentum))


def cosine(optimizer: Optimizer, steps: int, *, warmup: float = 0.05) -> dict[str, Any]:
    """Linear warm-up over the share `warmup` of all steps, then half a cosine to nothing (Loshchilov & Hutter 2017)."""
    first = max(1, round(steps * warmup))

    def factor(step: int) -> float:
        return (step + 1) / first if step < first else (1 + math.cos(math.pi * (step - first) / max(1, steps - first))) / 2

    return every_step(LambdaLR(optimizer, factor))


def constant_end(
    optimizer: Optimizer, steps: int, *, warmup: float = 0.1, after: float = 0.75, low: float = 0.2
) -> dict[str, Any]:
    """Linear warm-up, half a cosine down to `low` times the rate, which is kept after the share `after` of all steps.

    A rate that does not vanish lets the weights wander about a minimum, for their average to find its middle (Izmailov et
    al. 2018).
    """
    first, last = max(1, round(steps * warmup)), max(2, round(steps * after))

    def factor(step: int) -> float:
        if step < first:
            return (step + 1) / first
        done = min(1.0, (step - first) / max(1, last - first))
        return low + (1 - low) * (1 + math.cos(math.pi * done)) / 2

    return every_step(LambdaLR(optimizer, factor))


def inverse(optimizer: Optimizer, steps: int, *, gamma: float, power: float) -> dict[str, Any]:
    """Times (1 + gamma × step) ** -power, whatever the number of steps: Caffe's policy "inv"."""
    return every_step(LambdaLR(optimizer, lambda step: (1 + gamma * step) ** -power))


def plateau(
    optimizer: Optimizer, steps: int, *, factor: float = 0.75, patience: int = 5, monitor: str = "val_loss"
) -> dict[str, Any]:
    """Times `factor` after `patience` epochs in which `monitor` did not improve (Khaireddin & Chen 2021)."""
    scheduler = ReduceLROnPlateau(optimizer, "min" if monitor.endswith("loss") else "max", factor=factor, patience=patience)
    return {"scheduler": scheduler, "interval": "epoch", "monitor": monitor}


def every_step(scheduler: LambdaLR | OneCycleLR) -> dict[str, Any]:
    """Lightning's entry for a scheduler that moves after every step."""
    return {"scheduler": scheduler, "interval": "step"}
