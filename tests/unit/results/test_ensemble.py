"""This file tests that an ensemble is the mean of what fits together, and is reported as nothing else."""

import csv
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_run import PROVENANCE, made_up_folds, made_up_predictions, write_run, write_seeds
from rich.console import Console

from fer.errors import RunError
from fer.files import read_json, write_json
from fer.results.accuracies import print_accuracies
from fer.results.ensemble import ensemble_store, write_ensemble
from fer.results.leaderboard import boards
from fer.results.members import read_members
from fer.results.predictions import Predictions, concatenate, read_predictions, write_predictions
from fer.results.publish import write_leaderboard, write_report
from fer.results.report import Report, make_report
from fer.results.standing import read_standing
from fer.results.store import RunStore
from fer.results.stored_run import find_runs, read_run
from fer.results.table import print_report


def other_answers(fold: Predictions, seed: int) -> Predictions:
    """The same images with answers of another training."""
    drawn = np.random.default_rng(seed).dirichlet(np.ones(len(fold.labels)), len(fold)).astype(np.float32)
    return replace(fold, probabilities=0.5 * fold.probabilities + 0.5 * drawn)


def trained(folder: Path, seed: int, **more: Any) -> Path:
    """A finished run of two folds."""
    folds = [other_answers(fold, seed) for fold in made_up_folds(2, n=60)]
    return write_run(folder / f"cnn-{seed}", folds, seed=seed, **{"model": "cnn", **more})


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    return [trained(tmp_path, seed) for seed in (0, 1, 2)]


def averaged(runs: Sequence[Path], output: Path) -> RunStore:
    members = read_members(runs)
    store = ensemble_store(members, output)
    write_ensemble(store, members, provenance=PROVENANCE)
    return store


def edit(path: Path, **changes: Any) -> None:
    write_json(path, {**read_json(path), **changes})


def all_rows(run: Path) -> Predictions:
    return concatenate([fold.predictions for fold in read_run(run).folds])


def report_of(run: Path) -> Report:
    return make_report(read_run(run))


def test_the_probabilities_are_the_mean_over_members_whatever_the_order_of_their_rows(runs: list[Path], tmp_path: Path) -> None:
    shuffled = runs[1] / "folds" / "00" / "predictions.csv"
    rows = read_predictions(shuffled)
    write_predictions(shuffled, rows.select(np.random.default_rng(0).permutation(len(rows))))
    found = read_predictions(averaged(runs, tmp_path).folds_folder / "00" / "predictions.csv")
    first = read_predictions(runs[0] / "folds" / "00" / "predictions.csv")
    expected = np.mean([other_answers(made_up_folds(2, n=60)[0], seed).probabilities for seed in (0, 1, 2)], axis=0)
    assert found.id.tolist() == first.id.tolist()
    np.testing.assert_array_equal(found.target, first.target)
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-6)


def test_seeds_of_one_run_are_members_and_the_folds_bear_the_names_of_their_cuts(tmp_path: Path) -> None:
    by_seed = {seed: other_answers(made_up_predictions(80), seed) for seed in (3, 4)}
    run = write_seeds(tmp_path / "two", by_seed, done=2)
    store = averaged([run], tmp_path)
    assert store.config["ensemble"] == ["two seed 3", "two seed 4"]
    assert [fold.name for fold in store.folds()] == ["00"]
    expected = (by_seed[3].probabilities + by_seed[4].probabilities) / 2
    np.testing.assert_allclose(all_rows(store.folder).probabilities, expected, atol=1e-6)


def test_the_report_says_how_many_there_are_how_each_was_chosen_and_what_all_cost(runs: list[Path], tmp_path: Path) -> None:
    edit(runs[1] / "folds" / "00" / "card.json", start={"file": "somewhere/imagenet.pth"})
    other = trained(tmp_path, 7, model="vgg", epochs=0)
    store = averaged([*runs, other], tmp_path)
    report = report_of(store.folder)
    assert store.folder.name.startswith("synthetic-ensemble-subject_independent-")
    assert report.reading == "ensemble of 4"
    assert report.model == "mean of 4: cnn ×3, vgg"
    assert report.seeds == ()
    assert report.progress == "2 folds"
    assert report.parameters == 4 * 1_230_000
    assert report.seconds == pytest.approx(sum(report_of(run).seconds for run in (*runs, other)))
    assert report.starts == ("somewhere/imagenet.pth",)
    for words in ("each member: ", "best val_macro_f1 on validation", "fitted once", "nothing was chosen for the ensemble"):
        assert words in report.selection.rule


