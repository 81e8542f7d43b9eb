"""This file tests classical models on the features of a frozen network, from its configuration to its predictions."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from composing import composed
from planted import Planted
from safetensors.torch import save_file

from fer.data.cohort import Cohort
from fer.data.prepare import prepare
from fer.data.preprocessing.whole_image import WholeImage
from fer.labels import LabelSpace
from fer.models.classical.network import Network
from fer.training.classical_learner import ClassicalLearner
from fer.training.learner import FoldContext
from fer.training.learners import learner_mistakes

SMALL = ["features.network.stem=2", "features.network.widths=[4,8]", "features.network.size=24"]
PROBE = ["model=logistic_regression", "features=network", "model@features.network=cnn", *SMALL]


def cohort() -> Cohort:
    """Faces of patterns that are easy to tell apart."""
    records = Planted().records()
    prepared = prepare(Planted(), records, preprocess=WholeImage(), spec={}, size=24, channels=1)
    return Cohort.join([(records, prepared)], records=records, labels=LabelSpace().restrict(records).labels)


def learner(what: dict[str, Any], labels: LabelSpace) -> ClassicalLearner:
    return ClassicalLearner(model=what["model"], features=what["features"], labels=labels)


def fold_of_a_run(folder: Path, network: dict[str, Any], *, seed: int) -> Path:
    """A folder with the weights of a network, as the fold of a run has them."""
    folder.mkdir()
    state = {f"backbone.{name}": tensor for name, tensor in Network(network, seed=seed).untrained.state_dict().items()}
    head = {"head.weight": torch.zeros(1, 1), "head.bias": torch.zeros(1)}
    save_file({**state, **head}, folder / "model.safetensors", metadata={"ferlab": '{"labels": ["anger"]}'})
    return folder


def test_a_linear_probe_reads_the_features_of_the_weights_that_are_named(tmp_path: Path) -> None:
    plain, faces = composed(*PROBE), cohort()
    network = {key: value for key, value in plain["features"]["network"].items() if key != "weights"}
    folder = fold_of_a_run(tmp_path / "fold", network, seed=3)
    what = composed(*PROBE, f"features.network.weights={folder}")
    assert learner_mistakes(what) == []
    ids = [record.id for record in faces.records]
    train, val, test = (faces.faces(part) for part in (ids[:48], ids[48:60], ids[60:]))
    probe = learner(what, faces.labels)
    assert (probe.spec.size, probe.spec.channels) == (24, 1)
    probe.fit(train, val, FoldContext(name="00", folder=tmp_path, seed=0, threads=1, cut="00"))
    expected = Network(network, seed=3).compute(test.take(np.arange(len(test))))
    np.testing.assert_allclose(probe.examples(test).features, expected, atol=1e-5)
    assert (probe.predict(test).argmax(axis=1) == test.targets).mean() > 0.6  # chance is 1/3


def test_a_mistyped_key_of_the_network_is_named() -> None:
    assert learner_mistakes(composed(*PROBE, "features.network.weights=run", "+features.network.widht=3")) == [
        "features.network.widht: CompactCnn takes no such argument; did you mean 'widths'?"
    ]


def test_no_classical_model_and_no_computed_feature_needs_torch() -> None:
    folder = Path(__file__).parents[3]
    modules = sorted(f"fer.models.classical.{path.stem}" for path in (folder / "fer/models/classical").glob("[!_]*.py"))
    code = f"import sys, {', '.join(modules)}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder)
    assert done.stdout == "False\n", done.stderr
