"""This file tests that the leaderboard ranks only what was measured in the same way."""

import csv
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from made_up_run import made_up_folds, write_run
from rich.console import Console

from fer.errors import RunError
from fer.files import read_json, write_json
from fer.results.leaderboard import COLUMNS, Board, boards, print_boards, write_boards
from fer.results.predictions import Predictions
from fer.results.publish import write_leaderboard, write_report
from fer.results.standing import read_standing
from fer.results.stored_run import find_runs


def boards_of(folder: Path) -> tuple[Board, ...]:
    return boards([read_standing(write_report(path).path) for path in find_runs(folder)])


def blurred(fold: Predictions, *, seed: int) -> Predictions:
    """The same images with answers of another training."""
    other = np.random.default_rng(seed).dirichlet(np.ones(len(fold.labels)), len(fold))
    return replace(fold, probabilities=(0.5 * fold.probabilities + 0.5 * other).astype(np.float32))


def names(board: Board) -> list[str]:
    return [entry.run.name for entry in board.entries]


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    write_run(tmp_path / "weak", made_up_folds(2, skill=1.0))
    write_run(tmp_path / "strong", made_up_folds(2, skill=4.0))
    write_run(tmp_path / "half", made_up_folds(2, skill=9.0), done=1)
    write_run(tmp_path / "started", made_up_folds(2), done=0)
    write_run(tmp_path / "leaky", made_up_folds(2, skill=9.0), protocol="image_random", leaky=True)
    return tmp_path


def test_runs_are_sorted_by_accuracy_and_incomplete_ones_not_ranked(outputs: Path) -> None:
    honest, _ = boards_of(outputs)
    assert names(honest) == ["strong", "weak", "half", "started"]
    assert [entry.rank for entry in honest.entries] == [1, 2, None, None]


def test_protocols_are_never_mixed(outputs: Path) -> None:
    honest, leaky = boards_of(outputs)
    assert names(leaky) == ["leaky"]
    assert leaky.measure.leaky
    assert not honest.measure.leaky


def test_other_labels_or_other_images_are_another_board(tmp_path: Path) -> None:
    write_run(tmp_path / "seven", made_up_folds(2))
    write_run(tmp_path / "two", made_up_folds(2, labels=("anger", "fear")))
    write_run(tmp_path / "fewer", made_up_folds(2, n=50))
    assert sorted(map(names, boards_of(tmp_path))) == [["fewer"], ["seven"], ["two"]]


def test_equal_runs_share_a_rank(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        write_run(tmp_path / name, made_up_folds(2, skill=1.0 if name == "c" else 4.0))
    (board,) = boards_of(tmp_path)
    assert [(entry.run.name, entry.rank) for entry in board.entries] == [("a", 1), ("b", 1), ("c", 3)]


def test_the_csv_has_a_row_a_run_and_test_set(outputs: Path) -> None:
    write_boards(outputs / "leaderboard.csv", boards_of(outputs))
    with (outputs / "leaderboard.csv").open(newline="") as file:
        rows = {row["run"]: row for row in csv.DictReader(file)}
    assert list(rows["strong"]) == list(COLUMNS)
    assert 0 < float(rows["strong"]["accuracy_low"]) < float(rows["strong"]["accuracy"]) < 1
    assert (rows["strong"]["rank"], rows["strong"]["path"], rows["strong"]["seed"]) == ("1", "strong", "0")
    assert (rows["leaky"]["leaky"], rows["weak"]["leaky"]) == ("1", "0")
    assert (rows["half"]["rank"], rows["half"]["folds_done"], rows["half"]["folds"]) == ("", "1", "2")
    assert (rows["started"]["n"], rows["started"]["accuracy"]) == ("0", "")


def test_the_table_fits_into_80_columns_and_marks_what_leaks(outputs: Path) -> None:
    text = StringIO()
    print_boards(boards_of(outputs), Console(file=text, width=80))
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert "synthetic · LEAKY" in lines
    assert any("half" in line and "1/2" in line for line in lines)


def test_a_report_of_another_version_is_refused_with_the_command_that_rebuilds_it(tmp_path: Path) -> None:
    run = write_report(write_run(tmp_path / "run", made_up_folds(1))).path
    report = read_json(run / "report.json")
    write_json(run / "report.json", {key: value for key, value in report.items() if key != "planned"})
    with pytest.raises(RunError, match=r"another version .* fer report"):
        read_standing(run)
    write_json(run / "report.json", {**report, "tests": {"synthetic": {}}})
    with pytest.raises(RunError, match=r"report.json is damaged: KeyError"):
        read_standing(run)


def test_runs_of_several_seeds_stand_there_as_one_too(tmp_path: Path) -> None:
    for seed in (0, 1, 2):
        folds = [blurred(fold, seed=seed) for fold in made_up_folds(2)]
        write_run(tmp_path / f"synthetic-cnn-{seed}", folds, seed=seed)
    write_run(tmp_path / "synthetic-resnet-9", made_up_folds(2), model="other")
    reports = [write_report(path) for path in find_runs(tmp_path)]
    (board,) = write_leaderboard(tmp_path, [report.path for report in reports])
    (pooled,) = (entry for entry in board.entries if len(entry.run.seeds) > 1)
    alone = [report.tests[0].scores.accuracy.value for report in reports[:3]]
    assert pooled.run.name == "synthetic-cnn, 3 seeds of 3 runs"
    assert pooled.test is not None
    assert pooled.test.scores.accuracy.value == pytest.approx(np.mean(alone))
    assert len(board.entries) == 5
