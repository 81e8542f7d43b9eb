"""This file tests the report of a run: what is in it, what it refuses, and that it depends on the predictions alone."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_run import made_up_folds, made_up_predictions, write_run

from fer.errors import RunError
from fer.files import read_json, write_json
from fer.results.predictions import concatenate, read_predictions, write_predictions
from fer.results.publish import write_report
from fer.results.report import make_report
from fer.results.stored_run import find_runs, read_run


def report_of(path: Path) -> dict[str, Any]:
    write_report(path)
    return dict(json.loads((path / "report.json").read_text(), parse_constant=pytest.fail))


def predictions_csv(path: Path, fold: str = "00") -> Path:
    return path / "folds" / fold / "predictions.csv"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "synthetic-resnet-subject_independent-3f9c1a7b", made_up_folds(3))


def test_report_json_says_what_the_design_asks_for(run: Path) -> None:
    report = report_of(run)
    test = report["tests"]["synthetic"]
    assert report["schema"] == 1
    assert report["run"] == run.name
    assert (report["folds"], report["complete"], report["seeds"]) == (3, True, [0])
    assert (report["protocol"], report["leaky"], report["dropped"]) == ("subject_independent", False, {"contempt": 18})
    assert (test["n"], test["subjects"]) == (600, 60)
    for score in ("accuracy", "uar", "macro_f1"):
        assert 0 <= test[score]["low"] <= test[score]["value"] <= test[score]["high"] <= 1
    assert "bootstrap over 60 subjects" in test["interval"]
    assert list(test["per_class"]) == report["labels"]
    assert test["per_class"]["anger"].keys() == {"n", "precision", "recall", "f1"}
    assert np.array(test["confusion"]).sum() == 600
    assert test["nll"] > 0 < test["ece"]


def test_scores_are_pooled_over_folds_and_the_folds_listed(run: Path) -> None:
    folds = made_up_folds(3)
    pooled = concatenate(folds)
    test = report_of(run)["tests"]["synthetic"]
    assert test["accuracy"]["value"] == pytest.approx((pooled.target == pooled.predicted).mean())
    for fold in folds:
        listed = test["folds"][str(fold.fold[0])]
        assert listed == {"n": 200, "accuracy": pytest.approx((fold.target == fold.predicted).mean())}


def test_how_the_checkpoint_was_chosen_is_said(run: Path) -> None:
    selection = report_of(run)["selection"]
    assert selection["rule"] == "the epoch with the best val_macro_f1 on validation"
    assert selection["folds"].keys() == {"00", "01", "02"}
    assert selection["folds"]["00"]["epochs"] == 12


def test_a_classical_model_chose_nothing(tmp_path: Path) -> None:
    selection = report_of(write_run(tmp_path / "run", made_up_folds(2), epochs=0))["selection"]
    assert selection == {"rule": "nothing was chosen: fitted once with fixed settings", "folds": {}}


def test_leaks_are_summed_over_folds(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", made_up_folds(2), leaks={"subjects": 3, "copies": 0}, leaky=True)
    report = report_of(path)
    assert report["leaks"] == {"subjects": 6, "copies": 0}
    assert report["leaky"] is True


def test_the_order_of_rows_changes_nothing(run: Path) -> None:
    write_report(run)
    before = (run / "report.json").read_bytes()
    made = read_predictions(predictions_csv(run))
    write_predictions(predictions_csv(run), made.select(np.random.default_rng(1).permutation(len(made))))
    write_report(run)
    assert (run / "report.json").read_bytes() == before


def test_a_deleted_report_is_rebuilt_byte_by_byte(run: Path) -> None:
    write_report(run)
    before = {name: (run / name).read_bytes() for name in ("report.json", "index.html")}
    for name in before:
        (run / name).unlink()
    write_report(run)
    assert {name: (run / name).read_bytes() for name in before} == before


@pytest.mark.parametrize("file", ["folds.json", "folds/00/card.json"])
@pytest.mark.parametrize("schema", [0, 2, None])
def test_a_run_that_another_version_has_written_otherwise_is_refused_in_words(run: Path, file: str, schema: int | None) -> None:
    write_json(run / file, {**read_json(run / file), "schema": schema})
    with pytest.raises(RunError, match=rf"{file}: found schema {schema}, expected 1; another version of ferlab wrote it"):
        read_run(run)


def test_an_old_report_is_never_read(run: Path) -> None:
    (run / "report.json").write_text("rubbish")
    assert report_of(run)["tests"]["synthetic"]["n"] == 600


def test_a_run_with_missing_folds_says_so(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", made_up_folds(5), done=3)
    report = report_of(path)
    assert (report["folds"], report["folds_done"], report["complete"]) == (5, 3, False)
    assert (report["tests"]["synthetic"]["n"], report["tests"]["synthetic"]["planned"]) == (600, 1000)
    assert make_report(read_run(path)).progress == "3 of 5 folds"


def test_a_run_without_any_fold_has_an_empty_report(tmp_path: Path) -> None:
    report = report_of(write_run(tmp_path / "run", made_up_folds(2), done=0))
    assert report["tests"] == {}
    assert report["complete"] is False


def test_a_label_without_images_has_no_recall_and_no_nan(tmp_path: Path) -> None:
    made = made_up_predictions(40)
    only_anger = replace(made, target=np.zeros(40, np.int64))
    test = report_of(write_run(tmp_path / "run", [only_anger]))["tests"]["synthetic"]
    assert test["per_class"]["neutral"]["n"] == 0
    assert test["per_class"]["neutral"]["recall"] is None
    assert test["uar"]["value"] == test["accuracy"]["value"]


def test_the_same_image_may_stand_in_two_test_sets(tmp_path: Path) -> None:
    full = made_up_predictions(50, subjects=0, test_set="private")
    clean = replace(full.select(np.arange(40)), test_set=np.array(["private_clean"] * 40))
    tests = report_of(write_run(tmp_path / "run", [concatenate([full, clean])]))["tests"]
    assert {name: test["n"] for name, test in tests.items()} == {"private": 50, "private_clean": 40}
    assert tests["private"]["subjects"] is None
    assert "Wilson" in tests["private"]["interval"]


def test_an_image_that_is_tested_in_two_folds_is_an_error(tmp_path: Path) -> None:
    one = made_up_predictions(10)
    path = write_run(tmp_path / "run", [one, replace(one, fold=np.array(["01"] * 10))])
    with pytest.raises(RunError, match=r"synthetic/00000 stands 2 times in test set synthetic"):
        write_report(path)


def test_an_image_that_stands_twice_in_a_file_is_an_error(run: Path) -> None:
    path = predictions_csv(run)
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    with pytest.raises(RunError, match=r"predictions\.csv: synthetic/00000 stands 2 times"):
        write_report(run)


def test_a_file_that_lost_whole_rows_is_an_error(run: Path) -> None:
    path = predictions_csv(run)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-5]))
    with pytest.raises(RunError, match=r"5 images of folds\.json are missing, 0 are not in it"):
        write_report(run)


def test_predictions_of_another_fold_or_other_labels_are_an_error(run: Path) -> None:
    write_predictions(predictions_csv(run), made_up_predictions(200, fold="07"))
    with pytest.raises(RunError, match="found rows of fold 07, expected 00 only"):
        write_report(run)
    write_predictions(predictions_csv(run), made_up_predictions(200, labels=("anger", "fear")))
    with pytest.raises(RunError, match=r"found the labels anger, fear, folds\.json has anger, disgust"):
        write_report(run)


@pytest.mark.parametrize("name", ["config.json", "folds.json", "folds/01/card.json", "provenance.json"])
def test_damaged_json_is_one_message(run: Path, name: str) -> None:
    (run / name).write_text('{"half":')
    with pytest.raises(RunError) as raised:
        write_report(run)
    assert str(run / name) in str(raised.value)


def test_a_folder_that_is_no_run_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is no run folder"):
        write_report(tmp_path)


def test_a_damaged_history_is_one_message(run: Path) -> None:
    (run / "folds" / "00" / "history.csv").write_text("epoch,train_loss\n0,x\n")
    with pytest.raises(RunError, match=r"history\.csv is damaged"):
        write_report(run)


def test_runs_are_found_at_any_depth_but_not_inside_runs(tmp_path: Path) -> None:
    outer = write_run(tmp_path / "b", made_up_folds(1))
    write_run(outer / "folds" / "inner", made_up_folds(1))
    deep = write_run(tmp_path / "a" / "sweep" / "c", made_up_folds(1))
    write_run(tmp_path / ".hidden", made_up_folds(1))
    assert list(find_runs(tmp_path)) == [deep, outer]
