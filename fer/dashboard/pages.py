"""This file renders the pages of the dashboard: those that `fer report` writes, and its own, under a bar that leads around."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from fer.dashboard.standings import Standings
from fer.errors import RunError
from fer.results.comparison_table import bare_p
from fer.results.comparison_words import signed
from fer.results.gallery import gallery
from fer.results.leaderboard import COLUMNS, Board, boards, csv_row
from fer.results.pages.faces import SHEET, Sheet, digest, drawn_before
from fer.results.pages.render import TEMPLATES as SHARED
from fer.results.pages.render import environment, leaderboard_page, run_page
from fer.results.publish import PAGE
from fer.results.report import make_report
from fer.results.standing import read_standing
from fer.results.stored_run import StoredRun, read_run
from fer.results.table import NOTHING

TEMPLATES = Path(__file__).parent


@cache
def templates() -> Environment:
    """The templates of the dashboard and those that it shares with `fer report`."""
    made = environment().overlay(loader=FileSystemLoader([TEMPLATES, SHARED]))
    own = {"signed": signed, "bare_p": bare_p, "counted": counted, "parent": parent, "setting": setting}
    made.filters = {**made.filters, **own}
    return made


def page(template: str, **shown: Any) -> str:
    """A page of the dashboard's own."""
    return templates().get_template(template).render(**shown)


def message_page(title: str, *sentences: str, command: str = "") -> str:
    """A page that says something instead of showing it."""
    return page("message.html", title=title, sentences=sentences, command=command)


def dressed(html: str, *, stamp: str, sweeps: bool, standings: Standings | None = None) -> str:
    """A page under the bar, with the script that keeps it up to date; the leaderboard's says what is wrong with other runs."""
    damaged, waiting = (standings.damaged, standings.waiting) if standings else ({}, 0)
    bar = templates().get_template("bar.html").render(stamp=stamp, sweeps=sweeps, damaged=damaged, waiting=waiting)
    style = (TEMPLATES / "dashboard.css").read_text(encoding="utf-8")
    script = '<script src="/live.js" defer></script>'
    with_style = html.replace("</head>", f"<style>\n{style}</style>\n{script}\n</head>", 1)
    return with_style.replace("<body>", f"<body>\n{bar}", 1)


def empty_page(outputs: Path) -> str:
    """The page of a folder without runs."""
    return message_page(
        "There is no run here yet",
        f"Nothing below {outputs} has a config.json and a folds.json. This page shows the first run as soon as it begins:",
        command=f"python train.py experiment=demo run.output={outputs}",
    )


def board_page(standings: Standings, outputs: Path) -> str:
    """The leaderboard."""
    return leaderboard_page(boards_of(standings), outputs)


def boards_of(standings: Standings) -> tuple[Board, ...]:
    """The boards of all runs, pooled ones among them."""
    return boards([*standings.alone, *standings.pooled])


def board_csv(standings: Standings, outputs: Path) -> str:
    """The leaderboard for machines, as `fer report` writes it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(csv_row(board.measure, entry, outputs) for board in boards_of(standings) for entry in board.entries)
    return text.getvalue()


def page_of_run(run: Path, shown: Iterable[Path]) -> str:
    """The page of a run: the stored one where that shows a complete run and nothing is newer, else made anew.

    Nothing is written. RunError where the run is damaged.
    """
    stored = run / PAGE
    if is_up_to_date(stored, shown) and is_complete(run):  # the times alone would trust a clock that was set back
        return stored.read_text(encoding="utf-8")
    read = read_run(run)
    mistakes = gallery(read)
    return run_page(make_report(read), read, mistakes, sheet_as_drawn(read, mistakes.ids) if mistakes else None)


def is_up_to_date(page: Path, shown: Iterable[Path]) -> bool:
    """Whether a page is there, and nothing that it is made from is newer."""
    return page.is_file() and all(file.stat().st_mtime_ns <= page.stat().st_mtime_ns for file in shown)


def is_complete(run: Path) -> bool:
    """Whether the report of a run says that every fold is done."""
    with suppress(RunError):  # there is no report, or it is damaged
        return read_standing(run).complete
    return False


def sheet_as_drawn(run: StoredRun, images: Sequence[str]) -> Sheet | None:
    """The picture of these faces, where it was drawn already."""
    if drawn_before(run.path / SHEET) != digest(run, images):
        return None
    return Sheet({image: number for number, image in enumerate(images)})


def counted(counts: Mapping[str, int]) -> str:
    """How many trials are in which state."""
    return ", ".join(f"{count} {state}" for state, count in counts.items())


def parent(name: str) -> str:
    """The folder that a path below OUTPUTS lies in."""
    return name.rpartition("/")[0]


def setting(value: str | int | float | None) -> str:
    """A setting of a trial."""
    return NOTHING if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)
