"""This file tests runs of several seeds, and the second reading of a test set that lacks a label."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_run import made_up_predictions, write_run, write_seeds

from fer.files import read_json, write_json
from fer.results.metrics import accuracy, macro_f1, uar
from fer.results.predictions import Predictions, concatenate
from fer.results.publish import write_report
from fer.results.repeats import NOT_YET, Repeats
from fer.results.report import make_report
from fer.results.stored_run import read_run
from fer.results.table import facts


def seeded(seed: int, *, subjects: int = 20, n: int = 300) -> Predictions:
    """The same images and targets for every seed, other answers."""
    made = made_up_predictions(n, subjects=subjects)
    other = np.random.default_rng(seed).dirichlet(np.ones(len(made.labels)), n)
    mixed = 0.6 * made.probabilities + 0.4 * other
    return replace(made, probabilities=(mixed / mixed.sum(1, keepdims=True)).astype(np.float32))


def read_report(path: Path) -> dict[str, Any]:
    write_report(path)
    return dict(json.loads((path / "report.json").read_text()))


@pytest.mark.parametrize("subjects", [0, 6, 20])
def test_the_score_of_several_seeds_is_their_mean(tmp_path: Path, subjects: int) -> None:
    by_seed = {seed: seeded(seed, subjects=subjects) for seed in (0, 1, 2)}
    found = make_report(read_run(write_seeds(tmp_path / "run", by_seed, done=3))).tests[0]
    matrices = Repeats.line_up(by_seed).confusions(np.zeros(300, np.int64), 1)[0]
    for name, score in (("accuracy", accuracy), ("uar", uar), ("macro_f1", macro_f1)):
        estimate = getattr(found.scores, name)
        assert estimate.value == pytest.approx(score(matrices).mean())
        assert estimate.low < estimate.value < estimate.high
    assert "mean over 3 seeds" in found.scores.method
    assert found.n == 300
    assert sum(label.n for label in found.per_class) == 300


def test_seeds_are_listed_with_their_spread_and_leaks_are_counted_once(tmp_path: Path) -> None:
    path = write_seeds(tmp_path / "run", {seed: seeded(seed) for seed in (3, 5)}, done=2)
    report = read_report(path)
    assert report["seeds"] == [3, 5]
    assert report["leaks"] == {"x": 1}
    listed = report["tests"]["synthetic"]["seeds"]
    assert listed.keys() == {"3", "5"}
    rows = seeded(5)
    assert listed["5"]["accuracy"] == pytest.approx((rows.target == rows.predicted).mean())
    assert "mean of 2 seeds, accuracy from" in facts(make_report(read_run(path)))["Seeds"]


def test_equal_seeds_have_the_interval_of_one_of_them(tmp_path: Path) -> None:
    one = make_report(read_run(write_run(tmp_path / "one", [seeded(0)]))).tests[0].scores
    twice = make_report(read_run(write_seeds(tmp_path / "two", {0: seeded(0), 1: seeded(0)}, done=2))).tests[0].scores
    assert twice.accuracy == one.accuracy
    assert twice.uar == one.uar


def test_a_run_that_lacks_a_seed_reports_the_others(tmp_path: Path) -> None:
    path = write_seeds(tmp_path / "run", {seed: seeded(seed) for seed in (0, 1)}, done=1)
    report = make_report(read_run(path))
    assert not report.complete
    assert report.progress == "1 of 1 fold × 2 seeds"
    assert [score.seed for score in report.tests[0].seeds] == [0]


def test_an_image_that_one_seed_has_not_tested_yet_counts_for_the_other_alone() -> None:
    whole = seeded(0)
    repeats = Repeats.line_up({0: whole, 1: whole.select(np.arange(100))})
    assert (repeats.predicted[1] == NOT_YET).sum() == 200
    patterns, counts = repeats.patterns()
    assert np.tensordot(counts, patterns, axes=1).sum(axis=(1, 2)).tolist() == [300, 100]


def without_label(rows: Predictions, label: str) -> Predictions:
    return rows.select(rows.target != rows.labels.index(label))


def test_a_test_set_without_a_label_is_read_twice(tmp_path: Path) -> None:
    rows = without_label(made_up_predictions(400), "disgust")
    test = read_report(write_run(tmp_path / "run", [rows]))["tests"]["synthetic"]
    common = test["common"]
    assert common["labels"] == [name for name in rows.labels if name != "disgust"]
    others = [i for i, name in enumerate(rows.labels) if name != "disgust"]
    answers = np.array(others)[rows.probabilities[:, others].argmax(1)]
    assert common["accuracy"]["value"] == pytest.approx((answers == rows.target).mean())
    assert common["accuracy"]["value"] > test["accuracy"]["value"]
    assert common["n"] == test["n"]


def test_images_of_a_label_that_no_training_had_are_left_out_of_the_second_reading(tmp_path: Path) -> None:
    rows = made_up_predictions(400)
    path = write_run(tmp_path / "run", [rows])
    plan = read_json(path / "folds.json")
    plan["folds"][0]["trained"] = [name for name in rows.labels if name != "neutral"]
    write_json(path / "folds.json", plan)
    common = read_report(path)["tests"]["synthetic"]["common"]
    assert common["n"] == (rows.target != rows.labels.index("neutral")).sum()
    assert "without neutral" in facts(make_report(read_run(path)))["Common"]


def test_a_set_that_has_every_label_is_read_once(tmp_path: Path) -> None:
    assert read_report(write_run(tmp_path / "run", [made_up_predictions(400)]))["tests"]["synthetic"]["common"] is None


def test_the_page_shows_both_readings(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", [without_label(concatenate([made_up_predictions(400)]), "fear")])
    write_report(path)
    assert "of 6 common labels" in (path / "index.html").read_text()
