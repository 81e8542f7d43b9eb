"""This file holds every YAML of conf/features/ and every classical one of conf/model/ against its contract."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from composing import composed
from hydra import compose, initialize_config_dir
from numpy.typing import NDArray
from omegaconf import OmegaConf

from fer.build import build
from fer.models.classical.classifier import Classifier, Examples
from fer.models.classical.features import Features
from fer.training.learners import bare_features, learner_mistakes

CONF = Path(__file__).parents[2] / "conf"


def spec(path: Path) -> dict[str, Any]:
    """The arguments in a YAML, without Hydra's list of other choices."""
    return {key: value for key, value in yaml.safe_load(path.read_text(encoding="utf-8")).items() if key != "defaults"}


FEATURES = sorted(path for path in (CONF / "features").glob("*.yaml") if spec(path))
MODELS = sorted(p for p in (CONF / "model").glob("*.yaml") if spec(p)["_target_"].startswith("fer.models.classical."))


#: What a test sets so that nothing is fetched and little is computed.
SMALL = {"network": ["model@features.network=cnn", "features.network.stem=2", "features.network.widths=[4,4]"]}


@pytest.fixture(params=FEATURES, ids=lambda path: path.stem)
def features(request: pytest.FixtureRequest) -> Features:
    """Each kind of features in turn, as train.py composes it."""
    name = request.param.stem
    made = build(bare_features(composed("model=svm", f"features={name}", *SMALL.get(name, []))["features"]), "features")
    assert isinstance(made, Features)
    return made


@pytest.fixture(params=MODELS, ids=lambda path: path.stem)
def classifier(request: pytest.FixtureRequest) -> Classifier:
    """Each classical model in turn."""
    made = build(spec(request.param), "model")
    assert isinstance(made, Classifier)
    return made


def faces(size: int) -> NDArray[np.uint8]:
    """Noise, a blank face and a black one."""
    noise = np.random.default_rng(0).integers(0, 256, (4, size, size), np.uint8)
    return np.concatenate([noise, np.full((1, size, size), 90, np.uint8), np.zeros((1, size, size), np.uint8)])


def examples(n: int, *, seed: int) -> Examples:
    """Two labels that a line parts, one of them rare, and a third without an example."""
    rng = np.random.default_rng(seed)
    targets = (np.arange(n) % 4 == 0).astype(np.int64)
    return Examples((rng.normal(size=(n, 12)) + 3 * targets[:, None]).astype(np.float32), targets, 3)


def test_features_are_finite_float32_rows(features: Features) -> None:
    computed = features.compute(faces(features.size))
    assert computed.dtype == np.float32
    assert computed.ndim == 2
    assert len(computed) == 6
    assert np.isfinite(computed).all()
    assert len(np.unique(computed[:4], axis=0)) == 4


def test_features_of_a_face_depend_on_no_other_face(features: Features) -> None:
    given = faces(features.size)
    alone = np.concatenate([features.compute(given[i : i + 1]) for i in range(len(given))])
    np.testing.assert_array_equal(features.compute(given), alone)


def test_computing_features_leaves_the_faces_as_they_are(features: Features) -> None:
    given = faces(features.size)
    features.compute(given)
    np.testing.assert_array_equal(given, faces(features.size))


def test_a_classical_model_learns_and_gives_distributions(classifier: Classifier) -> None:
    test = examples(100, seed=3)
    fitted = classifier.fit(examples(120, seed=1), examples(60, seed=2), seed=0)
    probabilities = fitted.probabilities(test.features)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (100, 3)
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert (probabilities.argmax(axis=1) == test.targets).mean() > 0.95


def test_two_fits_of_a_classical_model_are_the_same(classifier: Classifier) -> None:
    test = examples(100, seed=3).features
    first, second = (classifier.fit(examples(120, seed=1), examples(60, seed=2), seed=7) for _ in range(2))
    np.testing.assert_array_equal(first.probabilities(test), second.probabilities(test))
    assert first.facts() == second.facts()


def test_a_classical_model_says_in_json_how_it_was_chosen(classifier: Classifier) -> None:
    facts = classifier.fit(examples(120, seed=1), examples(60, seed=2), seed=0).facts()
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert facts["selection"]["rule"]


def test_a_label_without_training_faces_is_never_predicted(classifier: Classifier) -> None:
    train, val, test = (examples(n, seed=seed) for n, seed in ((60, 1), (40, 2), (300, 3)))
    shifted = [Examples(part.features, part.targets + 1, 4) for part in (train, val)]  # of 0 and 3 there is no face
    predicted = classifier.fit(*shifted, seed=0).probabilities(test.features * 10).argmax(axis=1)
    assert set(predicted) == {1, 2}


def test_a_classical_model_says_where_it_is_from_and_whether_the_seed_matters(classifier: Classifier) -> None:
    assert re.search(r"\b(19|20)\d\d\b", classifier.source)
    train, val, test = (examples(n, seed=seed) for n, seed in ((60, 1), (40, 2), (100, 3)))
    first, other = (classifier.fit(train, val, seed=seed).probabilities(test.features) for seed in (0, 1))
    assert classifier.random or np.array_equal(first, other)


def test_a_published_validation_part_is_not_trained_on(classifier: Classifier) -> None:
    train, val = examples(60, seed=1), examples(40, seed=2)
    cut, published = (classifier.fit(train, val, val_reserved=own, seed=0) for own in (False, True))
    assert "training and validation" in cut.facts()["selection"]["rule"]
    assert "validation faces together" not in published.facts()["selection"]["rule"]


def test_the_arrays_of_a_classical_model_hold_no_training_face(classifier: Classifier) -> None:
    train = examples(60, seed=1)
    stored = classifier.fit(train, examples(40, seed=2), seed=0).arrays()
    rows = [row for array in stored.values() for row in (np.atleast_2d(array), np.atleast_2d(array).T) if row.ndim == 2]
    for array in rows:
        if array.shape[1] == train.features.shape[1]:
            assert not any(np.allclose(row, face, atol=1e-4) for row in array for face in train.features)


@pytest.mark.parametrize("network", [path.stem for path in sorted((CONF / "model").glob("*.yaml")) if path not in MODELS])
def test_the_features_of_every_network_compose_with_a_classical_model(network: str) -> None:
    what = composed(
        "model=logistic_regression", "features=network", f"model@features.network={network}", "features.network.weights=run"
    )
    assert learner_mistakes(what) == []
    assert what["features"]["network"]["_target_"] == composed(f"model={network}")["model"]["_target_"]
    assert (what["optim"], what["trainer"], what["augment"]["transforms"]) == ({}, {}, [])
    assert what["model"]["_target_"].endswith("LogisticRegression")


@pytest.mark.parametrize("model", [path.stem for path in MODELS])
def test_a_classical_model_composes_alone_with_features_and_without_what_networks_need(model: str) -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        what: Any = OmegaConf.to_container(compose("train", [f"model={model}"]))
        other: Any = OmegaConf.to_container(compose("train", [f"model={model}", "features=hog"]))
    assert learner_mistakes(what) == []
    assert (what["optim"], what["trainer"], what["augment"]["transforms"]) == ({}, {}, [])
    assert other["features"]["_target_"] == "fer.models.classical.hog.Hog"
