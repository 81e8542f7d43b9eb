"""This file defines Measurement: several ways of doing one thing, timed by turns, so that a busy machine slows them alike."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch


@dataclass(frozen=True)
class Measurement:
    """What several ways of doing the same work reached, in images a second, by round.

    `what` is the work, `settings` what it was done with, `ours` the way that is compared with the others. In every round each
    way has its turn, so ratios are taken within a round, and their median over the rounds is reported.
    """

    what: str
    settings: Mapping[str, str]
    rates: Mapping[str, Sequence[float]]
    ours: str = "framework"

    @property
    def others(self) -> tuple[str, ...]:
        """The ways that ours is compared with."""
        return tuple(way for way in self.rates if way != self.ours)

    def rate(self, way: str) -> float:
        """The median rate of one way, in images/s."""
        return median(self.rates[way])

    def ratio(self, over: str) -> float:
        """How many times as fast ours is as another way: the median over the rounds."""
        return median(a / b for a, b in zip(self.rates[self.ours], self.rates[over], strict=True))

    def as_json(self) -> dict[str, Any]:
        """The rounds and their medians, and the ratio of ours to every other way."""
        return {
            "what": self.what,
            "settings": dict(self.settings),
            "images_per_second": {way: {"median": self.rate(way), "rounds": list(rates)} for way, rates in self.rates.items()},
            "ratios": {f"{self.ours} / {way}": self.ratio(way) for way in self.others},
        }


def by_turns(ways: Mapping[str, Callable[[], int]], *, rounds: int) -> dict[str, list[float]]:
    """The images a second of each way in each round, after a round that warms up; a way returns how many images it did."""
    for way in ways.values():
        way()
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            rates[name].append(timed(way))
    return rates


def timed(way: Callable[[], int]) -> float:
    """The images a second of one turn, until the device has done its work too."""
    start = now()
    images = way()
    return images / (now() - start)


def now() -> float:
    """The time in seconds, once the GPU has done what it was told."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()
