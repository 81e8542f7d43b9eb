"""This file finds what an address of the dashboard shows, with a stamp that changes whenever that does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from fer.dashboard import pages
from fer.dashboard.outputs import Outputs, digest, shown_files, stamp_of_run
from fer.dashboard.standings import Ranking, Standings
from fer.errors import OutputError, RunError
from fer.results.publish import PAGE
from fer.results.stored_run import read_run

#: More lines than those of so many runs are told apart by nobody.
MOST_COMPARED = 8


@dataclass(frozen=True)
class View:
    """A page to be: its stamp, what renders it, its HTTP status, and for the leaderboard what is wrong with runs."""

    stamp: str
    render: Callable[[], str]
    status: int = 200
    standings: Standings | None = None


class Views:
    """The pages of a folder with runs; every name is a path below it, but for those of the comparison and the list of sweeps."""

    def __init__(self, outputs: Outputs) -> None:
        self.outputs = outputs
        self.ranking = Ranking(outputs)

    def view(self, name: str, chosen: Sequence[str]) -> View:
        """What the name shows; `chosen` are the runs that a comparison is of. A page that says so where there is nothing."""
        if name == "":
            return self.board()
        if name == "compare":
            return self.comparison(list(dict.fromkeys(chosen)))
        if name == "sweeps":
            return self.sweeps()
        folder = folder_of(name)
        if run := self.outputs.run(folder):
            return self.run(run)
        return self.sweep(folder) or self.nothing(name)

    def board(self) -> View:
        """The leaderboard, or what to do where there is no run."""
        standings, folder = self.ranking.now(), self.outputs.folder
        if not self.outputs.look().runs:
            return View("empty", lambda: pages.empty_page(folder))
        return View(standings.stamp, lambda: pages.board_page(standings, folder), standings=standings)

    def run(self, run: Path) -> View:
        """The page of a run."""

        def render() -> str:
            try:
                return pages.page_of_run(run, shown_files(run))
            except RunError as error:
                return pages.message_page(f"{run.name} cannot be read", str(error.args[0]))

        return View(stamp_of_run(run), render)

    def comparison(self, names: Sequence[str]) -> View:
        """The comparison of runs."""
        runs = {name: run for name in names if (run := self.outputs.run(name))}
        if gone := [name for name in names if name not in runs]:
            return self.nothing(gone[0])
        if not 2 <= len(runs) <= MOST_COMPARED:
            found = f"Found {len(runs)}, expected 2 to {MOST_COMPARED}: choose them on the leaderboard."
            return message("Choose runs to compare", found, status=400)

        def render() -> str:
            from fer.dashboard.comparing import comparison_page

            try:
                return comparison_page({name: read_run(run) for name, run in runs.items()})
            except RunError as error:
                return pages.message_page("A run cannot be read", str(error.args[0]))

        return View(digest([name, stamp_of_run(run)] for name, run in runs.items()), render)

    def sweeps(self) -> View:
        """The list of all sweeps."""
        if missing := missing_for_sweeps():
            return missing
        from fer.dashboard.sweep_pages import all_sweeps, sweeps_page

        sweeps, unreadable = all_sweeps(self.outputs)
        return View(digest([sweeps, unreadable]), lambda: sweeps_page(sweeps, unreadable))

    def sweep(self, name: str) -> View | None:
        """The page of a sweep; None where there is none of this name."""
        if not self.outputs.storage_of(name):
            return None
        if missing := missing_for_sweeps():
            return missing
        from fer.dashboard.sweep_pages import runs_of, sweep_named, sweep_page

        try:
            sweep = sweep_named(name, self.outputs)
        except OutputError as error:
            return message(f"{name} cannot be read", str(error.args[0]), status=503)
        if sweep is None:
            return None
        runs = runs_of(name, sweep, self.outputs)
        return View(digest([sweep, runs]), lambda: sweep_page(sweep, runs))

    def nothing(self, name: str) -> View:
        """The page for a name that there is not, or not any more."""
        return message("There is nothing here", f"{name} is not, or not any more, in {self.outputs.folder}.", status=404)


def message(title: str, sentence: str, *, status: int) -> View:
    """A page that says why there is no other one."""
    return View(digest([title, sentence]), lambda: pages.message_page(title, sentence), status)


def folder_of(name: str) -> str:
    """The folder whose page a name asks for, with or without index.html behind it."""
    return name.removesuffix(PAGE).rstrip("/") or "."


def missing_for_sweeps() -> View | None:
    """What to show where the libraries of sweeps are missing."""
    missing = [name for name in ("optuna", "sqlalchemy") if find_spec(name) is None]
    said = f"Sweeps need the package {missing[0]!r}, which is not installed: pip install 'ferlab[sweep]'" if missing else ""
    return message("Sweeps cannot be read", said, status=503) if missing else None