def test_members_in_another_order_are_the_same_ensemble_and_others_another_one(runs: list[Path], tmp_path: Path) -> None:
    names = {averaged(some, tmp_path).folder.name for some in (runs, runs[::-1], [runs[1], runs[0], runs[2]])}
    assert len(names) == 1
    assert averaged(runs[:2], tmp_path).folder.name not in names
    path = runs[0] / "folds" / "01" / "predictions.csv"
    write_predictions(path, other_answers(read_predictions(path), 9))
    assert averaged(runs, tmp_path).folder.name not in names


def test_the_same_members_again_are_not_averaged_again_but_what_is_missing_is(runs: list[Path], tmp_path: Path) -> None:
    members = read_members(runs)
    store = ensemble_store(members, tmp_path)
    assert write_ensemble(store, members, provenance={})
    whole = {path: path.read_bytes() for path in store.folder.rglob("*") if path.is_file()}
    assert not write_ensemble(store, members, provenance={})
    shutil.rmtree(store.folds_folder / "01")
    assert write_ensemble(store, members, provenance={})
    assert {path: path.read_bytes() for path in store.folder.rglob("*") if path.is_file()} == whole


def test_what_members_found_is_in_the_plan_once_and_at_its_largest(runs: list[Path], tmp_path: Path) -> None:
    plan = read_json(runs[1] / "folds.json")
    plan["folds"][0] |= {"leaks": {"copies": 3}, "train": ["synthetic/z"], "val": ["synthetic/x"]}
    write_json(runs[1] / "folds.json", {**plan, "not_found": {"synthetic": 5}, "cropped": ["other"]})
    edit(runs[1] / "config.json", preprocess={"_target_": "fer.data.preprocessing.Whole"})
    store = averaged(runs, tmp_path)
    report = report_of(store.folder)
    fold = store.folds()[0]
    assert (fold.train, fold.val) == (("synthetic/x", "synthetic/z"), ("synthetic/y",))
    assert report.leaks == {"copies": 3}
    assert (report.not_found, report.cropped) == ({"synthetic": 5}, ("other", "webcam"))
    assert report.preprocess == "each member's own"


def changed_plan(**changes: Any) -> Callable[[Path], None]:
    return lambda run: edit(run / "folds.json", **changes)


def changed_config(**changes: Any) -> Callable[[Path], None]:
    return lambda run: edit(run / "config.json", **changes)


def other_images(run: Path) -> None:
    shutil.rmtree(run)
    write_run(run, [made_up_predictions(60, fold=f"{i:02d}", start=500 * i) for i in range(2)], seed=1)


def other_folds(run: Path) -> None:
    shutil.rmtree(run)
    write_run(run, made_up_folds(3, n=60), seed=1)


def other_labels(run: Path) -> None:
    shutil.rmtree(run)
    write_run(run, made_up_folds(2, n=60, labels=("anger", "fear")), seed=1)


def missing_fold(run: Path) -> None:
    shutil.rmtree(run / "folds" / "01")


def other_target(run: Path) -> None:
    path = run / "folds" / "00" / "predictions.csv"
    rows = read_predictions(path)
    write_predictions(path, replace(rows, target=(rows.target + 1) % len(rows.labels)))


