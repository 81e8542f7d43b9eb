"""This file says to Optuna what a sweep file asks for: distributions, sampler and pruner; and lists the points of a grid."""

import hashlib
import math
from collections.abc import Mapping
from itertools import product
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.pruners import BasePruner, HyperbandPruner, NopPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from fer.errors import ConfigError
from fer.sweeps.parameters import Choice, Parameter, Range
from fer.sweeps.sweep_file import Stopping, SweepFile

#: The settings of a trial by key, as the command line has them.
Settings = Mapping[str, str]

#: Points of the largest grid: they are listed, and nobody waits for more trials.
MOST_POINTS = 100_000

#: Trials that are drawn at random before TPE has anything to learn from: Optuna's default.
STARTUP = 10


def distributions(parameters: Mapping[str, Parameter]) -> dict[str, BaseDistribution]:
    """What Optuna draws each parameter from; the mapping is the one in wandb.sdk.sweeps.scheduler.optuna."""
    return {name: distribution(parameter) for name, parameter in parameters.items() if varies(parameter)}


def varies(parameter: Parameter) -> bool:
    """Whether a parameter is searched for, rather than a constant."""
    return isinstance(parameter, Range) or len(parameter.values) > 1


def distribution(parameter: Parameter) -> BaseDistribution:
    """What Optuna draws one parameter from."""
    if isinstance(parameter, Choice):
        return CategoricalDistribution(parameter.values)
    if parameter.whole:
        return IntDistribution(int(parameter.low), int(parameter.high), log=parameter.log, step=int(parameter.step or 1))
    return FloatDistribution(parameter.low, parameter.high, log=parameter.log, step=parameter.step)


def settings_of(parameters: Mapping[str, Parameter], drawn: Mapping[str, Any]) -> Settings:
    """All settings of a trial, constants included; fractions with the six digits that stand in every table and name."""
    return {
        name: written(drawn[name]) if varies(parameter) else constant(parameter)
        for name, parameter in parameters.items()
        if name in drawn or not varies(parameter)
    }


def written(value: Any) -> str:
    """A value that Optuna drew, as the command line has it."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def constant(parameter: Parameter) -> str:
    """The only value of a parameter that does not vary."""
    assert isinstance(parameter, Choice), "ranges vary"
    return parameter.values[0]


def grid(parameters: Mapping[str, Parameter]) -> list[dict[str, Any]]:
    """Every combination of the values, the last parameter of the file changing first."""
    varying = {name: values_of(name, parameter) for name, parameter in parameters.items() if varies(parameter)}
    if (points := math.prod(map(len, varying.values()))) > MOST_POINTS:
        raise ConfigError(f"parameters: found a grid of {points:,} trials, expected at most {MOST_POINTS:,}; search at random")
    return [dict(zip(varying, point, strict=True)) for point in product(*varying.values())]


def values_of(name: str, parameter: Parameter) -> list[Any]:
    """The values of a parameter of a grid; ConfigError where they cannot be listed."""
    if isinstance(parameter, Choice):
        return list(parameter.values)
    if not parameter.whole or parameter.log or parameter.step is not None:
        raise ConfigError(f"parameters.{name}: a grid needs values, or the whole numbers from min to max; found another range")
    if parameter.high - parameter.low >= MOST_POINTS:
        raise ConfigError(f"parameters.{name}: found a grid of {parameter.high - parameter.low + 1:,.0f} numbers, expected fewer")
    return list(range(int(parameter.low), int(parameter.high) + 1))


def corner(parameters: Mapping[str, Parameter], end: int) -> Settings:
    """The settings at one end of the space: 0 for the first values and the low ends, -1 for the last and the high ones."""
    return {
        name: parameter.values[end] if isinstance(parameter, Choice) else written(distribution_end(parameter, end))
        for name, parameter in parameters.items()
    }


def distribution_end(parameter: Range, end: int) -> int | float:
    """The lowest or the highest number of a range."""
    found = (parameter.low, parameter.high)[end]
    return int(found) if parameter.whole else float(found)


def sampler(sweep: SweepFile, number: int) -> BaseSampler:
    """What draws trial `number`: seeded by it, so that workers differ, and that the same results lead to the same trials."""
    seed = int.from_bytes(hashlib.sha256(f"{sweep.name}/{number}".encode()).digest()[:4], "little")
    if sweep.method != "bayes":
        return RandomSampler(seed)
    return TPESampler(seed=seed, n_startup_trials=STARTUP, constant_liar=True)


def pruner(stopping: Stopping | None, *, epochs: int | None) -> BasePruner:
    """What stops trials early; `epochs` is the length of a training, None for a model that has none."""
    if stopping is None:
        return NopPruner()
    most = stopping.most or epochs
    if most is None:
        raise ConfigError("early_terminate: the model is not trained in epochs, so that there is nothing to stop; leave it out")
    if most < stopping.least:
        raise ConfigError(f"early_terminate.min_iter: found {stopping.least}, expected at most {most}, which is the last epoch")
    return HyperbandPruner(min_resource=stopping.least, max_resource=most, reduction_factor=stopping.factor)
