import pytest
import torch

from fer.data.batched import BatchChanges
from fer.errors import ConfigError
from fer.models.attentional import AttentionalCnn
from fer.models.backbone import Backbone
from fer.models.cnn import CompactCnn
from fer.models.timm_backbone import TimmBackbone
from fer.training.face_sizes import require_sizes_work

SMALLER = BatchChanges(sizes=(0.5, 0.75, 1.0))


def test_a_network_that_pools_takes_smaller_faces_and_stays_as_it_was() -> None:
    network = CompactCnn(stem=4, widths=(8,), size=48)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    require_sizes_work(network, SMALLER)
    assert network.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize("network", [AttentionalCnn(), TimmBackbone("vit_tiny_patch16_224", False, 48, 1)], ids=["cnn", "vit"])
def test_a_network_of_one_size_is_refused_before_it_trains(network: Backbone) -> None:
    with pytest.raises(ConfigError, match=r"sizes: found 0\.5, which makes faces of 24×24; \w+ takes 48×48 only"):
        require_sizes_work(network, SMALLER)
    require_sizes_work(network, BatchChanges())
    require_sizes_work(network, None)
