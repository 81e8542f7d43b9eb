"""This file tests that the networks of a run are looked at again as they were left, in several views, on the same faces."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from composing import composed
from safetensors.torch import load_file, save_file

from fer.data.databases.folder import Folder
from fer.errors import ConfigError, DatabaseDamaged, DatabaseNotFound, RunError, WeightsError
from fer.files import read_json, write_json
from fer.models.views import flip
from fer.results.predictions import Predictions, read_predictions
from fer.results.publish import write_report
from fer.results.report import make_report
from fer.results.store import RunStore
from fer.results.stored_run import read_run
from fer.training.evaluation import Question, evaluate, evaluated_store, planned
from fer.training.experiment import RunSettings
from fer.training.fold import predict
from fer.training.lightning_learner import LightningLearner
from fer.training.run import run_experiment

TINY = ("model=cnn", "model.stem=4", "model.widths=[8]", "model.size=24", "trainer.epochs=1", "trainer.batch_size=16")
OWN = ("data=folder", "data.folder.subjects=true", "data.folder.cropped=true", "protocol=subject_independent", "protocol.folds=2")


def trained(folder: Path, *overrides: str, folds: Any = None) -> Path:
    """A run on drawn faces in files, of which `folds` are done."""
    settings = RunSettings(output=str(folder / "outputs"), threads=1, folds=folds)
    config = composed(*OWN, f"data.folder.root={folder / 'faces'}", *overrides)
    store, _ = run_experiment(config, title="folder-cnn-p", run=settings, loggers={})
    return store.folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with drawn faces, and a run of which one fold of two is done."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_CACHE", str(folder / "cache"))
        Folder.write_sample(folder / "faces", subjects=8)
        trained(folder, *TINY, folds=[0])
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """A run of one's own on the faces that all share."""
    return shutil.copytree(next((made / "outputs").iterdir()), tmp_path / "outputs" / next((made / "outputs").iterdir()).name)


def again(run: Path, *, views: str = "flip", **roots: str) -> tuple[RunStore, bool]:
    stored, question = read_run(run), Question(views)
    store = evaluated_store(stored, question, output=run.parent)
    return store, evaluate(stored, store, question, roots=roots)


def rows(run: Path) -> Predictions:
    return read_predictions(run / "folds" / "00" / "predictions.csv")


def test_a_restored_network_repeats_its_predictions_to_the_bit_and_views_are_their_mean(run: Path) -> None:
    stored = read_run(run)
    experiment = planned(stored, stored.provenance["roots"])
    learner, fold = experiment.learner, experiment.folds[0]
    assert isinstance(learner, LightningLearner)
    torch.set_num_threads(1)
    learner.restore(run / "folds" / "00")
    once = predict(fold, experiment.cohort, learner.predict)
    np.testing.assert_array_equal(once.probabilities, rows(run).probabilities)
    mirrored = predict(fold, experiment.cohort, lambda faces: learner.predict(faces, views=lambda x: iter([x.flip(3)])))
    both = predict(fold, experiment.cohort, lambda faces: learner.predict(faces, views=flip))
    assert not np.array_equal(once.probabilities, mirrored.probabilities)
    np.testing.assert_allclose(both.probabilities, (once.probabilities + mirrored.probabilities) / 2, atol=1e-6)
    store, _ = again(run)
    np.testing.assert_array_equal(rows(store.folder).probabilities, both.probabilities)


def test_the_result_is_a_run_of_the_same_folds_that_says_how_it_was_read(run: Path) -> None:
    store, news = again(run, views="ten_crops")
    assert news
    assert store.folder.parent == run.parent
    assert store.folder.name.startswith("folder-cnn-p+ten_crops-")
    assert store.config == {**RunStore(run).config, "evaluation": {"views": "ten_crops"}}
    assert (store.folder / "folds.json").read_bytes() == (run / "folds.json").read_bytes()
    plain, card = RunStore(run).card("00"), store.card("00")
    assert card["selection"] == plain["selection"]
    assert (card["evaluation"]["views"], card["evaluation"]["device"]) == ("ten_crops", "cpu")
    report = make_report(read_run(store.folder))
    assert report.reading == "test-time augmentation: ten_crops"
    assert report.seeds == (0,)
    assert make_report(read_run(run)).reading is None


def test_folds_that_are_done_are_not_done_again_and_those_trained_since_are(made: Path, run: Path) -> None:
    store, _ = again(run)
    first = (store.folds_folder / "00" / "predictions.csv").stat().st_mtime_ns
    assert again(run)[1] is False
    assert [fold.name for fold in store.todo()] == ["01"]
    settings = RunSettings(output=str(run.parent), threads=1)
    finished, _ = run_experiment(
        composed(*OWN, f"data.folder.root={made / 'faces'}", *TINY), title="folder-cnn-p", run=settings, loggers={}
    )
    assert finished.folder == run
    assert again(run)[1] is True
    assert store.complete
    assert (store.folds_folder / "00" / "predictions.csv").stat().st_mtime_ns == first


