"""This file defines FoldLog, what a fold tells its loggers while it is trained and when it is tested."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from fer.protocols.base import Fold
from fer.results.predictions import Predictions
from fer.results.store import RunStore
from fer.training.loggers.configured import Place
from fer.training.loggers.content import fold_scores
from fer.training.loggers.several import Loggers


class FoldLog:
    """Tells the loggers of a fold about its epochs and scores; with none it tells nobody. Open while a `with` block runs."""

    def __init__(self, loggers: Loggers | None = None, *, prefix: str = "") -> None:
        self.loggers, self.prefix = loggers, prefix

    def __enter__(self) -> "FoldLog":
        if self.loggers is not None:
            self.loggers.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.loggers is not None:
            self.loggers.__exit__(kind, error, trace)

    def within(self, part: str) -> "FoldLog":
        """The same log for one of several trainings of the fold, whose curves go by names of their own."""
        return FoldLog(self.loggers, prefix=f"{self.prefix}{part}/")

    def epoch(self, row: Mapping[str, float]) -> None:
        """Tell the row of an epoch, as history.csv has it."""
        if self.loggers is not None:
            values = {f"{self.prefix}{name}": value for name, value in row.items() if name != "epoch"}
            self.loggers.tell(lambda logger: logger.epoch(values, int(row["epoch"])))

    def tested(self, predictions: Predictions) -> None:
        """Tell the scores on every test set of the fold."""
        if self.loggers is not None:
            values = fold_scores(predictions)
            self.loggers.tell(lambda logger: logger.scores(values))


def open_fold_log(configs: Mapping[str, Any], store: RunStore, fold: Fold, *, seed: int, say: Callable[[str], None]) -> FoldLog:
    """The log of a fold that is worked on, still closed; `seed` is that of its training."""
    if not configs:
        return FoldLog()
    place = Place.of(store, fold.name, folder=store.working(fold.name))
    return FoldLog(Loggers(configs, place, fold_config(store, fold.name, seed=seed), say=say))


def fold_config(store: RunStore, fold: str, *, seed: int) -> dict[str, Any]:
    """What loggers are told a fold is made of: the run's configuration, where it comes from, and which fold it is."""
    return {**store.config, "fold": {"name": fold, "seed": seed}, "provenance": store.provenance}
