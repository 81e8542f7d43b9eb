"""This file tests the classical learner on prepared faces, and which groups of the configuration go together."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from planted import Planted
from safetensors import safe_open

from fer.data.cohort import Cohort
from fer.data.databases.synthetic import Synthetic
from fer.data.digest import cache_folder
from fer.data.faces import Faces
from fer.data.prepare import prepare
from fer.data.preprocessing.whole_image import WholeImage
from fer.labels import LabelSpace
from fer.models.classical.feature_cache import features_of
from fer.models.classical.hog import Hog
from fer.models.classical.pixels import Pixels
from fer.models.classical.svm import LinearSvm
from fer.training.classical_learner import ClassicalLearner
from fer.training.learner import FoldContext
from fer.training.learners import build_learner, learner_mistakes

SVM: dict[str, Any] = {"_target_": "fer.models.classical.svm.LinearSvm"}
NEAREST: dict[str, Any] = {"_target_": "fer.models.classical.nearest_neighbour.NearestNeighbour"}
HOG: dict[str, Any] = {"_target_": "fer.models.classical.hog.Hog", "size": 24, "cell": 6}
PIXELS: dict[str, Any] = {"_target_": "fer.models.classical.pixels.Pixels", "size": 24}
CNN: dict[str, Any] = {"_target_": "fer.models.cnn.CompactCnn"}
NETWORK: dict[str, Any] = {
    "augment": {"_target_": "fer.data.augment.Augmentation", "transforms": []},
    "loss": {"_target_": "fer.models.losses.cross_entropy.CrossEntropy"},
    "optim": {"_target_": "fer.training.optimisation.Optimisation", "optimizer": {}},
    "trainer": {"_target_": "fer.training.settings.TrainerSettings", "epochs": 1},
}
NOTHING: dict[str, Any] = {"augment": NETWORK["augment"], "loss": {}, "optim": {}, "trainer": {}, "features": {}}


def cohort(*databases: Planted | Synthetic, size: int = 24) -> Cohort:
    """All faces of the databases."""
    parts = [(database.records(), database) for database in databases]
    prepared = [(r, prepare(d, r, preprocess=WholeImage(), spec={}, size=size, channels=1)) for r, d in parts]
    records = sorted((record for own, _ in parts for record in own), key=lambda record: record.id)
    return Cohort.join(prepared, records=records, labels=LabelSpace().restrict(records).labels)


def planted() -> tuple[Faces, Faces, Faces]:
    """Training, validation and test faces of patterns that are easy to tell apart."""
    all_faces = cohort(Planted())
    ids = [record.id for record in all_faces.records]
    return all_faces.faces(ids[:48]), all_faces.faces(ids[48:60]), all_faces.faces(ids[60:])


def learner(model: dict[str, Any] = SVM, features: dict[str, Any] = PIXELS) -> ClassicalLearner:
    return ClassicalLearner(model=model, features=features, labels=LabelSpace(("anger", "happiness", "sadness")))


def context(folder: Path) -> FoldContext:
    folder.mkdir(exist_ok=True)
    return FoldContext(name="00", folder=folder, seed=3, threads=1)


@pytest.mark.parametrize("features", [PIXELS, HOG])
@pytest.mark.parametrize("model", [SVM, NEAREST])
def test_a_classical_model_learns_what_the_patterns_show(tmp_path: Path, model: dict[str, Any], features: dict[str, Any]) -> None:
    train, val, test = planted()
    trained = learner(model, features)
    trained.fit(train, val, context(tmp_path / "fold"))
    probabilities = trained.predict(test)
    assert probabilities.shape == (12, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities.argmax(axis=1) == test.targets).mean() > 0.8


def test_hog_and_an_svm_read_drawn_faces_of_people_they_have_not_seen(tmp_path: Path) -> None:
    drawn = cohort(Synthetic(subjects=16, takes=1), size=48)
    people = sorted({record.subject for record in drawn.records})
    parts = (people[:10], people[10:12], people[12:])
    train, val, test = (drawn.faces([r.id for r in drawn.records if r.subject in part]) for part in parts)
    trained = ClassicalLearner(model=SVM, features={"_target_": HOG["_target_"]}, labels=drawn.labels)
    trained.fit(train, val, context(tmp_path / "fold"))
    accuracy = (trained.predict(test).argmax(axis=1) == test.targets).mean()
    assert accuracy > 2 / 7  # twice what guessing gives


def test_the_card_says_what_was_chosen_and_how(tmp_path: Path) -> None:
    trained = learner(SVM, HOG)
    trained.fit(*planted()[:2], context(tmp_path / "fold"))
    card = json.loads(json.dumps(trained.card(), allow_nan=False))
    assert card["model"] == SVM
    assert card["features"] == HOG
    assert card["input"] == {"size": 24, "channels": 1}
    assert card["feature_length"] == 3 * 3 * 4 * 9
    assert card["selection"]["chosen"]["cost"] in (0.1, 1, 10)
    assert card["selection"]["on"] == "validation"
    assert 0 < card["support"] <= 48 + 12  # the validation faces were given back
    assert card["seconds"] >= 0


def test_the_machines_are_stored_without_pickle_and_no_face_is(tmp_path: Path) -> None:
    learner(SVM).fit(*planted()[:2], context(tmp_path / "svm"))
    with safe_open(tmp_path / "svm" / "model.safetensors", "np") as file:
        assert file.get_tensor("weights").shape == (24 * 24, 3)
        described = json.loads(file.metadata()["ferlab"])
    assert described["labels"] == ["anger", "happiness", "sadness"]
    assert described["features"] == PIXELS
    learner(NEAREST).fit(*planted()[:2], context(tmp_path / "nearest"))
    assert list((tmp_path / "nearest").iterdir()) == []


def test_equal_fits_leave_the_same_bytes(tmp_path: Path) -> None:
    parts, stored = planted()[:2], set()
    for attempt in range(6):
        learner(SVM).fit(*parts, context(tmp_path / str(attempt)))
        stored.add((tmp_path / str(attempt) / "model.safetensors").read_bytes())
    assert len(stored) == 1


def test_soft_targets_are_learned_by_their_peak(tmp_path: Path) -> None:
    train, val, test = planted()
    shares = np.full((48, 3), 0.1, np.float32)
    shares[np.arange(48), train.targets] = 0.8
    hard, soft = learner(), learner()
    hard.fit(train, val, context(tmp_path / "hard"))
    soft.fit(Faces(train.pixels, train.rows, shares, train.labels), val, context(tmp_path / "soft"))
    np.testing.assert_array_equal(soft.predict(test), hard.predict(test))


def test_features_are_computed_once_for_all_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    train, _, test = planted()
    first = features_of(train, Hog(24, 6), HOG)
    monkeypatch.setattr(Hog, "compute", None)  # nothing is computed again
    np.testing.assert_array_equal(features_of(train, Hog(24, 6), HOG), first)
    assert features_of(test, Hog(24, 6), HOG).shape == (12, 324)
    assert len(list((cache_folder() / "features").iterdir())) == 1


def test_other_settings_another_version_or_other_faces_are_other_features(monkeypatch: pytest.MonkeyPatch) -> None:
    train = planted()[0]
    plain = features_of(train, Pixels(24), PIXELS)
    even = features_of(train, Pixels(24, standardise=True), {**PIXELS, "standardise": True})
    assert not np.array_equal(plain, even)
    monkeypatch.setattr(Pixels, "version", 2)
    features_of(train, Pixels(24), PIXELS)
    other = cohort(Planted(leak="exact"))
    features_of(other.faces([record.id for record in other.records]), Pixels(24), PIXELS)
    assert len(list((cache_folder() / "features").iterdir())) == 4


def test_features_follow_the_faces_through_several_databases() -> None:
    both = cohort(Planted(), Planted(name="other", leak="mirrored"))
    faces = both.faces([record.id for record in both.records[::-7]])
    expected = faces.take(np.arange(len(faces))).reshape(len(faces), -1) / np.float32(255)
    np.testing.assert_allclose(features_of(faces, Pixels(24), PIXELS), expected, rtol=1e-6)


def test_chunks_put_every_face_in_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fer.models.classical.feature_cache.CHUNK", 5)
    train = planted()[0]
    np.testing.assert_array_equal(features_of(train, Hog(24, 6), HOG), Hog(24, 6).compute(train.take(np.arange(48))))


def test_an_interrupted_computation_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(self: Pixels, faces: Any) -> Any:
        raise KeyboardInterrupt

    train = planted()[0]
    monkeypatch.setattr(Pixels, "compute", cut_off)
    with pytest.raises(KeyboardInterrupt):
        features_of(train, Pixels(24), PIXELS)
    assert list((cache_folder() / "features").iterdir()) == []


@pytest.mark.parametrize(
    ("what", "mistakes"),
    [
        ({**NOTHING, "model": SVM, "features": HOG}, []),
        ({**NOTHING, **NETWORK, "model": CNN}, []),
        ({**NOTHING, "model": SVM}, ["features: LinearSvm learns from features; found none, expected features=hog or the like"]),
        (
            {**NOTHING, **NETWORK, "model": CNN, "features": HOG},
            ["features: CompactCnn has no use for it; found Hog, expected features=none"],
        ),
        (
            {**NOTHING, "model": SVM, "features": HOG, "trainer": NETWORK["trainer"]},
            ["trainer: LinearSvm has no use for it; found TrainerSettings, expected trainer=none"],
        ),
        (
            {**NOTHING, "model": SVM, "features": HOG, "augment": {**NETWORK["augment"], "transforms": [{}]}},
            ["augment: LinearSvm has no use for it; found Augmentation, expected augment=none"],
        ),
        (
            {**NOTHING, "model": SVM, "features": HOG, "trainer": {"epochs": 3, "clip": 1.0}},
            ["trainer: LinearSvm has no use for it; found epochs, clip, expected trainer=none"],
        ),
        (
            {**NOTHING, "model": {**SVM, "cost": 3}, "features": {**HOG, "cells": 3}},
            [
                "model.cost: LinearSvm takes no such argument; did you mean 'costs'?",
                "features.cells: Hog takes no such argument; did you mean 'cell'?",
            ],
        ),
        ({**NOTHING, "model": {}}, ["model: has no _target_, so nothing says what to build"]),
    ],
)
def test_groups_that_do_not_go_together_are_named(what: dict[str, Any], mistakes: list[str]) -> None:
    assert learner_mistakes(what) == mistakes


class Drawing(LinearSvm):
    """Stands for a classifier in which chance plays a part."""

    random = True


@pytest.mark.parametrize("model", [SVM, NEAREST])
def test_several_seeds_of_what_draws_nothing_are_refused(model: dict[str, Any]) -> None:
    what = {**NOTHING, "model": model, "features": HOG}
    name = model["_target_"].rpartition(".")[2]
    assert learner_mistakes({**what, "seed": [0, 1, 2]}) == [
        f"seed: {name} draws nothing at random, so that every seed gives the same; found [0, 1, 2], expected one seed"
    ]
    assert learner_mistakes({**what, "seed": [1]}) == []
    assert learner_mistakes({**what, "seed": [0, 1, 2], "train_images": 100}) == []  # the seed draws the images


def test_several_seeds_of_what_draws_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("own_classifier")
    module.Drawing = Drawing  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "own_classifier", module)
    monkeypatch.setenv("FER_PLUGINS", "own_classifier")
    model = {"_target_": "own_classifier.Drawing"}
    assert learner_mistakes({**NOTHING, "model": model, "features": HOG, "seed": [0, 1]}) == []
    assert learner_mistakes({**NOTHING, **NETWORK, "model": CNN, "seed": [0, 1]}) == []


class OwnLearner(ClassicalLearner):
    """Stands for a learner of a user's own."""

    def __init__(self, *, labels: LabelSpace, features: dict[str, Any], depth: int = 1) -> None:
        self.made_of = (labels, features, depth)