def test_files_that_were_moved_are_asked_for_and_found_where_the_user_says(made: Path, run: Path, tmp_path: Path) -> None:
    write_json(run / "provenance.json", {**read_json(run / "provenance.json"), "roots": {"folder": str(tmp_path / "gone")}})
    with pytest.raises(DatabaseNotFound, match=rf"reads folder in {tmp_path}/gone. .*say where it is now: --root NAME=PATH"):
        again(run)
    with pytest.raises(ConfigError, match=r"--root: found ckplus, but .* reads folder"):
        again(run, ckplus="x")
    store, news = again(run, folder=str(made / "faces"))
    assert news
    assert store.provenance["roots"] == {"folder": str(made / "faces")}


def test_other_faces_than_those_of_the_run_are_refused(made: Path, run: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "faces", tmp_path / "faces")
    next((tmp_path / "faces").rglob("*.png")).unlink()
    with pytest.raises(DatabaseDamaged, match="folder has changed since this run began"):
        again(run, folder=str(tmp_path / "faces"))
    assert len(list(run.parent.iterdir())) == 1


def test_other_weights_than_those_that_were_evaluated_are_refused(run: Path) -> None:
    again(run)
    weights = run / "folds" / "00" / "model.safetensors"
    save_file({name: tensor + 1 for name, tensor in load_file(weights).items()}, weights)
    with pytest.raises(RunError, match=r"fold 00 of .* was trained again since"):
        again(run)
    weights.unlink()
    with pytest.raises(RunError, match=r"model\.safetensors is missing, so that there is no network to test again"):
        again(run)


def test_the_weights_of_another_network_are_refused(run: Path) -> None:
    weights = run / "folds" / "00" / "model.safetensors"
    save_file({"head.weight": torch.zeros(2, 2)}, weights)
    with pytest.raises(WeightsError, match=r"is another network's: .* tensors are missing or of another shape"):
        again(run)


def test_folds_that_would_be_cut_otherwise_now_are_refused(run: Path) -> None:
    plan = read_json(run / "folds.json")
    plan["folds"][0]["train"].pop()
    write_json(run / "folds.json", plan)
    with pytest.raises(RunError, match="was run with other folds, by another version of this code"):
        again(run)


def test_what_was_trained_on_several_gpus_is_evaluated_by_one_process_of_any_machine(run: Path) -> None:
    before, _ = again(run)
    config = read_json(run / "config.json")
    config["trainer"] |= {"accelerator": "cuda", "devices": 2, "nodes": 2, "strategy": "fsdp"}
    write_json(run / "config.json", config)
    store, news = again(run)
    assert news
    assert store.folder != before.folder
    np.testing.assert_array_equal(rows(store.folder).probabilities, rows(before.folder).probabilities)


def test_views_of_another_name_are_refused_before_anything_is_written(run: Path) -> None:
    with pytest.raises(ConfigError, match="no views 'flop'"):
        again(run, views="flop")
    assert len(list(run.parent.iterdir())) == 1


def test_what_has_no_networks_is_refused(made: Path, run: Path, tmp_path: Path) -> None:
    store, _ = again(run)
    with pytest.raises(RunError, match="was made by fer evaluate and has no networks of its own"):
        again(store.folder)
    write_json(store.folder / "config.json", {**read_json(run / "config.json"), "ensemble": ["a", "b"]})
    with pytest.raises(RunError, match=r"is an ensemble and has no networks of its own\. Evaluate its members \(a, b\)"):
        again(store.folder)
    shutil.copytree(made / "faces", tmp_path / "faces")
    classical = trained(tmp_path, "model=svm", "model.costs=[1]")
    with pytest.raises(RunError, match="LinearSvm is no network: there are neither weights"):
        again(classical)
    shutil.rmtree(run / "folds")
    with pytest.raises(RunError, match="has trained no fold yet"):
        again(run)


def test_its_page_shows_no_picture_that_is_not_there(run: Path) -> None:
    card = run / "folds" / "00" / "card.json"
    write_json(card, {**read_json(card), "pictures": {"filters.png": "The filters"}})
    store, _ = again(run)
    write_report(store.folder)
    page = (store.folder / "index.html").read_text()
    assert "filters.png" not in page
    assert '<li class="warn">test-time augmentation: flip</li>' in page


def test_a_run_of_another_version_is_one_message(run: Path) -> None:
    config = read_json(run / "config.json")
    write_json(run / "config.json", {key: value for key, value in config.items() if key not in ("loss", "features")})
    with pytest.raises(RunError, match=r"another version of this code: its config\.json has no features, loss"):
        again(run)