REFUSED = {
    "is not finished: 1 of 2 folds are still to do \\(01\\)": missing_fold,
    'the same protocol: found "subject_independent" and "official"': changed_plan(protocol="official"),
    "the same rule for labels": changed_plan(label_rule="majority of votes"),
    "the same leaky protocol: found false and true": changed_plan(leaky=True),
    "the same train_images: found null and 100": changed_config(train_images=100),
    "the same labels: found anger, disgust": other_labels,
    "in the same folds: found the folds 00, 01 and 00, 01, 02": other_folds,
    "fold 01, test set 'synthetic': 60 images only the first has, 60 only the second": other_images,
    'found "one look" and "test-time augmentation: flip"': changed_config(evaluation={"views": "flip"}),
    "do not have the same label for 60 of 60 images of fold 00": other_target,
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_was_measured_otherwise_is_no_member(runs: list[Path], tmp_path: Path, words: str) -> None:
    REFUSED[words](runs[1])
    with pytest.raises(RunError, match=words):
        averaged(runs, tmp_path / "refused")


def test_one_network_the_same_twice_and_an_ensemble_are_no_members(runs: list[Path], tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cnn-0 is one network, and an ensemble has at least two"):
        read_members(runs[:1])
    copy = shutil.copytree(runs[0], tmp_path / "copy")
    for twice in (runs[0], copy):
        with pytest.raises(RunError, match="the same experiment with the same seed would count twice"):
            read_members([*runs, twice])
    made = averaged(runs, tmp_path)
    with pytest.raises(RunError, match=r"is an ensemble itself.* Give its members: cnn-0, cnn-1, cnn-2"):
        read_members([made.folder, *runs])


def test_members_that_looked_at_several_views_are_an_ensemble_that_says_so(runs: list[Path], tmp_path: Path) -> None:
    for run in runs:
        edit(run / "config.json", evaluation={"views": "flip"})
    assert report_of(averaged(runs, tmp_path).folder).reading == "ensemble of 3, test-time augmentation: flip"


def test_single_networks_views_and_ensembles_are_never_ranked_against_each_other(runs: list[Path], tmp_path: Path) -> None:
    averaged(runs, tmp_path)
    edit(trained(tmp_path, 5) / "config.json", evaluation={"views": "flip"})
    found = boards([read_standing(write_report(run).path) for run in find_runs(tmp_path)])
    assert [board.measure.kind for board in found] == ["", "test-time augmentation", "ensemble"]
    assert [len(board.entries) for board in found] == [3, 1, 1]
    write_leaderboard(tmp_path, list(find_runs(tmp_path)))
    with (tmp_path / "leaderboard.csv").open(newline="") as file:
        rows = [(row["rank"], row["reading"], row["seed"]) for row in csv.DictReader(file) if "of 3 runs" not in row["run"]]
    assert rows[-2:] == [("1", "test-time augmentation: flip", "5"), ("1", "ensemble of 3", "")]
    assert {reading for _, reading, _ in rows[:-2]} == {""}
    page = (tmp_path / "index.html").read_text()
    assert '<span class="tag">ensemble</span>' in page


def test_table_page_and_json_say_that_it_is_no_single_network(runs: list[Path], tmp_path: Path) -> None:
    folder = averaged(runs, tmp_path).folder
    text = StringIO()
    print_report(write_report(folder), Console(file=text, width=80))
    assert "subject_independent · 2 folds · ensemble of 3\n" in text.getvalue()
    assert "not one network that looks at each face once" in " ".join(text.getvalue().split())
    assert read_json(folder / "report.json")["reading"] == "ensemble of 3"
    assert '<li class="warn">ensemble of 3</li>' in (folder / "index.html").read_text()
    write_report(runs[0])
    assert read_json(runs[0] / "report.json")["reading"] is None
    assert "ensemble" not in (runs[0] / "index.html").read_text()


def test_accuracies_stand_below_one_another_with_their_distance_from_the_first() -> None:
    rows = made_up_predictions(100)
    right = replace(rows, probabilities=np.eye(7, dtype=np.float32)[rows.target])
    half = right.probabilities.copy()
    half[:50] = np.roll(half[:50], 1, axis=1)
    text = StringIO()
    print_accuracies({"mean": right, "alone-" * 20: replace(right, probabilities=half)}, Console(file=text, width=80))
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.split() == ["mean", "100.0"] for line in lines)
    assert any(line.split()[-2:] == ["50.0", "−50.0"] for line in lines)