def test_a_learner_of_ones_own_is_given_labels_and_features(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("own_learner")
    module.OwnLearner = OwnLearner  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "own_learner", module)
    monkeypatch.setenv("FER_PLUGINS", "own_learner")
    what = {**NOTHING, "model": {"_target_": "own_learner.OwnLearner", "depth": 2}}
    labels = LabelSpace(("anger", "fear"))
    assert learner_mistakes(what) == []
    made = build_learner(what, labels)
    assert isinstance(made, OwnLearner)
    assert made.made_of == (labels, {}, 2)


def test_neither_planning_nor_fitting_a_classical_model_needs_torch() -> None:
    code = (
        "import sys, fer.training.run, fer.training.worker, fer.training.classical_learner, fer.models.classical.svm, "
        "fer.models.classical.nearest_neighbour, fer.models.classical.hog; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[3])
    assert done.stdout == "False\n", done.stderr


@pytest.mark.parametrize("model", [SVM, NEAREST])
def test_where_labels_are_withheld_no_validation_face_is_trained_on(tmp_path: Path, model: dict[str, Any]) -> None:
    train, val, _ = planted()
    all_of_them, labelled_alone = learner(model), learner(model)
    all_of_them.fit(train, val, context(tmp_path / "all"))
    labelled_alone.fit(train, val, replace(context(tmp_path / "few"), unlabelled=val))
    assert "training and validation" in all_of_them.card()["selection"]["rule"]
    assert "validation faces together" not in labelled_alone.card()["selection"]["rule"]
    if model is NEAREST:
        assert (all_of_them.card()["known_faces"], labelled_alone.card()["known_faces"]) == (48 + 12, 48)


def test_a_refit_that_would_learn_from_more_labels_than_are_said_is_refused() -> None:
    what = {**NOTHING, "model": {**SVM, "refit": True}, "features": HOG}
    assert learner_mistakes(what) == []
    assert learner_mistakes({**what, "train_images": 8}) == [
        "model.refit: found true, which learns from the labels of the validation part besides train_images=8, "
        "expected null or false"
    ]
    assert learner_mistakes({**what, "model": SVM, "train_images": 8}) == []
