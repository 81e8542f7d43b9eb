"""This file defines RunLogger, the contract of what shows a run outside its folder: one file here and one YAML in conf/logger."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from fer.training.loggers.content import RunContent


class RunLogger(ABC):
    """A place where a fold, or the report of a run, is looked at; constructed for each of them, and told in this order.

    The constructor only remembers its arguments. All that is told lies in the run folder as well, so a method may raise
    whatever its library raises: the logger is then named to the user and told no more, and the run goes on.
    """

    @abstractmethod
    def begin(self, config: Mapping[str, Any]) -> None:
        """Open, or open again after an interruption, and show how the run is made: nested, plain JSON."""

    @abstractmethod
    def epoch(self, values: Mapping[str, float], epoch: int) -> None:
        """Show the values of one epoch, counted from 0 as in history.csv; what learns without epochs has none.

        A fold that goes on after an interruption tells the epochs before it again, because a killed process loses some.
        """

    @abstractmethod
    def scores(self, values: Mapping[str, float]) -> None:
        """Show final values, under names such as ckplus/accuracy and ckplus/accuracy_low."""

    @abstractmethod
    def show(self, content: RunContent) -> None:
        """Show what a run came to beyond its scores; told of the report of a run alone."""

    @abstractmethod
    def end(self, *, failed: bool) -> None:
        """Close; also called, once, after another method has raised."""
