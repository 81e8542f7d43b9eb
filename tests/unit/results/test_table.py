"""This file tests the tables in the terminal."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from made_up_run import made_up_folds, made_up_predictions, write_run
from rich.console import Console

from fer.results.predictions import concatenate
from fer.results.report import Report, make_report
from fer.results.stored_run import read_run
from fer.results.table import print_report


def printed(report: Report) -> str:
    text = StringIO()
    print_report(report, Console(file=text, width=80))
    return text.getvalue()


def report_of(path: Path) -> Report:
    return make_report(read_run(path))


def test_scores_stand_with_all_that_must_stand_beside_them(tmp_path: Path) -> None:
    report = report_of(write_run(tmp_path / "synthetic-resnet", made_up_folds(3)))
    text = printed(report)
    score = report.tests[0].scores.accuracy
    assert score.low is not None
    assert score.high is not None
    for word in (
        f"{100 * score.value:.1f}",
        f"{100 * score.low:.1f}–{100 * score.high:.1f}",
        "n = 600, 60 subjects",
        "bootstrap over 60 subjects",
        "best val_macro_f1 on validation",
        "none found",
        "contempt 18",
        "FaceCrop (margin 0.1); images that are faces already: webcam",
        "central square taken: synthetic 2",
        "the databases' own labels",
        "3 folds · seed 0",
        "(no interval)",
        "perceived expression labels",
    ):
        assert word in text
    assert "LEAKY" not in text
    assert "INCOMPLETE" not in text


def test_it_fits_into_80_columns_without_colour_codes_where_piped(tmp_path: Path) -> None:
    full = made_up_predictions(50, subjects=0, test_set="private")
    clean = replace(full.select(np.arange(40)), test_set=np.array(["private_clean"] * 40))
    text = printed(report_of(write_run(tmp_path / ("long-name-" * 6), [concatenate([full, clean])])))
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert "private_clean" in text


def test_a_leaky_run_is_marked_in_the_table(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", made_up_folds(2), leaky=True, protocol="image_random", leaks={"subjects": 60})
    text = printed(report_of(path))
    assert text.count("LEAKY") == 2  # in the heading and beside the test set
    assert "subjects (120); summed over 2 folds" in text


@pytest.mark.parametrize("done", [0, 2])
def test_an_incomplete_run_is_marked(tmp_path: Path, done: int) -> None:
    text = printed(report_of(write_run(tmp_path / "run", made_up_folds(5), done=done)))
    assert "INCOMPLETE" in text
    assert f"{done} of 5 folds" in text
