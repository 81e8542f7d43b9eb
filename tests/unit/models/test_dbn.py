from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fer.errors import ConfigError
from fer.models.dbn import DeepBeliefNetwork, grid
from fer.models.rbm import BernoulliRbm, ContrastiveDivergence, GaussianRbm, Rbm

KINDS: list[type[Rbm]] = [GaussianRbm, BernoulliRbm]


def machine(kind: type[Rbm], visible: int = 12, hidden: int = 8, **learning: Any) -> Rbm:
    torch.manual_seed(0)
    layer = nn.Linear(visible, hidden)
    settings = ContrastiveDivergence(**{"epochs": 1, "batch_size": 20, **learning})
    return kind(layer, below=nn.Identity(), as_input=lambda faces: faces, learning=settings)


def planted(kind: type[Rbm], n: int = 200) -> Tensor:
    """Faces made of three patterns that switch one half of the units on, in the units that the machine expects."""
    rng = np.random.default_rng(0)
    patterns = rng.permuted(np.tile([0.0, 1.0], (3, 6)), axis=1)
    units = torch.from_numpy(patterns[rng.integers(0, 3, n)]).float()
    return units if kind is BernoulliRbm else 2 * units - 1 + 0.1 * torch.from_numpy(rng.normal(size=(n, 12))).float()


def learn(rbm: Rbm, visible: Tensor, *, steps: int, rate: float) -> list[float]:
    """Gradient descent as the trainer does it, without the trainer; the reconstruction errors before and after."""
    torch.manual_seed(1)
    optimizer = torch.optim.SGD(rbm.parameters(), rate, momentum=0.5)
    before = float(rbm.reconstruction_error(visible))
    for step in range(steps):
        optimizer.zero_grad()
        rbm.loss(visible[20 * (step % 10) :][:20]).backward()
        optimizer.step()
    return [before, float(rbm.reconstruction_error(visible))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [1, 3])
def test_the_gradient_is_the_update_of_contrastive_divergence(kind: type[Rbm], steps: int) -> None:
    rbm, visible = machine(kind, steps=steps), planted(kind, 20)
    torch.manual_seed(7)
    rbm.loss(visible).backward()
    torch.manual_seed(7)
    fantasy = rbm.fantasies(visible)

    def statistics(v: Tensor) -> Tensor:
        return rbm.hidden(v).t() @ v / len(v)

    expected = statistics(fantasy) - statistics(visible)
    assert rbm.layer.weight.grad is not None
    torch.testing.assert_close(rbm.layer.weight.grad, expected)
    torch.testing.assert_close(rbm.layer.bias.grad, (rbm.hidden(fantasy) - rbm.hidden(visible)).mean(0))
    torch.testing.assert_close(rbm.visible_bias.grad, (fantasy - visible).mean(0))


@pytest.mark.parametrize("kind", KINDS)
def test_the_free_energy_sums_the_hidden_units_out(kind: type[Rbm]) -> None:
    rbm, visible = machine(kind, visible=5, hidden=3), torch.rand(4, 5)
    states = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3)
    energies = rbm.visible_energy(visible)[:, None] - (visible @ rbm.layer.weight.t() + rbm.layer.bias) @ states.t()
    torch.testing.assert_close(rbm.free_energy(visible), -torch.logsumexp(-energies, 1))


@pytest.mark.parametrize("persistent", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_machine_learns_planted_patterns(kind: type[Rbm], persistent: bool) -> None:
    rbm, visible = machine(kind, persistent=persistent), planted(kind)
    before, after = learn(rbm, visible, steps=1500, rate=0.02 if kind is GaussianRbm else 0.1)
    assert after < before / 4
    noise = visible.flatten()[torch.randperm(visible.numel())].view_as(visible)
    with torch.no_grad():
        assert rbm.free_energy(visible).mean() < rbm.free_energy(noise).mean() - 1


def test_chains_go_on_where_they_were() -> None:
    rbm = machine(BernoulliRbm, persistent=True)
    first = rbm.fantasies(planted(BernoulliRbm, 20)).clone()
    assert set(first.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(rbm.state_dict()["chains"], first)
    assert not torch.equal(rbm.fantasies(planted(BernoulliRbm, 20)), first)


def test_sparsity_quietens_hidden_units() -> None:
    activity = []
    for sparsity in (0.0, 5.0):
        rbm = machine(BernoulliRbm, sparsity=sparsity, active=0.05)
        learn(rbm, planted(BernoulliRbm), steps=300, rate=0.05)
        activity.append(rbm.hidden(planted(BernoulliRbm)).mean().item())
    assert activity[1] < 0.15 < activity[0]


@pytest.mark.parametrize("size", [16, 32, 64])
def test_the_network_and_its_machines_share_their_weights(size: int) -> None:
    network = DeepBeliefNetwork(ContrastiveDivergence(epochs=1), hidden=(9, 8, 7), size=size)
    assert network(torch.rand(2, 1, size, size)).shape == (2, 7)
    stages = network.pretraining()
    assert [type(stage.module) for stage in stages] == [GaussianRbm, BernoulliRbm, BernoulliRbm]
    for stage, (weight, bias) in zip(stages, network.stages(), strict=True):
        assert isinstance(stage.module, Rbm)
        assert stage.module.layer.weight is weight
        assert stage.module.layer.bias is bias


def test_brightness_and_contrast_of_a_face_change_nothing() -> None:
    network = DeepBeliefNetwork(ContrastiveDivergence(epochs=1), hidden=(9,), size=16)
    faces = torch.rand(3, 1, 16, 16)
    torch.testing.assert_close(network(faces), network(0.3 * faces + 0.2), atol=1e-4, rtol=1e-3)


def test_one_switch_leaves_the_pretraining_out() -> None:
    assert not DeepBeliefNetwork(ContrastiveDivergence(epochs=1), pretrain=False).pretraining()


def test_the_momentum_rises_after_the_slow_epochs() -> None:
    learning = ContrastiveDivergence(epochs=9, slow_epochs=2)
    assert [learning.momentum_in(epoch) for epoch in range(4)] == [0.5, 0.5, 0.9, 0.9]


def test_filters_are_drawn_in_rows_with_gaps() -> None:
    network = DeepBeliefNetwork(ContrastiveDivergence(epochs=1), hidden=(23,), size=16)
    (picture,) = network.pictures([])
    assert picture.image.shape == (3 * 17 + 1, 10 * 17 + 1)
    assert "23 filters" in picture.caption
    assert (picture.image[0] == 255).all()


def test_a_filter_is_stretched_to_its_own_range() -> None:
    filters = np.zeros((2, 2, 2), np.float32)
    filters[0] = [[1e-3, -1e-3], [0, 5e-4]]
    drawn = grid(filters)
    assert drawn[1:3, 1:3].tolist() == [[255, 0], [128, 191]]
    assert (drawn[1:3, 4:6] == 128).all()


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"momentum": 1.0}, {"gaussian_rate": 0.0}, {"active": -0.1}])
def test_a_setting_out_of_range_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=rf"model.rbm.{next(iter(wrong))}: found"):
        ContrastiveDivergence(**{"epochs": 1, **wrong})


def test_a_network_without_layers_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"model\.hidden: found \[\]"):
        DeepBeliefNetwork(ContrastiveDivergence(epochs=1), hidden=())
