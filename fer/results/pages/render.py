"""This file renders the pages of a run and of the leaderboard: one HTML file each, without scripts or outside requests."""

import json
import shlex
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fer.results import table
from fer.results.leaderboard import Board, relative
from fer.results.metrics import Ints
from fer.results.pages.charts import learning_curves, pretraining_curves, reliability
from fer.results.report import Report
from fer.results.stored_run import Json, StoredRun

TEMPLATES = Path(__file__).parent
DEEP = 0.6  # from this share on a cell of the confusion matrix is dark enough for light text


def run_page(report: Report, run: StoredRun) -> str:
    """The page of one run."""
    return (
        environment()
        .get_template("run.html")
        .render(
            report=report,
            facts=table.facts(report),
            provenance=run.provenance,
            command=command(run.provenance),
            cards={fold.name: fold.card for fold in run.folds},
            config=json.dumps(run.config, indent=2, ensure_ascii=False),
            curves=[*pretraining_curves(run.folds), *learning_curves(run.folds)],
            pictures=pictures(run),
        )
    )


def leaderboard_page(boards: Sequence[Board], folder: Path) -> str:
    """The page of all runs below `folder`, in which it will stand."""
    runs = len({entry.report.path for board in boards for entry in board.entries})
    return environment().get_template("leaderboard.html").render(boards=boards, runs=runs, folder=folder)


@cache
def environment() -> Environment:
    """The templates with their filters; a name that is missing is an error and not an empty text."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {
        "percent": table.percent,
        "interval": table.interval,
        "heat": heat,
        "reliability": reliability,
        "page_of": page_of,
        "duration": table.duration,
        "millions": table.millions,
        "row_shares": row_shares,
        "listed": listed,
    }
    made.globals |= {
        "css": Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
        "seeds": table.seeds,
        "common_name": table.common_name,
        "DEEP": DEEP,
    }
    return made


def command(provenance: Json) -> str:
    """The command that made the run, ready to be pasted."""
    words = [str(word) for word in provenance.get("argv") or ()]
    if words[:1] == ["__main__.py"]:
        words = ["python", "-m", "fer", *words[1:]]
    return shlex.join(["python", *words] if words and words[0].endswith(".py") else words)


def pictures(run: StoredRun) -> list[dict[str, str]]:
    """The pictures that the first fold drew of its network: where each lies below the page, and its caption."""
    drawn = next((fold for fold in run.folds if fold.card.get("pictures")), None)
    if drawn is None:
        return []
    return [
        {"path": quote(f"folds/{drawn.name}/{file}"), "caption": caption, "fold": drawn.name}
        for file, caption in drawn.card["pictures"].items()
    ]


def listed(values: Mapping[str, Any]) -> str:
    """Names and values in one line, without those that are empty."""
    texts = {name: ", ".join(map(str, value)) if isinstance(value, list) else value for name, value in values.items()}
    return ", ".join(f"{name.replace('_', ' ')} {text}" for name, text in texts.items() if text not in (None, ""))


def row_shares(matrix: Ints) -> list[list[float]]:
    """Each row of a confusion matrix as shares of its sum; zeros where a label has no image."""
    return [[count / max(sum(row), 1) for count in row] for row in matrix.tolist()]


def heat(share: float) -> int:
    """How much of the heat colour a cell gets, in percent: never a middle tone on which no text is readable."""
    return round(100 * (share * 0.85 if share < DEEP else 0.72 + (share - DEEP) * 0.7))


def page_of(report: Report, folder: Path) -> str:
    """The address of a run's page from a page in `folder`."""
    return quote(relative(report.path, folder)) + "/index.html"
