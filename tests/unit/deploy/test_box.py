"""This file tests the networks that come with the package, and how a trained one gets there."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from composing import composed

from fer.data.databases.fer2013 import Fer2013
from fer.data.databases.sample_faces import sample_faces
from fer.data.digest import file_digest
from fer.deploy import box
from fer.errors import ConfigError, RunError
from fer.files import read_json, write_json
from fer.models import boxed
from fer.models.boxed import in_the_box, networks
from fer.models.summary import count_parameters
from fer.models.weights import read_weights, stored_classifier
from fer.results.stored_run import read_run
from fer.training.seen import Seen


def test_of_several_seeds_the_best_on_validation_goes_in_with_its_own_scores(run: Path, tmp_path: Path) -> None:
    stored = read_run(run)
    folder = box.put(stored, "small", into=tmp_path)
    values = {fold.name: fold.card["selection"]["value"] for fold in stored.folds}
    best = max(values, key=lambda name: values[name])
    assert (folder / "model.safetensors").read_bytes() == (run / "folds" / best / "model.safetensors").read_bytes()
    card = read_json(folder / "card.json")
    assert card["weights"] == file_digest(folder / "model.safetensors").hex()
    assert (f"00-seed{card['seed']}", card["seeds"]) == (best, [0, 1])
    (fold,) = (fold for fold in stored.folds if fold.name == best)
    private = fold.predictions.select(fold.predictions.test_set == "private")
    assert card["scores"]["private"]["accuracy"]["value"] == pytest.approx((private.predicted == private.target).mean())
    assert card["scores"]["private"]["n"] == len(private)
    assert card["data"]["fer2013"]["licence"]
    assert str(run.parents[1]) not in json.dumps(card)  # whose machine it was is nobody's business
    seen = Seen.beside(folder / "model.safetensors").ids
    assert len(seen) == card["train_images"] + card["val_images"]
    assert not seen & set(fold.predictions.id.tolist())


@pytest.mark.parametrize(("done", "commit"), [(["00-seed0", "00-seed1"], "first"), ([], "second")])
def test_its_card_names_the_code_that_finished_its_fold(run: Path, tmp_path: Path, done: list[str], commit: str) -> None:
    copy = shutil.copytree(run, tmp_path / "run") / "provenance.json"
    argv = ["train.py", "model=cnn", "run.output=/home/me/outputs", "data.fer2013.root=/home/me/data"]
    continued = {"2026-11-22T10:00:00+00:00": {"done": done, "commit": "second", "argv": argv}}
    write_json(copy, {**read_json(copy), "commit": "first", "continued": continued})
    trained = read_json(box.put(read_run(tmp_path / "run"), "small", into=tmp_path) / "card.json")["trained"]
    assert trained["commit"] == commit
    assert (trained["started"] in continued) == (commit == "second")
    assert trained["versions"]["torch"]
    assert (trained["argv"] == argv[:2]) == (commit == "second")


def test_what_is_there_is_never_replaced_and_what_is_no_network_is_refused(run: Path, tmp_path: Path) -> None:
    stored = read_run(run)
    (tmp_path / "small").mkdir()
    with pytest.raises(RunError, match="is there already"):
        box.put(stored, "small", into=tmp_path)
    with pytest.raises(ConfigError, match="expected a network in the box"):
        in_the_box("nothing")


def test_a_network_that_would_be_too_large_is_kept_in_half_precision(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = box.put(read_run(run), "whole", into=tmp_path)
    monkeypatch.setattr(box, "LARGEST", box.size_of(whole) - 1)
    half = box.put(read_run(run), "half", into=tmp_path)
    before, after = (read_weights(folder / "model.safetensors") for folder in (whole, half))
    assert after.described == before.described
    assert {str(tensor.dtype) for tensor in after.state.values() if tensor.ndim > 1} == {"torch.float16"}
    assert all(torch.equal(after.state[name], tensor) for name, tensor in before.state.items() if tensor.ndim < 2)
    faces = torch.from_numpy(np.stack([face.image for face in sample_faces(["fear"], subjects=4, takes=1, size=48, seed=0)]))
    with torch.inference_mode():
        said = [stored_classifier(weights)(faces).softmax(1) for weights in (before, after)]
    assert not torch.equal(*said)
    assert torch.allclose(*said, atol=2e-3)
    cards = [read_json(folder / "card.json") for folder in (whole, half)]
    assert [card["stored"] for card in cards] == ["float32", "float16"]
    assert cards[1]["weights"] == file_digest(half / "model.safetensors").hex()
    monkeypatch.setattr(box, "LARGEST", 1000)
    with pytest.raises(RunError, match=r"its network takes 0\.\d MB, expected at most 0 in the box"):
        box.put(read_run(run), "none", into=tmp_path)
    assert not (tmp_path / "none").exists()


def test_its_card_names_runs_and_networks_and_not_where_they_lay(run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "run")
    for fold in (copy / "folds").glob("*/card.json"):
        start = {"file": "/home/me/outputs/ckplus-cnn-1a/folds/00/model.safetensors", "loaded": 3}
        teacher = "/home/me/fer/deploy/networks/fer2013_small/model.safetensors"
        write_json(fold, {**read_json(fold), "start": start, "teacher": teacher})
    text = (box.put(read_run(copy), "small", into=tmp_path) / "card.json").read_text()
    assert json.loads(text)["teacher"] == "fer2013_small in the box"
    assert json.loads(text)["start"] == {"file": "ckplus-cnn-1a", "loaded": 3}
    assert "/home/me" not in text


def test_several_folds_are_several_networks_and_are_refused(run: Path, tmp_path: Path) -> None:
    folds = shutil.copytree(run, tmp_path / "run") / "folds.json"
    plan = read_json(folds)
    write_json(folds, {**plan, "folds": [{**fold, "seed": 0} for fold in plan["folds"]]})
    with pytest.raises(RunError, match="has 2 trained folds; expected one network"):
        box.put(read_run(tmp_path / "run"), "small", into=tmp_path / "box")
    assert not (tmp_path / "box").exists()


def test_the_command_says_what_it_has_put_into_the_box(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(boxed, "NETWORKS", tmp_path)
    assert box.main([str(run), "small"]) == 0
    assert networks() == ["small"]
    scores = box.read_card("small")["scores"]["private"]
    shown = capsys.readouterr().out
    assert f"private: accuracy {100 * scores['accuracy']['value']:.1f} % of {scores['n']:,} images" in shown
    assert f"{tmp_path / 'small'}: 0." in shown


def test_the_command_says_what_is_wrong(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert box.main([]) == 2
    assert "expected the folder of a run and a name" in capsys.readouterr().err
    assert box.main([str(tmp_path), "small"]) == 2
    assert "is no run folder" in capsys.readouterr().err


@pytest.mark.parametrize("name", networks())
def test_a_network_in_the_box_is_whole_small_and_says_what_it_is(name: str) -> None:
    folder, card = in_the_box(name), box.read_card(name)
    assert sum(file.stat().st_size for file in folder.iterdir()) < 8e6
    assert card["weights"] == file_digest(folder / "model.safetensors").hex()
    weights = read_weights(folder / "model.safetensors")
    assert list(weights.described["labels"]) == card["labels"]
    classifier = stored_classifier(weights)
    faces = torch.from_numpy(np.stack([face.image for face in sample_faces(["happiness"], subjects=4, takes=1, size=48, seed=0)]))
    with torch.inference_mode():
        probabilities = classifier(faces).softmax(1)
    assert probabilities.std(0).max() > 0.01  # it tells faces from one another, rather than always saying the same
    assert name == "fer2013_best" or count_parameters(classifier.backbone) <= 1.5e6
    assert len(Seen.beside(folder / "model.safetensors").ids) == card["train_images"] + card["val_images"]
    for scores in card["scores"].values():
        assert scores["accuracy"]["low"] < scores["accuracy"]["value"] < scores["accuracy"]["high"]


@pytest.mark.parametrize("name", networks())
def test_the_recipe_of_a_network_in_the_box_is_how_it_was_trained(name: str) -> None:
    card, recipe = box.read_card(name), composed(f"experiment={name}")
    made = {key: value for key, value in recipe["model"].items() if key != "weights"}
    assert card["model"] == made
    assert card["selection"]["epochs"] == recipe["trainer"]["epochs"]
    teacher = recipe["loss"].get("teacher")
    assert card.get("teacher") == (teacher and f"{teacher} in the box")


@pytest.mark.slow
@pytest.mark.skipif("FER_DATA" not in os.environ, reason="set FER_DATA to the folder of fer2013")
@pytest.mark.parametrize("name", networks())
def test_a_network_in_the_box_scores_what_its_card_says(name: str) -> None:
    database = Fer2013(f"{os.environ['FER_DATA']}/fer2013")
    tested = [record for record in database.records() if record.split == "PrivateTest"]
    faces = torch.from_numpy(np.stack([database.read(record) for record in tested]))
    classifier = stored_classifier(read_weights(in_the_box(name) / "model.safetensors"))
    labels = box.read_card(name)["labels"]
    with torch.inference_mode():
        said = torch.cat([classifier(part).argmax(1) for part in faces.split(512)]).tolist()
    right = np.mean([labels[found] == record.expression for found, record in zip(said, tested, strict=True)])
    card = box.read_card(name)  # its scores are those of the run, whose weights were not halved
    unsure = 0.001 if card.get("stored") == "float16" else 1e-9
    assert right == pytest.approx(card["scores"]["private"]["accuracy"]["value"], abs=unsure)
