"""This file renders the pages of a run and of the leaderboard: one HTML file each, without requests to anywhere else."""

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
from fer.results.across import across_runs, across_tests
from fer.results.gallery import Gallery
from fer.results.leaderboard import Board, Measure, relative
from fer.results.metrics import Ints
from fer.results.model_card import model_card
from fer.results.pages.charts import distribution, learning_curves, pretraining_curves, reliability
from fer.results.pages.faces import Sheet
from fer.results.report import Report
from fer.results.set_report import SetReport
from fer.results.standing import Standing
from fer.results.stored_run import Json, StoredRun, read_object
from fer.results.time_to_accuracy import time_to_accuracy

TEMPLATES = Path(__file__).parent
EXPLAINED = Path("explained") / "explained.json"
SPREAD = 5  # people or folds, from which on their distribution is drawn
DEEP = 0.6  # from this share on a cell of the confusion matrix is dark enough for light text


def run_page(report: Report, run: StoredRun, mistakes: Gallery | None = None, sheet: Sheet | None = None) -> str:
    """The page of one run, with the faces of its mistakes where there is a picture of them."""
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
            curves=[*pretraining_curves(run.folds), *learning_curves(run.folds, run.running)],
            reached=time_to_accuracy([fold.history for fold in run.folds]),
            running=run.running,
            pictures=pictures(run),
            across=across_tests(report),
            gallery=mistakes,
            sheet=sheet,
            explained=explained(run),
            card=model_card(report, run),
        )
    )


def leaderboard_page(boards: Sequence[Board], folder: Path) -> str:
    """The page of all runs below `folder`, in which it will stand."""
    runs = {entry.run.path: entry.run for board in boards for entry in board.entries}
    template = environment().get_template("leaderboard.html")
    return template.render(
        boards=boards,
        runs=len(runs),
        folder=folder,
        choices=choices(boards),
        across=across_runs(list(runs.values())),
        script=Markup((TEMPLATES / "leaderboard.js").read_text(encoding="utf-8")),
    )


def choices(boards: Sequence[Board]) -> dict[str, list[str]]:
    """What the leaderboard can be filtered by, and the values that occur."""
    found = {
        "database": {"+".join(board.measure.test.databases) for board in boards},
        "protocol": {board.measure.protocol for board in boards},
        "labels": {label_space(board.measure) for board in boards},
        "leaky": {str(board.measure.leaky) for board in boards},
        "model": {entry.run.model for board in boards for entry in board.entries},
    }
    return {name: sorted(values) for name, values in found.items()}


def label_space(measure: Measure) -> str:
    """The labels of a board, short enough for a list to choose from."""
    return f"{len(measure.labels)}: {', '.join(measure.labels)}"


def style(*names: str) -> Markup:
    """Style sheets, one after the other."""
    return Markup("\n").join(Markup((TEMPLATES / name).read_text(encoding="utf-8")) for name in names)


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
        "below": relative,
        "label_space": label_space,
        "spreads": spreads,
        "duration": table.duration,
        "millions": table.millions,
        "row_shares": row_shares,
        "listed": listed,
    }
    made.globals |= {
        "css": style("page.css"),
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


def spreads(test: SetReport) -> dict[str, Markup]:
    """How well each person, and each fold, is recognised, where there are enough of them.

    Folds of a person each are people, and trainings of one fold with several seeds are no folds.
    """
    people = {of.subject: of.accuracy for of in test.people}
    folds = {of.fold: of.accuracy for of in test.folds}
    drawn = {}
    if len(people) >= SPREAD:
        drawn["People by accuracy"] = distribution("People by accuracy", people, units="people")
    if SPREAD <= len(folds) // max(len(test.seeds), 1) != len(people):
        drawn["Folds by accuracy"] = distribution("Folds by accuracy", folds, units="folds")
    return drawn


def explained(run: StoredRun) -> Json | None:
    """What `fer explain` left beside the page; None where it was not asked."""
    return read_object(run.path / EXPLAINED) if (run.path / EXPLAINED).is_file() else None


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


def page_of(run: Standing, folder: Path) -> str:
    """The address of a run's page from a page in `folder`."""
    return quote(relative(run.path, folder)) + "/index.html"
