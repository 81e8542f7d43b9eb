"""This file writes what others read of finished predictions: report.json, the pages, and the leaderboard."""

from collections.abc import Sequence
from pathlib import Path

from fer.files import write_atomically, write_json
from fer.results.leaderboard import Board, boards, write_boards
from fer.results.pages.render import leaderboard_page, run_page
from fer.results.pooled_runs import pooled_reports
from fer.results.report import Report, make_report
from fer.results.stored_run import read_run

REPORT = "report.json"
PAGE = "index.html"
LEADERBOARD = "leaderboard.csv"


def write_report(run: Path) -> Report:
    """Compute the report of a run folder anew and write its report.json and index.html.

    Reads only what training stored, never an older report; the same stored files give the same bytes. RunError where the
    folder is no run or is damaged; a run with missing folds is reported as far as it went.
    """
    stored = read_run(run)
    report = make_report(stored)
    write_json(run / REPORT, report.to_json())
    write_atomically(run / PAGE, run_page(report, stored))
    return report


def write_leaderboard(outputs: Path, reports: Sequence[Report]) -> tuple[Board, ...]:
    """Write leaderboard.csv and index.html of all runs below `outputs`, and return what is in them.

    Runs that differ in their seed alone stand there as well as one, with the mean over their seeds.
    """
    found = boards([*reports, *pooled_reports([report.path for report in reports])])
    write_boards(outputs / LEADERBOARD, found)
    write_atomically(outputs / PAGE, leaderboard_page(found, outputs))
    return found
