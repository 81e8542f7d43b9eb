"""This file lays out what networks score on several databases: a row what they learned from, a column what they are tested on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fer.results.intervals import Estimate
from fer.results.report import Report
from fer.results.standing import Standing


@dataclass(frozen=True)
class Cell:
    """The accuracy of a row's networks on a database; `within` where they learned from it too. `run` is where it was measured."""

    accuracy: Estimate
    n: int
    test: str
    within: bool
    run: Standing | None = None


@dataclass(frozen=True)
class Row:
    """Networks that learned from the same images."""

    name: str
    trained_on: tuple[str, ...]
    cells: dict[str, Cell]


@dataclass(frozen=True)
class Across:
    """Rows of networks and the databases that some of them are tested on."""

    databases: tuple[str, ...]
    rows: tuple[Row, ...]


def across_runs(runs: Sequence[Standing]) -> Across | None:
    """All finished single networks that several databases test; evaluations stand in the row of the run they are of."""
    found: dict[tuple[str, tuple[str, ...]], dict[str, Cell]] = {}
    for run in runs:
        if run.complete and run.reading is None and not run.leaky:
            for planned in run.planned:
                if len(planned.databases) == 1 and (test := run.tests.get(planned.name)):
                    (database,) = planned.databases
                    cell = Cell(test.scores.accuracy, test.n, planned.title, database in test.trained_on, run)
                    found.setdefault((run.origin, test.trained_on), {}).setdefault(database, cell)
    return matrix(Row(name, trained_on, cells) for (name, trained_on), cells in found.items() if len(cells) > 1)


def across_tests(report: Report) -> Across | None:
    """The test sets of one run, by what the networks that they test learned from; None where they are of one database."""
    found: dict[tuple[str, ...], dict[str, Cell]] = {}
    for test in report.tests:
        if len(test.planned.databases) == 1:
            (database,), trained_on = test.planned.databases, report.trained_on[test.name]
            cell = Cell(test.scores.accuracy, test.n, test.title, database in trained_on)
            found.setdefault(trained_on, {}).setdefault(database, cell)
    return matrix(Row(report.run, trained_on, cells) for trained_on, cells in found.items())


def matrix(rows: Iterable[Row]) -> Across | None:
    """The rows with their columns; None where there is one column or none."""
    rows = tuple(rows)
    databases = sorted({database for row in rows for database in row.cells})
    return Across(tuple(databases), rows) if len(databases) > 1 else None
