from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from composing import CONF, composed
from torch import Tensor
from torch.nn import functional as F

from fer.build import build
from fer.errors import ConfigError
from fer.models.classifier import ExpressionClassifier
from fer.models.cnn import CompactCnn
from fer.models.losses.base import TrainingLoss
from fer.models.losses.class_weights import class_weights
from fer.models.losses.cross_entropy import CrossEntropy
from fer.models.losses.distillation import Distillation
from fer.models.losses.focal import Focal
from fer.models.losses.kl import KullbackLeibler

LOSSES = sorted(path.stem for path in (CONF / "loss").glob("*.yaml") if path.stem != "none")

LOGITS = torch.tensor([[2.0, 0.5, -1.0], [0.1, 0.0, 0.3], [-2.0, 3.0, 0.0], [1.0, 1.0, 1.0]])
INDICES = torch.tensor([0, 2, 1, 1])
VOTES = torch.tensor([[0.7, 0.2, 0.1], [0.0, 0.5, 0.5], [0.1, 0.9, 0.0], [0.0, 1.0, 0.0]])


def configured(name: str, **changed: Any) -> TrainingLoss:
    config: Mapping[str, Any] = composed("model=cnn", f"loss={name}")["loss"]
    loss: TrainingLoss = build({**config, **changed}, "loss")
    if isinstance(loss, Distillation):
        loss.learn_from(ExpressionClassifier(CompactCnn(stem=4, widths=(8,), size=16), 3))
    return loss


def gradient(loss: TrainingLoss, targets: Tensor) -> Tensor:
    logits = LOGITS.clone().requires_grad_()
    loss.of_logits(logits, targets).backward()
    assert logits.grad is not None
    return logits.grad


@pytest.mark.parametrize("targets", [INDICES, VOTES], ids=["indices", "votes"])
@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_of_conf_has_a_source_and_trains_with_indices_and_with_votes(name: str, targets: Tensor) -> None:
    loss = configured(name)
    loss.prepare(INDICES.numpy(), 3)
    torch.manual_seed(0)
    classifier = ExpressionClassifier(CompactCnn(stem=4, widths=(8,), size=16), 3)
    value = loss(classifier.logits, torch.rand(4, 1, 16, 16), targets)
    value.backward()
    assert len(loss.source) > 10
    assert value.ndim == 0
    assert torch.isfinite(value)
    assert value > 0
    assert all(torch.isfinite(p.grad).all() and p.grad.any() for p in classifier.parameters() if p.grad is not None)
    assert classifier.head.weight.grad is not None


@pytest.mark.parametrize("name", LOSSES)
def test_an_index_is_learned_like_a_vote_of_all_for_one_label(name: str) -> None:
    loss = configured(name)
    loss.prepare(INDICES.numpy(), 3)
    one_hot = F.one_hot(INDICES, 3).float()
    torch.testing.assert_close(loss.of_logits(LOGITS, INDICES), loss.of_logits(LOGITS, one_hot))


@pytest.mark.parametrize("targets", [INDICES, VOTES], ids=["indices", "votes"])
def test_the_focal_loss_without_focus_is_the_cross_entropy(targets: Tensor) -> None:
    torch.testing.assert_close(Focal(0).of_logits(LOGITS, targets), F.cross_entropy(LOGITS, targets))
    torch.testing.assert_close(gradient(Focal(0), targets), gradient(CrossEntropy(), targets))


