import torch
from torch import nn

from fer.models.cnn import CompactCnn
from fer.models.fused import fuse


def used(network: nn.Module) -> nn.Module:
    """The network as if it had been trained: no normalisation is the identity."""
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            for values in (part.running_mean, part.bias):
                nn.init.uniform_(values, -1, 1)
            for values in (part.running_var, part.weight):
                nn.init.uniform_(values, 0.5, 2)
    return network.eval()


def normalisations(network: nn.Module) -> int:
    return sum(isinstance(part, nn.BatchNorm2d) for part in network.modules())


def test_a_fused_network_says_the_same_without_normalisations() -> None:
    torch.manual_seed(0)
    network = used(CompactCnn(stem=8, widths=(16, 24), depth=2, size=24)).requires_grad_(False)
    faces = torch.rand(4, 1, 24, 24)
    before = network(faces)
    assert normalisations(network) == 11  # the stem's, two in each of four blocks, two shortcuts'
    fuse(network)
    assert normalisations(network) == 0
    torch.testing.assert_close(network(faces), before)
    assert not any(weights.requires_grad for weights in network.parameters())


def test_a_normalisation_that_is_not_behind_a_convolution_stays() -> None:
    torch.manual_seed(0)
    network = used(nn.Sequential(nn.BatchNorm2d(2), nn.Conv2d(2, 3, 3), nn.ReLU(), nn.BatchNorm2d(3), nn.Conv2d(3, 2, 1)))
    images = torch.rand(4, 2, 6, 6)
    before = network(images)
    fuse(network)
    assert normalisations(network) == 2
    torch.testing.assert_close(network(images), before)
