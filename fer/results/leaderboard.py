"""This file ranks runs, only against runs that were measured in the same way on the same test set."""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fer.files import replacing
from fer.results.intervals import Estimate
from fer.results.reading import KINDS, kind_of
from fer.results.standing import Standing, Tested
from fer.results.stored_run import PlannedSet
from fer.results.table import LEAKY, NOTHING, cell, seeds
from fer.terminal import plain_console

COLUMNS = (
    *("rank", "run", "database", "test_set", "protocol", "leaky", "model", "labels", "label_rule"),
    *("images", "train_images", "n", "subjects", "accuracy", "accuracy_low", "accuracy_high", "uar", "uar_low", "uar_high"),
    *("macro_f1", "macro_f1_low", "macro_f1_high", "nll", "ece", "folds_done", "folds", "seed", "parameters", "seconds"),
    *("selection", "starts", "reading", "path"),
)


@dataclass(frozen=True)
class Measure:
    """What two runs must have in common to be ranked against each other: test set, protocol, labels, how many were given.

    `kind` is that of the reading: "" for one network that looks at each face once, "test-time augmentation", or "ensemble".
    """

    test: PlannedSet
    protocol: str
    leaky: bool
    labels: tuple[str, ...]
    label_rule: str
    train_images: int | None
    kind: str = ""

    @property
    def described(self) -> str:
        """The measure in words, without the test set's name."""
        trained = "" if self.train_images is None else f" · trained on {self.train_images:,} labelled images"
        return f"{self.protocol} · {self.test.images:,} images · {len(self.labels)} labels, {self.label_rule}{trained}"


@dataclass(frozen=True)
class Entry:
    """A run on a board; `test` is None where nothing is tested yet, `rank` None where folds are missing."""

    run: Standing
    test: Tested | None
    rank: int | None


@dataclass(frozen=True)
class Board:
    """The runs of one measure, the complete ones first, by accuracy."""

    measure: Measure
    entries: tuple[Entry, ...]


def boards(runs: Sequence[Standing]) -> tuple[Board, ...]:
    """One board a measure, sorted by test set, those without leaks first."""
    found: dict[Measure, list[tuple[Standing, Tested | None]]] = {}
    for run in runs:
        for planned in run.planned:
            found.setdefault(measure_of(run, planned), []).append((run, run.tests.get(planned.name)))
    ordered = sorted(found, key=order)
    return tuple(Board(measure, ranked(found[measure])) for measure in ordered)


def measure_of(run: Standing, test: PlannedSet) -> Measure:
    """How a run was measured on one of its test sets."""
    return Measure(
        test=test,
        protocol=run.protocol,
        leaky=run.leaky,
        labels=run.labels,
        label_rule=run.label_rule,
        train_images=run.train_images,
        kind=kind_of(run.reading),
    )


def order(measure: Measure) -> tuple[object, ...]:
    """What boards are sorted by: those without leaks, with all labels, and of single networks looked at once first."""
    m = measure
    trained = -(m.train_images or 10**12)
    return m.test.title, m.leaky, m.protocol, m.label_rule, m.labels, -m.test.images, trained, KINDS.index(m.kind)


def ranked(runs: Sequence[tuple[Standing, Tested | None]]) -> tuple[Entry, ...]:
    """The entries of a board; equal accuracies share a rank, and runs with missing folds have none."""
    by_accuracy = sorted(runs, key=lambda run: (not run[0].complete, -accuracy_of(run[1]), run[0].name))
    complete = [accuracy_of(test) for run, test in by_accuracy if run.complete]
    rank: dict[float, int] = {}
    for place, accuracy in enumerate(complete, start=1):
        rank.setdefault(accuracy, place)
    return tuple(Entry(run, test, rank[accuracy_of(test)] if run.complete else None) for run, test in by_accuracy)


def accuracy_of(test: Tested | None) -> float:
    """The accuracy to sort by."""
    return test.scores.accuracy.value if test else 0.0


def print_boards(boards: Sequence[Board], console: Console | None = None) -> None:
    """Print the leaderboard, a table a measure."""
    console = console or plain_console()
    for board in boards:
        console.print(heading(board.measure), highlight=False)
        console.print(board_table(board), highlight=False)


def heading(measure: Measure) -> Text:
    """The test set and how it was measured."""
    text = Text(" · ".join(filter(None, [measure.test.title, measure.kind])), style="bold")
    if measure.leaky:
        text.append(" · ").append_text(LEAKY)
    return text.append(f"\n{measure.described}", style="not bold")


def board_table(board: Board) -> Table:
    """One row a run."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("#", justify="right")
    table.add_column("Run", overflow="fold", min_width=20)
    for column in ("Accuracy", "UAR", "Macro-F1", "Folds", "Seed"):
        table.add_column(column, justify="right", no_wrap=True)
    for entry in board.entries:
        table.add_row(*cells(entry), style=None if entry.rank else "dim")
    return table


def cells(entry: Entry) -> tuple[str | Text, ...]:
    """The cells of one run."""
    run, test = entry.run, entry.test
    folds = f"{run.done}" if run.complete else f"{run.done}/{run.folds}"
    scores = [cell(score) for score in (test.scores.accuracy, test.scores.uar, test.scores.macro_f1)] if test else [NOTHING] * 3
    return (str(entry.rank or NOTHING), run.name, *scores, folds, seeds(run.seeds))


def write_boards(path: Path, boards: Sequence[Board]) -> None:
    """Write leaderboard.csv; scores are shares in [0, 1], empty where there are none, `path` is relative to the file."""
    with replacing(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(csv_row(board.measure, entry, path.parent) for board in boards for entry in board.entries)


def csv_row(measure: Measure, entry: Entry, folder: Path) -> list[object]:
    """One row of leaderboard.csv."""
    run, test = entry.run, entry.test
    return [
        *(entry.rank, run.name, "+".join(measure.test.databases), measure.test.name, run.protocol),
        *(int(run.leaky), run.model, " ".join(run.labels), run.label_rule, measure.test.images),
        run.train_images,
        *((test.n, test.subjects) if test else (0, None)),
        *score_columns(test),
        *(run.done, run.folds, " ".join(map(str, run.seeds)), run.parameters),
        *(run.seconds, run.selection, "; ".join(run.starts), run.reading),
        relative(run.path, folder),
    ]


def score_columns(test: Tested | None) -> list[float | None]:
    """The scores and intervals of one row."""
    if test is None:
        return [None] * 11
    scores: tuple[Estimate, ...] = (test.scores.accuracy, test.scores.uar, test.scores.macro_f1)
    numbers = [number for score in scores for number in (score.value, score.low, score.high)]
    return [None if number is None else round(number, 6) for number in [*numbers, test.nll, test.ece]]


def relative(path: Path, folder: Path) -> str:
    """The path as it is written below `folder`."""
    return Path(os.path.relpath(path, folder)).as_posix()
