"""This file tests how long a training is said to have taken to an accuracy."""

from pathlib import Path

import pytest
from made_up_run import made_up_folds, write_run

from fer.results.publish import write_report
from fer.results.time_to_accuracy import MOST, Reached, time_to_accuracy


def history(*accuracies: float, seconds: float = 10.0) -> list[dict[str, float]]:
    return [{"epoch": i, "val_accuracy": accuracy, "seconds": seconds} for i, accuracy in enumerate(accuracies)]


def test_a_level_is_reached_by_the_first_epoch_that_reads_so_much() -> None:
    assert time_to_accuracy([history(0.29, 0.28, 0.301, 0.305, 0.3)]) == [Reached(29, 1, 10), Reached(30, 3, 30)]


def test_levels_that_came_at_once_are_one() -> None:
    assert time_to_accuracy([history(0.2, 0.6, 0.6)]) == [Reached(20, 1, 10), Reached(60, 2, 20)]


def test_all_folds_have_to_reach_a_level_and_their_times_are_averaged() -> None:
    assert time_to_accuracy([history(0.5, 0.7), history(0.4, 0.4, 0.62, seconds=30)]) == [
        Reached(40, 1, 20),
        Reached(50, 2, 50),
        Reached(62, 2.5, 55),
    ]


def test_the_highest_levels_are_named() -> None:
    rising = time_to_accuracy([history(*(i / 100 for i in range(1, 60)))])
    assert [level.percent for level in rising] == list(range(60 - MOST, 60))


@pytest.mark.parametrize("of", [[], [[]], [history(0.5), []], [[{"epoch": 0, "seconds": 1.0}]], [history(float("nan"))]])
def test_nothing_is_said_of_what_was_not_measured(of: list[list[dict[str, float]]]) -> None:
    assert time_to_accuracy(of) == []


def test_the_page_of_a_run_says_it(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", made_up_folds(1))
    rows = "".join(f"{i},1,1,{accuracy},0.5,0.1,60\n" for i, accuracy in enumerate((0.41, 0.52, 0.521)))
    columns = "epoch,train_loss,val_loss,val_accuracy,val_macro_f1,lr,seconds\n"
    (run / "folds" / "00" / "history.csv").write_text(columns + rows)
    write_report(run)
    html = (run / "index.html").read_text(encoding="utf-8")
    assert '<tr><th scope="row">time</th><td>60 s</td><td>2 min</td></tr>' in html