def test_the_focal_loss_weighs_a_face_by_what_is_missing_to_certainty() -> None:
    probability = float(LOGITS[0].softmax(0)[0])
    found = float(Focal(2).of_logits(LOGITS[:1], INDICES[:1]))
    assert found == pytest.approx((1 - probability) ** 2 * -np.log(probability), rel=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 0.01, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("target", [0, 1])
def test_a_face_that_is_certain_leaves_the_focal_gradient_finite(gamma: float, target: int) -> None:
    logits = torch.tensor([[100.0, 0.0, 0.0]], requires_grad=True)
    value = Focal(gamma).of_logits(logits, torch.tensor([target]))
    value.backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    assert float(value.detach()) == pytest.approx(0 if target == 0 else 100)


def test_the_divergence_from_votes_is_nothing_at_the_votes_and_has_the_gradient_of_the_cross_entropy() -> None:
    at_the_votes = (VOTES + 1e-12).log()
    assert float(KullbackLeibler().of_logits(at_the_votes, VOTES)) == pytest.approx(0, abs=1e-6)
    torch.testing.assert_close(gradient(KullbackLeibler(), VOTES), gradient(CrossEntropy(), VOTES))


def test_balanced_weights_give_every_label_the_same_total() -> None:
    targets = np.repeat([0, 1, 2], [80, 15, 5])
    weights = class_weights(targets, 3, rule="balanced", beta=0)
    np.testing.assert_allclose(weights * [80, 15, 5], 100 / 3, rtol=1e-6)


def test_effective_weights_follow_the_published_formula() -> None:
    targets = np.repeat([0, 1], [1000, 10])
    first, second = class_weights(targets, 2, rule="effective", beta=0.99)
    assert second / first == pytest.approx((1 - 0.99**1000) / (1 - 0.99**10), rel=1e-5)
    assert (1000 * first + 10 * second) / 1010 == pytest.approx(1, rel=1e-6)
    assert class_weights(targets, 2, rule="effective", beta=0) == pytest.approx([1, 1])


@pytest.mark.parametrize("rule", ["balanced", "effective"])
def test_a_label_without_faces_leaves_the_loss_finite(rule: str) -> None:
    loss = configured("cross_entropy", class_weights=rule)
    loss.prepare(np.array([0, 0, 1]), 3)
    assert isinstance(loss, CrossEntropy)
    assert loss.weights is not None
    assert loss.weights[2] == 0
    assert torch.isfinite(loss.of_logits(LOGITS, INDICES))
    assert torch.isfinite(gradient(loss, VOTES)).all()


def test_a_weighted_face_counts_the_same_in_every_batch() -> None:
    loss = configured("cross_entropy", class_weights="balanced")
    loss.prepare(np.array([0, 0, 0, 1, 2]), 3)
    alone = [float(loss.of_logits(LOGITS[i : i + 1], INDICES[i : i + 1])) for i in range(4)]
    assert float(loss.of_logits(LOGITS, INDICES)) == pytest.approx(np.mean(alone), rel=1e-5)


def test_class_weights_are_no_part_of_the_weights_that_are_stored() -> None:
    loss = configured("cross_entropy", class_weights="balanced")
    loss.prepare(INDICES.numpy(), 3)
    classifier = ExpressionClassifier(CompactCnn(stem=4, widths=(8,), size=16), 3, loss=loss)
    assert not [name for name in (*classifier.state_dict(), *classifier.weights()) if "loss" in name]


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("cross_entropy", {"label_smoothing": 1}, "loss.label_smoothing: found 1"),
        ("cross_entropy", {"class_weights": "balancd"}, "loss.class_weights: found 'balancd'"),
        ("cross_entropy", {"beta": 1}, "loss.beta: found 1"),
        ("focal", {"gamma": -1}, "loss.gamma: found -1"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(name: str, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        configured(name, **changed)


@pytest.mark.parametrize("name", ["faces_mixup", "faces_cutmix", "faces_mixup_or_cutmix"])
def test_a_mixture_is_the_one_that_the_steps_seed_gives(name: str) -> None:
    mix = build(composed("model=cnn", f"augment={name}")["augment"], "augment").mix
    images, shares = torch.rand(4, 1, 8, 8), F.one_hot(INDICES, 3).float()
    seen = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        seen.append(mix(images, shares))
    (first, labels), (again, labels_again), (other, _) = seen
    assert torch.equal(first, again)
    assert torch.equal(labels, labels_again)
    assert not torch.equal(first, other)
    torch.testing.assert_close(labels.sum(1), torch.ones(4))
    assert ((labels > 0).sum(1) == 2).any()


@pytest.mark.parametrize("name", ["faces_mixup", "faces_cutmix", "faces_mixup_or_cutmix"])
def test_a_mixture_changes_what_faces_changes_and_mixes_besides(name: str) -> None:
    plain, mixed = (composed("model=cnn", f"augment={choice}")["augment"] for choice in ("faces", name))
    assert plain["mix"] is None
    assert {**mixed, "mix": None} == plain
