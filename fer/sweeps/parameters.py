"""This file reads one parameter of a W&B sweep file: a choice of values, or a range of numbers."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fer.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values, written as the command line has them; a single one is a constant."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers from `low` to `high`, both included: `whole` ones, on a `log` scale, in steps of `step` from `low` on."""

    low: float
    high: float
    whole: bool = False
    log: bool = False
    step: float | None = None


Parameter = Choice | Range

#: The numbers of ranges are no further from 0: Optuna draws whole ones in 64 bits, and 1e18 is below 2**63.
FURTHEST = 10**18

#: The distributions that are offered, by W&B's names, with the keys that each takes; `q` alone may be left out.
KEYS: Mapping[str, tuple[str, ...]] = {
    "constant": ("value",),
    "categorical": ("values",),
    "int_uniform": ("min", "max"),
    "uniform": ("min", "max"),
    "log_uniform_values": ("min", "max"),
    "q_uniform": ("min", "max", "q"),
    "q_log_uniform_values": ("min", "max", "q"),
}


def read_parameter(name: str, described: Any) -> Parameter:
    """The parameter that a mapping of the file describes; ConfigError where that is nothing, or not offered."""
    where = f"parameters.{name}"
    if not isinstance(described, Mapping):
        raise ConfigError(f"{where}: found {described!r}, expected value, values, or min and max")
    if "parameters" in described:
        raise ConfigError(f"{where}: nested parameters are not offered; write the key with its dots, such as {name}.lr")
    kind = distribution_of(described, where)
    require_keys(described, kind, where)
    if kind == "constant":
        return Choice((as_written(described["value"], where),))
    return read_choice(described["values"], where) if kind == "categorical" else read_range(described, kind, where)


def distribution_of(described: Mapping[str, Any], where: str) -> str:
    """The distribution as it is named, or as W&B infers it from the other keys."""
    if "distribution" not in described:
        return inferred(described)
    kind = str(described["distribution"])
    if kind not in KEYS:
        offered = f"those of fer sweep are {', '.join(KEYS)}"
        raise ConfigError(f"{where}: the distribution {kind!r} is not offered; {offered}")
    return kind


def inferred(described: Mapping[str, Any]) -> str:
    """The distribution of a parameter that names none: whole numbers where both ends are whole."""
    if "value" in described:
        return "constant"
    if "values" in described:
        return "categorical"
    ends = [described.get("min"), described.get("max")]
    return "int_uniform" if all(type(end) is int for end in ends) else "uniform"


def require_keys(described: Mapping[str, Any], kind: str, where: str) -> None:
    """Raise ConfigError unless a distribution has the keys that it needs and no other one."""
    expected = KEYS[kind]
    missing = [key for key in expected if key not in described and key != "q"]
    strange = [key for key in described if key not in (*expected, "distribution")]
    if missing or strange:
        said = f"{missing[0]!r} is missing" if missing else f"found {strange[0]!r}"
        raise ConfigError(f"{where}: {said}; a parameter has value, values, or min and max, and {kind} takes {listed(expected)}")


def listed(keys: Iterable[str]) -> str:
    """Keys in words."""
    return " and ".join(keys)


def read_choice(values: Any, where: str) -> Choice:
    """The different values of a choice."""
    if not isinstance(values, list) or not values:
        raise ConfigError(f"{where}.values: found {values!r}, expected a list of one value or more")
    written = tuple(as_written(value, where) for value in values)
    if twice := [value for value in written if written.count(value) > 1]:
        raise ConfigError(f"{where}.values: found {twice[0]} twice")
    return Choice(written)


def as_written(value: Any, where: str) -> str:
    """A value as it stands on the command line, which is also how `wandb agent` writes it."""
    if value is None or isinstance(value, Mapping) or (isinstance(value, list) and None in value):
        raise ConfigError(f"{where}: found {value!r}, expected a text, a number, true, false or a list; write null as 'null'")
    return str(value)


def read_range(described: Mapping[str, Any], kind: str, where: str) -> Range:
    """The range of a distribution of numbers."""
    low, high = (number(described[key], f"{where}.{key}") for key in ("min", "max"))
    if low >= high:
        raise ConfigError(f"{where}: found min {low:g} and max {high:g}, expected a smaller min")
    whole = kind == "int_uniform" and all(float(end).is_integer() for end in (low, high))
    if kind == "int_uniform" and not whole:
        raise ConfigError(f"{where}: found min {low:g} and max {high:g}, expected whole numbers for int_uniform")
    if "log" in kind and low <= 0:
        raise ConfigError(f"{where}.min: found {low:g}, expected more than 0 on a log scale")
    if kind.startswith("q_"):
        return stepped(low, high, number(described.get("q", 1), f"{where}.q"), log="log" in kind, where=where)
    return Range(low, high, whole=whole, log="log" in kind)


def stepped(low: float, high: float, step: float, *, log: bool, where: str) -> Range:
    """A range in steps; on a log scale Optuna has whole numbers alone."""
    if step <= 0 or not near_whole((high - low) / step):
        raise ConfigError(f"{where}.q: found {step:g}, expected a step that leads from min {low:g} to max {high:g}")
    if not near_whole(low / step):
        raise ConfigError(f"{where}.min: found {low:g}, expected a multiple of q, which is {step:g}")
    if log and (step != 1 or low < 1):
        raise ConfigError(f"{where}: q_log_uniform_values is offered with q: 1 and a min of at least 1 only")
    return Range(low, high, whole=all(float(n).is_integer() for n in (low, high, step)), log=log, step=None if log else step)


def near_whole(quotient: float) -> bool:
    """Whether a quotient of two decimal fractions is a whole number."""
    return math.isclose(quotient, round(quotient), rel_tol=1e-9, abs_tol=1e-9)


def number(found: Any, where: str) -> float:
    """A number that a range can be of."""
    if isinstance(found, bool) or not isinstance(found, int | float) or not -FURTHEST <= found <= FURTHEST:
        hint = "; YAML takes 1e-4 for text, so write 1.0e-4" if isinstance(found, str) else ""
        raise ConfigError(f"{where}: found {found!r}, expected a number{hint}")
    return found
