"""This file holds every YAML of conf/model/ that is a network against the contract of a backbone."""

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file
from torch import Tensor

from fer.build import build
from fer.models.backbone import Backbone
from fer.models.classifier import ExpressionClassifier
from fer.models.weights import load_backbone, read_weights
from fer.training.learners import without_weights
from fer.training.targets import names_a

CONF = Path(__file__).parents[2] / "conf"
LABELS = 3


def spec(path: Path) -> dict[str, Any]:
    """The arguments in a YAML, without Hydra's list of other choices."""
    return {key: value for key, value in yaml.safe_load(path.read_text(encoding="utf-8")).items() if key != "defaults"}


NETWORKS = sorted(path for path in (CONF / "model").glob("*.yaml") if names_a(Backbone, spec(path)))


@pytest.fixture(params=NETWORKS, ids=lambda path: path.stem)
def config(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The configuration of each network in turn."""
    return spec(request.param)


@pytest.fixture
def backbone(config: dict[str, Any]) -> Backbone:
    """Each network with random weights that are always the same."""
    torch.manual_seed(0)
    made = build(without_weights(config), "model")
    assert isinstance(made, Backbone)
    return made


def faces(backbone: Backbone, n: int, *, colour: bool = False) -> Tensor:
    """Noise of the size that the network wants, brighter on the left for every second face."""
    size = backbone.spec.size
    noise = torch.randint(60, 160, (n, size, size, 3) if colour else (n, size, size), generator=torch.Generator().manual_seed(1))
    noise[::2, :, : size // 2] += 90
    return noise.to(torch.uint8)


def test_every_network_can_start_from_weights_and_names_its_source(config: dict[str, Any], backbone: Backbone) -> None:
    assert "weights" in config
    assert len(backbone.source) > 10


def test_faces_of_the_spec_become_one_row_of_features_each(backbone: Backbone) -> None:
    colour = backbone.spec.channels == 3
    inputs = backbone.as_input(faces(backbone, 2, colour=colour))
    assert inputs.shape == (2, backbone.spec.channels, backbone.spec.size, backbone.spec.size)
    assert len(backbone.spec.mean) == len(backbone.spec.std) == backbone.spec.channels
    with torch.inference_mode():
        features = backbone.eval()(inputs)
    assert features.shape == (2, backbone.num_features)
    assert features.dtype == torch.float32
    assert torch.isfinite(features).all()


def test_evaluation_is_deterministic_and_face_by_face(backbone: Backbone) -> None:
    classifier = ExpressionClassifier(backbone, LABELS).eval()
    given = faces(backbone, 3)
    with torch.inference_mode():
        together, again, alone = classifier(given), classifier(given), classifier(given[1:2])
    assert torch.equal(together, again)
    torch.testing.assert_close(together[1:2], alone, rtol=1e-3, atol=1e-4)


def test_stages_hold_every_parameter_once(backbone: Backbone) -> None:
    stages = [id(parameter) for stage in backbone.stages() for parameter in stage]
    assert sorted(stages) == sorted(id(parameter) for parameter in backbone.parameters())


def test_a_stored_network_is_the_same_network(config: dict[str, Any], backbone: Backbone, tmp_path: Path) -> None:
    classifier = ExpressionClassifier(backbone, LABELS).eval()
    save_file(dict(classifier.weights()), tmp_path / "w.safetensors", metadata={"ferlab": '{"labels": ["a", "b", "c"]}'})
    again = ExpressionClassifier(build(without_weights(config), "model"), LABELS).eval()
    again.load_state_dict(load_file(tmp_path / "w.safetensors"), strict=False)
    given = faces(backbone, 1)
    with torch.inference_mode():
        torch.testing.assert_close(again(given), classifier(given))
    match = load_backbone(build(without_weights(config), "model"), read_weights(tmp_path / "w.safetensors"))
    assert not match.missing + match.reshaped + match.unused


def test_a_short_fit_reaches_every_parameter_and_learns(backbone: Backbone) -> None:
    classifier = ExpressionClassifier(backbone, 2).train()
    given, targets = faces(backbone, 4), torch.tensor([0, 1] * 2)
    before = {name: parameter.detach().clone() for name, parameter in classifier.named_parameters()}
    optimizer = torch.optim.Adam(classifier.parameters(), 5e-4)
    losses = [step(classifier, optimizer, given, targets)]
    while losses[-1] > losses[0] / 2 and len(losses) < 60:
        losses.append(step(classifier, optimizer, given, targets))
    assert losses[-1] <= losses[0] / 2
    assert not [name for name, parameter in classifier.named_parameters() if torch.equal(parameter, before[name])]


def step(classifier: ExpressionClassifier, optimizer: torch.optim.Optimizer, given: Tensor, targets: Tensor) -> float:
    """One step of training; its loss."""
    optimizer.zero_grad()
    loss: Tensor = classifier.loss(classifier.logits, classifier.as_input(given), targets)
    loss.backward()
    optimizer.step()
    return float(loss.detach())
