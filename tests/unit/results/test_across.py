"""This file tests the tables of what networks score on several databases."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from made_up_run import made_up_predictions, write_run

from fer.files import read_json, write_json
from fer.results.across import Across, across_runs, across_tests
from fer.results.predictions import Predictions, concatenate
from fer.results.publish import write_report
from fer.results.standing import Standing, read_standing
from fer.results.stored_run import find_runs


def on(database: str, *, fold: str = "00", start: int = 0) -> Predictions:
    """Predictions on images of a database."""
    rows = made_up_predictions(80, fold=fold, test_set=database, start=start)
    return replace(rows, id=np.array([i.replace("synthetic/", f"{database}/") for i in rows.id], np.str_))


def run_of(path: Path, *tests: Predictions, learned: str, leaky: bool = False) -> Path:
    """A run that learned from a database and was tested on these."""
    write_run(path, [concatenate(tests)], leaky=leaky)
    plan = read_json(path / "folds.json")
    plan["folds"][0]["train"] = [f"{learned}/1"]
    write_json(path / "folds.json", plan)
    return path


def standings(folder: Path) -> list[Standing]:
    return [read_standing(write_report(run).path) for run in find_runs(folder)]


def table(found: Across) -> dict[tuple[str, ...], dict[str, bool]]:
    return {row.trained_on: {name: cell.within for name, cell in row.cells.items()} for row in found.rows}


def test_an_evaluation_stands_in_the_row_of_the_run_that_it_is_of(tmp_path: Path) -> None:
    run_of(tmp_path / "trained", on("ckplus"), learned="ckplus")
    elsewhere = run_of(tmp_path / "trained+on_jaffe", on("jaffe"), learned="ckplus")
    card = elsewhere / "folds" / "00" / "card.json"
    write_json(card, {**read_json(card), "evaluation": {"run": "trained", "views": None, "trained_on": ["ckplus"]}})
    found = across_runs(standings(tmp_path))
    assert found is not None
    assert found.databases == ("ckplus", "jaffe")
    assert table(found) == {("ckplus",): {"ckplus": True, "jaffe": False}}


def test_runs_on_one_database_and_leaky_ones_have_no_row(tmp_path: Path) -> None:
    run_of(tmp_path / "alone", on("ckplus"), learned="ckplus")
    run_of(tmp_path / "leaky", on("ckplus"), on("jaffe", start=500), learned="ckplus", leaky=True)
    assert across_runs(standings(tmp_path)) is None


def test_a_run_of_several_databases_has_a_row_for_what_each_network_learned_from(tmp_path: Path) -> None:
    path = tmp_path / "run"
    write_run(path, [on("ckplus"), on("jaffe", fold="01", start=500)])
    plan = read_json(path / "folds.json")
    plan["folds"][0]["train"], plan["folds"][1]["train"] = ["jaffe/1", "kdef/1"], ["ckplus/1", "kdef/1"]
    write_json(path / "folds.json", plan)
    report = write_report(path)
    found = across_tests(report)
    assert found is not None
    assert table(found) == {("jaffe", "kdef"): {"ckplus": False}, ("ckplus", "kdef"): {"jaffe": False}}
    assert "Across databases" in (path / "index.html").read_text(encoding="utf-8")
