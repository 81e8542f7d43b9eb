"""This file defines restricted Boltzmann machines, which learn a layer of a network without labels by contrastive divergence."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from lightning import LightningModule
from torch import Tensor, nn
from torch.nn import functional as F

from fer.data.batch import Batch
from fer.errors import ConfigError


@dataclass(frozen=True)
class ContrastiveDivergence:
    """How the machines of a network learn, each for `epochs` epochs; the values stand in conf/model with their sources.

    `steps` is k, the Gibbs steps from the data (Hinton 2002), or from chains that go on from step to step where
    `persistent` (Tieleman 2008). The momentum rises from `first_momentum` after `slow_epochs`. `sparsity` weighs the squared
    distance of each hidden unit's mean activation to `active` (Lee, Ekanadham & Ng 2008); 0 lets it be.
    """

    epochs: int
    batch_size: int = 100
    steps: int = 1
    persistent: bool = False
    gaussian_rate: float = 0.001
    bernoulli_rate: float = 0.05
    first_momentum: float = 0.5
    momentum: float = 0.9
    slow_epochs: int = 5
    weight_decay: float = 2e-4
    sparsity: float = 0.0
    active: float = 0.1

    def __post_init__(self) -> None:
        least = {"epochs": 1, "batch_size": 2, "steps": 1, "slow_epochs": 0, "weight_decay": 0, "sparsity": 0}
        mistakes = [
            f"model.rbm.{name}: found {getattr(self, name)}, expected at least {minimum}"
            for name, minimum in least.items()
            if getattr(self, name) < minimum
        ]
        shares = [name for name in ("first_momentum", "momentum") if not 0 <= getattr(self, name) < 1]
        mistakes += [f"model.rbm.{name}: found {getattr(self, name)}, expected at least 0 and below 1" for name in shares]
        positive = [name for name in ("gaussian_rate", "bernoulli_rate", "active") if not getattr(self, name) > 0]
        mistakes += [f"model.rbm.{name}: found {getattr(self, name)}, expected a number above 0" for name in positive]
        if mistakes:
            raise ConfigError("\n    ".join(mistakes))

    def momentum_in(self, epoch: int) -> float:
        """The momentum of an epoch; the first is 0."""
        return self.first_momentum if epoch < self.slow_epochs else self.momentum


class Rbm(LightningModule, ABC):
    """A restricted Boltzmann machine between the output of `below` and the sigmoid units of `layer`, whose weights it learns.

    `layer` has weights (H, V) and the hidden biases (H,); the visible biases (V,) are the machine's own. What lies below is
    deterministic and does not learn. The loss is the mean free energy of the data minus that of the model's fantasies; its
    gradient is -(<v h>data - <v h>model), the update of contrastive divergence with probabilities as statistics (Hinton,
    A practical guide to training restricted Boltzmann machines, 2010, sections 2 and 3).
    """

    def __init__(
        self, layer: nn.Linear, *, below: nn.Module, as_input: Callable[[Tensor], Tensor], learning: ContrastiveDivergence
    ) -> None:
        super().__init__()
        self.layer, self.below, self.as_input, self.learning = layer, below, as_input, learning
        self.visible_bias = nn.Parameter(torch.zeros(layer.in_features))
        chains = torch.zeros(learning.batch_size, layer.in_features) if learning.persistent else None
        self.chains: Tensor | None
        self.register_buffer("chains", chains)

    @property
    @abstractmethod
    def rate(self) -> float:
        """The learning rate that suits the visible units."""

    @abstractmethod
    def visible_energy(self, visible: Tensor) -> Tensor:
        """The energy (B,) of visible units (B, V) by themselves."""

    @abstractmethod
    def expected_visible(self, hidden: Tensor) -> Tensor:
        """The means (B, V) of the visible units, given hidden ones (B, H)."""

    @abstractmethod
    def sample_visible(self, hidden: Tensor) -> Tensor:
        """Visible units (B, V) drawn given hidden ones (B, H)."""

    def hidden(self, visible: Tensor) -> Tensor:
        """The probabilities (B, H) that hidden units are on, given visible ones (B, V)."""
        return torch.sigmoid(self.layer(visible))

    def free_energy(self, visible: Tensor) -> Tensor:
        """The energy (B,) of visible units (B, V) with the hidden ones summed out, up to a constant."""
        return self.visible_energy(visible) - F.softplus(self.layer(visible)).sum(1)

    @torch.no_grad()
    def fantasies(self, visible: Tensor) -> Tensor:
        """What the model believes in, `steps` Gibbs steps away from the data or from where its chains were.

        From the data visible units take their means, which is less noise (Hinton 2010, 3.2); chains that persist are drawn.
        """
        if self.chains is None:
            return self.gibbs(visible, self.expected_visible)
        self.chains.copy_(self.gibbs(self.chains, self.sample_visible))
        return self.chains

    def gibbs(self, visible: Tensor, given: Callable[[Tensor], Tensor]) -> Tensor:
        """Visible units after `steps` steps: hidden ones are drawn, visible ones are what `given` makes of them."""
        for _ in range(self.learning.steps):
            visible = given(torch.bernoulli(self.hidden(visible)))
        return visible

    @torch.no_grad()
    def reconstruction_error(self, visible: Tensor) -> Tensor:
        """The mean squared error a unit between visible units and what their hidden probabilities say of them."""
        return F.mse_loss(self.expected_visible(self.hidden(visible)), visible)

    def sparsity(self, visible: Tensor) -> Tensor:
        """The squared distances of mean activations to the wanted one, summed over hidden units."""
        return (self.hidden(visible).mean(0) - self.learning.active).square().sum()

    def loss(self, visible: Tensor) -> Tensor:
        """What learning makes small on visible units (B, V)."""
        divergence = self.free_energy(visible).mean() - self.free_energy(self.fantasies(visible)).mean()
        return divergence + self.learning.sparsity * self.sparsity(visible) if self.learning.sparsity else divergence

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of a batch, whose labels are not looked at."""
        with torch.no_grad():
            visible = self.below(self.as_input(batch.faces))
        self.log("error", self.reconstruction_error(visible), on_step=False, on_epoch=True, batch_size=len(visible))
        return self.loss(visible)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Gradient descent with momentum; weights decay and biases do not (Hinton 2010, section 10)."""
        biases = {"params": [self.layer.bias, self.visible_bias], "weight_decay": 0.0}
        weights = {"params": [self.layer.weight], "weight_decay": self.learning.weight_decay}
        return torch.optim.SGD([weights, biases], lr=self.rate, momentum=self.learning.first_momentum)

    def on_train_epoch_start(self) -> None:
        """Set the momentum of the epoch."""
        optimizer = self.optimizers()
        assert not isinstance(optimizer, list)
        for group in optimizer.param_groups:
            group["momentum"] = self.learning.momentum_in(self.current_epoch)

    def setup(self, stage: str) -> None:
        """Let nothing below learn."""
        self.below.requires_grad_(False)

    def teardown(self, stage: str) -> None:
        """Let everything below learn again, as it does in fine-tuning."""
        self.below.requires_grad_(True)


class GaussianRbm(Rbm):
    """Visible units of any value with unit variance: standardised pixels (Hinton & Salakhutdinov, Science 313, 2006)."""

    @property
    def rate(self) -> float:
        """One tenth or less of that of binary units, because nothing bounds a visible unit (Hinton 2010, 13.2)."""
        return self.learning.gaussian_rate

    def visible_energy(self, visible: Tensor) -> Tensor:
        """Half the squared distance (B,) to the visible biases."""
        return (visible - self.visible_bias).square().sum(1) / 2

    def expected_visible(self, hidden: Tensor) -> Tensor:
        """The means (B, V), of any value."""
        return F.linear(hidden, self.layer.weight.t(), self.visible_bias)

    def sample_visible(self, hidden: Tensor) -> Tensor:
        """The means (B, V) with noise of unit variance."""
        means = self.expected_visible(hidden)
        return means + torch.randn_like(means)


class BernoulliRbm(Rbm):
    """Visible units that are on or off, or probabilities of it: the activations of the layer below."""

    @property
    def rate(self) -> float:
        """The rate of binary units."""
        return self.learning.bernoulli_rate

    def visible_energy(self, visible: Tensor) -> Tensor:
        """Minus the visible biases (B,) of the units that are on."""
        return -visible @ self.visible_bias

    def expected_visible(self, hidden: Tensor) -> Tensor:
        """Probabilities (B, V)."""
        return torch.sigmoid(F.linear(hidden, self.layer.weight.t(), self.visible_bias))

    def sample_visible(self, hidden: Tensor) -> Tensor:
        """Zeros and ones (B, V)."""
        return torch.bernoulli(self.expected_visible(hidden))
