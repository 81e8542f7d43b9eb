"""This file defines How, how a run is carried out, and what follows from it for each fold."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fer.progress import RunProgress
from fer.protocols.base import Fold
from fer.results.store import RunStore
from fer.training.experiment import RunSettings
from fer.training.fold import fold_seed
from fer.training.learner import FoldContext
from fer.training.loggers.fold_log import open_fold_log
from fer.training.ranks import is_first_process


@dataclass(frozen=True)
class How:
    """How a run is carried out on this machine, which no result depends on but for the threads in its last digits."""

    run: RunSettings
    threads: int
    loggers: Mapping[str, Any]
    roots: Mapping[str, str]

    def to_json(self) -> str:
        """The same as text, for a worker's command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "How":
        """What `to_json` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "run": RunSettings(**fields["run"])})


def recorded_threads(store: RunStore, run: RunSettings) -> int:
    """The threads a fold that the run began with, so that all its folds are computed alike; as asked where none has begun."""
    return int(store.provenance["threads"]) if store.exists else run.threads_a_fold


def threads_line(run: RunSettings, recorded: int) -> str | None:
    """What to say where the run goes on with other threads than are asked for."""
    if run.threads in (None, recorded):
        return None
    return f"This run began with {recorded} threads a fold; it goes on with them rather than with {run.threads}."


def fold_context(store: RunStore, fold: Fold, how: How, *, progress: RunProgress) -> FoldContext:
    """Where and how a fold is learned; the first of several processes tells the loggers."""
    seed, loggers = fold_seed(fold.seed, fold.cut), how.loggers if is_first_process() else {}
    return FoldContext(
        name=fold.name,
        folder=store.working(fold.name),
        seed=seed,
        threads=how.threads,
        cut=fold.cut,
        val_published=fold.val_published,
        loader_workers=how.run.loader_workers,
        progress=progress,
        log=open_fold_log(loggers, store, fold, seed=seed, say=progress.say),
    )


def fold_line(store: RunStore, fold: Fold) -> str:
    """One line about a fold that is done: what was chosen. Its test result waits for the table."""
    card = store.card(fold.name)
    seconds = f", {card['seconds']:.0f} s" if "seconds" in card else ""
    return f"fold {fold.name}: {card['train_images']:,} training images{choice(card.get('selection', {}))}{seconds}"


def choice(selection: Mapping[str, Any]) -> str:
    """What validation chose, an epoch or settings, and its value there; nothing where nothing was chosen."""
    if "value" not in selection:
        return ""
    settings = ", ".join(f"{name} {value:g}" for name, value in selection.get("chosen", {}).items())
    place = settings or f"epoch {selection['epoch']} of {selection['epochs']}"
    return f", {selection['monitor']} {selection['value']:.3f} at {place}"
