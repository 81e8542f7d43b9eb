"""This file writes what others read of finished predictions: report.json, the pages, and the leaderboard."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from fer.files import refusals, write_atomically, write_json
from fer.locks import Turn, lock_beside, wait_for
from fer.results.gallery import gallery
from fer.results.leaderboard import Board, boards, write_boards
from fer.results.pages.faces import sheet
from fer.results.pages.render import leaderboard_page, run_page
from fer.results.pooled_runs import pooled_reports
from fer.results.report import Report, make_report
from fer.results.standing import REPORT, read_standing, standing_of
from fer.results.stored_run import is_run, read_run

PAGE = "index.html"
LEADERBOARD = "leaderboard.csv"


def write_report(run: Path) -> Report:
    """Compute the report of a run folder anew and write its report.json, index.html and faces.png.

    Reads only what training stored, never an older report; the same stored files give the same bytes. RunError where the
    folder is no run or is damaged; a run with missing folds is reported as far as it went. Processes take turns, so that
    the report of the last one knows what all have done.
    """
    with turn_at(run, REPORT) if is_run(run) else nullcontext():
        stored = read_run(run)
        report = make_report(stored)
        write_json(run / REPORT, report.to_json())
        mistakes = gallery(stored)
        faces = sheet(stored, mistakes.ids) if mistakes else None
        write_atomically(run / PAGE, run_page(report, stored, mistakes, faces))
    return report


def write_leaderboard(outputs: Path, runs: Sequence[Path]) -> tuple[Board, ...]:
    """Write leaderboard.csv and index.html of runs below `outputs` that have a report, and return what is in them.

    Runs that differ in their seed alone stand there as well as one, with the mean over their seeds.
    """
    with turn_at(outputs, LEADERBOARD):
        alone = [read_standing(run) for run in runs]
        pooled = [standing_of(report.to_json(), report.path) for report in pooled_reports(runs)]
        found = boards([*alone, *pooled])
        write_boards(outputs / LEADERBOARD, found)
        write_atomically(outputs / PAGE, leaderboard_page(found, outputs))
    return found


def turn_at(folder: Path, name: str) -> Turn:
    """This process's turn to write a file of this name in a folder, and all that goes with it."""
    with refusals(folder / name):
        folder.mkdir(parents=True, exist_ok=True)
        return wait_for(lock_beside(folder / name), f"writes {folder / name}")
