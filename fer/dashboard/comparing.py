"""This file compares runs that a reader has chosen: curves over one another, scores side by side, and paired statistics."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from fer.dashboard.pages import page
from fer.errors import RunError
from fer.results.comparison import Comparisons, compare
from fer.results.comparison_table import facts
from fer.results.comparison_words import sentences
from fer.results.leaderboard import Board, boards
from fer.results.pages.charts import LOSSES, NO_SCORES, Axis, Chart, Line, curve, line_charts
from fer.results.pages.drawing import colour
from fer.results.report import make_report, model_name
from fer.results.standing import standing_of
from fer.results.stored_run import Epoch, StoredRun
from fer.results.systems import experiment, facing, pool


@dataclass(frozen=True)
class Chosen:
    """A run of the comparison: its name below OUTPUTS, and the number of its colour."""

    name: str
    run: StoredRun
    number: int

    @property
    def described(self) -> dict[str, str]:
        """What stands in the list of the runs."""
        done, planned = len(self.run.folds), len(self.run.plan.folds)
        return {
            "name": self.name,
            "colour": colour(self.number),
            "model": model_name(self.run.config),
            "protocol": self.run.plan.protocol,
            "progress": f"{done} of {planned} folds" if done < planned else f"{done} fold{'s' if done > 1 else ''}",
        }

    @property
    def histories(self) -> Mapping[str, tuple[Sequence[Epoch], float | None]]:
        """The epochs of every fold, and the one that was chosen; of folds at work those so far."""
        done = {fold.name: (fold.history, (fold.card.get("selection") or {}).get("epoch")) for fold in self.run.folds}
        return done | {name: (history, None) for name, history in self.run.running.items()}


def comparison_page(runs: Mapping[str, StoredRun]) -> str:
    """The page that compares runs, which are given by their names below OUTPUTS."""
    chosen = [Chosen(name, run, number) for number, (name, run) in enumerate(runs.items())]
    return page("compare.html", **comparison(chosen))


def comparison(chosen: Sequence[Chosen]) -> dict[str, Any]:
    """What the page shows; `refused` says why where not all of the runs can be compared."""
    runs = [one.run for one in chosen]
    shared = side_by_side(runs)
    shown = {
        "runs": [one.described for one in chosen],
        "curves": list(curves(chosen)),
        "lines": sum(len(one.histories) for one in chosen),
        "boards": shared,
    }
    return {**shown, **paired(runs, alike=largest(runs, shared))}


def largest(runs: Sequence[StoredRun], shared: Sequence[Board]) -> list[StoredRun]:
    """The complete runs on the board that has most of them."""
    complete = [{entry.run.path for entry in board.entries if entry.run.complete} for board in shared]
    most = max(complete, key=len, default=set())
    return [run for run in runs if run.path in most]


def paired(runs: Sequence[StoredRun], *, alike: Sequence[StoredRun]) -> dict[str, Any]:
    """What `fer compare` says of the runs; where it refuses why, and what it says of those that were measured alike."""
    try:
        return {**told(runs), "refused": None}
    except RunError as error:
        refused = error.args[0]
    if 1 < len(alike) < len(runs):
        with suppress(RunError):  # the first reason is the one to be mended
            return {**told(alike), "refused": refused}
    return {"compared": None, "refused": refused}


def told(runs: Sequence[StoredRun]) -> dict[str, Any]:
    """What `fer compare` says; RunError where it refuses."""
    compared, command = statistics(runs)
    return {"compared": compared, "sentences": sentences(compared), "facts": facts(compared), "command": command}


def curves(chosen: Sequence[Chosen]) -> Iterator[Chart]:
    """A chart of each column of the histories, a colour a run and a line a fold."""
    epochs = [epoch for one in chosen for history, _ in one.histories.values() for epoch in history]
    present = dict.fromkeys(name for epoch in epochs for name in epoch)
    scores = [name for name in present if name not in NO_SCORES]
    colours = {one.name: one.number for one in chosen}
    for column in (*scores, *(name for name in LOSSES if name in present)):
        yield from line_charts(column, list(lines(chosen, column)), colours, x=Axis("epoch", whole=True), y=Axis(""))


def lines(chosen: Sequence[Chosen], column: str) -> Iterator[Line]:
    """The lines of one column."""
    for one in chosen:
        for fold, (history, epoch) in one.histories.items():
            yield replace(curve(column, fold, history, epoch), what=one.name)


def side_by_side(runs: Sequence[StoredRun]) -> tuple[Board, ...]:
    """The boards on which at least two of the runs stand, and only those runs: what may be compared by eye."""
    standings = [standing_of(make_report(run).to_json(), run.path) for run in runs]
    return tuple(board for board in boards(standings) if len(board.entries) > 1)


def statistics(runs: Sequence[StoredRun]) -> tuple[Comparisons, str]:
    """What `fer compare` says, and its command; two runs that differ in the seed alone are set against each other.

    RunError where there is nothing to compare, or where a pair has not tested the same images with the same labels.
    """
    paths = [str(run.path) for run in runs]
    if len(runs) == 2 and experiment(runs[0]) == experiment(runs[1]):
        return compare(facing(runs[:1], runs[1:])), shlex.join(["fer", "compare", paths[0], "--versus", paths[1]])
    return compare(pool(runs)), shlex.join(["fer", "compare", *paths])
