"""This file shows a run folder in loggers: the folds that they have not seen trained, and the report, both out of the files."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fer.locks import lock_beside, wait_for
from fer.protocols.base import Fold
from fer.results.publish import PAGE
from fer.results.report import Report
from fer.results.standing import REPORT
from fer.results.store import RunStore
from fer.results.stored_run import StoredFold, read_run
from fer.training.fold import fold_seed
from fer.training.loggers.configured import WHOLE, Place
from fer.training.loggers.content import RunContent, pooled_scores
from fer.training.loggers.fold_log import FoldLog, fold_config
from fer.training.loggers.several import LOGGED, Loggers, marks

Say = Callable[[str], None]


def log_run(store: RunStore, report: Report, configs: Mapping[str, Any], *, say: Say) -> list[str]:
    """Show every finished fold and the report in the loggers that have not shown them; gives what was shown.

    A logger that fails is named to `say` and left out from there on.
    """
    if not configs:
        return []
    content = RunContent(read_run(store.folder), report, (store.folder / REPORT, store.folder / PAGE))
    with wait_for(lock_beside(store.folder / LOGGED), f"shows {store.folder} in loggers"):
        return log_content(store, content, configs, say=say)


def log_content(store: RunStore, content: RunContent, configs: Mapping[str, Any], *, say: Say) -> list[str]:
    """Show what was read of a run, while nobody else does."""
    planned = {fold.name: fold for fold in store.folds()}
    left, shown = dict(configs), []
    for fold in content.run.folds:
        wanting = unseen(left, store.folds_folder / fold.name, mark="")
        failed = log_fold(store, planned[fold.name], fold, wanting, say=say)
        left = {name: config for name, config in left.items() if name not in failed}
        shown += [f"fold {fold.name} in {name}" for name in wanting if name in left]
    return shown + [f"the report in {name}" for name in log_report(store, content, left, say=say)]


def log_fold(store: RunStore, planned: Fold, fold: StoredFold, configs: Mapping[str, Any], *, say: Say) -> set[str]:
    """Show a fold that is done, as if the loggers had been there; gives the names of those that failed."""
    if not configs:
        return set()
    place = Place.of(store, fold.name, folder=store.folds_folder / fold.name)
    seed = fold_seed(planned.seed, planned.cut)
    loggers = Loggers(configs, place, fold_config(store, fold.name, seed=seed), say=say)
    with FoldLog(loggers) as log:
        for row in fold.history:
            log.epoch(row)
        log.tested(fold.predictions)
    return loggers.failed


def log_report(store: RunStore, content: RunContent, configs: Mapping[str, Any], *, say: Say) -> list[str]:
    """Show the report, unless it is the very one that was shown last; gives the names of those that have shown it now."""
    mark = hashlib.sha256(content.files[0].read_bytes()).hexdigest()[:16]
    wanting = unseen(configs, store.folder, mark=mark)
    if not wanting or not content.run.folds:
        return []
    place, scores = Place.of(store, WHOLE, folder=store.folder), pooled_scores(content)
    with Loggers(wanting, place, content.config, say=say, mark=mark) as loggers:
        loggers.tell(lambda logger: logger.scores(scores))
        loggers.tell(lambda logger: logger.show(content))
    return [name for name in wanting if name not in loggers.failed]


def unseen(configs: Mapping[str, Any], folder: Path, *, mark: str) -> dict[str, Any]:
    """Those loggers that have not shown what has this mark."""
    shown = marks(folder)
    return {name: config for name, config in configs.items() if shown.get(name) != mark}
