"""This file tests relevance maps where it is known what they must show, and that deletion and insertion tell good from bad."""

import numpy as np
import pytest
import torch
from quadrants import SIZE, quadrant_faces, share_where_the_label_is, trained
from torch import Tensor, nn

from fer.errors import ConfigError
from fer.explain.explanation import explained
from fer.explain.faces import Face
from fer.explain.faithfulness import Faithfulness, elsewhere, faithfulness, order, stages
from fer.explain.maps import blurred, method_for, relevance
from fer.explain.network import Network
from fer.explain.verdict import judge
from fer.models.attentional import AttentionalCnn
from fer.models.backbone import Backbone
from fer.models.classifier import ExpressionClassifier
from fer.models.cnn import CompactCnn
from fer.models.dbn import DeepBeliefNetwork
from fer.models.lopes import LopesCnn
from fer.models.rbm import ContrastiveDivergence
from fer.models.timm_backbone import TimmBackbone

FACES = 16


class Flat(Backbone):
    """A perceptron of the pixels, without any convolution."""

    source = "this test"

    def __init__(self) -> None:
        super().__init__(CompactCnn(size=SIZE).spec, 48)
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(SIZE * SIZE, 48), nn.ReLU())

    def features(self, faces: Tensor) -> Tensor:
        return self.layers(faces)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def convolutional() -> Network:
    torch.manual_seed(0)
    return trained(CompactCnn(stem=8, widths=[12, 24], size=SIZE), steps=60, rate=3e-3)


@pytest.fixture(scope="module")
def flat() -> Network:
    torch.manual_seed(0)
    return trained(Flat(), steps=240, rate=1e-3)


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("convolutional", "gradcam"),
        pytest.param("convolutional", "occlusion", marks=pytest.mark.slow),
        ("flat", "occlusion"),
    ],
)
def test_the_map_lies_where_the_label_is_and_beats_chance_and_the_centre(
    kind: str, method: str, request: pytest.FixtureRequest
) -> None:
    network = request.getfixturevalue(kind)
    assert kind == "convolutional" or method_for(network, None) == "occlusion"
    faces, labels = quadrant_faces(FACES, seed=2)
    assert (network.read(faces).argmax(1) == labels).all()
    found = [explained(Face(str(i), "00", face), network, method, seed=0) for i, face in enumerate(faces)]
    assert min(np.abs(one.relevance).max() for one in found) == 1
    assert np.mean([share_where_the_label_is(one.relevance) for one in found]) > 0.6
    verdict = judge([one.faithfulness for one in found], [""] * FACES, seed=0)
    for gain in verdict.gains:
        assert gain.deletion.low > 0.05
        assert gain.insertion.low > 0.05
    assert verdict.sentences.count("are better than") == 2


def test_a_map_of_the_wrong_place_is_worse_than_chance(flat: Network) -> None:
    faces, _ = quadrant_faces(FACES, seed=3)
    verdict = judge([followed(flat, face, turned=True) for face in faces], [""] * FACES, seed=0)
    assert all(found.high < 0 for found in verdict.gains[0].both)
    assert verdict.sentences.startswith("The maps are worse than chance, by deletion and by insertion.")


def test_maps_of_noise_are_seldom_told_from_chance(flat: Network) -> None:
    faces, _ = quadrant_faces(12, seed=4)
    told = 0
    for seed in range(10):
        noise = np.random.default_rng(seed).normal(size=(12, 8, 8)).repeat(4, 1).repeat(4, 2).astype(np.float32)
        found = [followed(flat, face, instead_of_map=of) for face, of in zip(faces, noise, strict=True)]
        told += sum(of.leaves_zero_out for of in judge(found, [""] * 12, seed=0).gains[0].both)
    assert told <= 4  # of 20; 1 is expected of intervals of 95 %


def followed(
    network: Network, face: np.ndarray, *, turned: bool = False, instead_of_map: np.ndarray | None = None
) -> Faithfulness:
    """What becomes of a face that is taken away by its map, by its map upside down, or by another one."""
    label = int(network.read(face[None])[0].argmax())
    found = relevance(network, face, label, "occlusion") if instead_of_map is None else instead_of_map
    return faithfulness(network.read, face, label, -found if turned else found, instead=blurred(face), seed=0)


def test_a_single_face_gets_no_interval_and_few_people_a_t_interval(flat: Network) -> None:
    faces, _ = quadrant_faces(6, seed=5)
    found = [followed(flat, face) for face in faces]
    assert judge(found[:1], [""], seed=0).gains[0].deletion.low is None
    assert "one face does not tell" in judge(found[:1], [""], seed=0).method
    assert "jackknife over 6 faces" in judge(found, [""] * 6, seed=0).method
    by_people = judge(found, ["a", "a", "b", "b", "c", "c"], seed=0)
    assert "jackknife over 3 people" in by_people.method
    assert by_people.gains[0].deletion.value == pytest.approx(judge(found, [""] * 6, seed=0).gains[0].deletion.value)


def test_pixels_go_in_the_order_of_the_map() -> None:
    face = np.arange(1, 401, dtype=np.uint16).astype(np.uint8).reshape(20, 20)
    places = order(-np.arange(400, dtype=np.float32).reshape(20, 20))
    away, back = np.split(stages(face, np.zeros_like(face), places), 2)
    assert (away[1, 0] == 0).all()  # a twentieth is the first row
    assert (away[1, 1:] == face[1:]).all()
    assert (away[0] == face).all()
    assert (away[-1] == 0).all()
    assert (back + away == face).all()


def test_a_map_elsewhere_has_the_same_values() -> None:
    values = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    moved = elsewhere(values, np.random.default_rng(1))
    assert not np.array_equal(moved, values)
    np.testing.assert_array_equal(np.sort(moved.ravel()), np.sort(values.ravel()))


@pytest.mark.parametrize(
    ("backbone", "method"),
    [
        (lambda: CompactCnn(stem=4, widths=[4, 8]), "gradcam"),
        (lambda: TimmBackbone("resnet10t", pretrained=False), "gradcam"),
        (lambda: TimmBackbone("test_vit", pretrained=False), "occlusion"),
        (AttentionalCnn, "occlusion"),
        (LopesCnn, "occlusion"),
        (lambda: DeepBeliefNetwork(ContrastiveDivergence(1, 10), hidden=[4], size=16), "occlusion"),
    ],
)
def test_grad_cam_is_for_networks_with_a_layer_that_tiles_the_face(backbone: object, method: str) -> None:
    network = Network(ExpressionClassifier(backbone(), 7).eval())  # type: ignore[operator]
    assert method_for(network, None) == method
    assert method_for(network, "occlusion") == "occlusion"
    if method == "occlusion":
        with pytest.raises(ConfigError, match="has no layer whose cells tile the face"):
            method_for(network, "gradcam")


def test_faces_in_colour_have_maps_too() -> None:
    torch.manual_seed(0)
    network = Network(ExpressionClassifier(CompactCnn(stem=4, widths=[4, 8], size=24, channels=3), 7).eval())
    face = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    for method in ("gradcam", "occlusion"):
        found = explained(Face("one", "00", face), network, method, seed=0)  # type: ignore[arg-type]
        assert found.relevance.shape == (24, 24)
        assert np.isfinite(found.relevance).all()
        np.testing.assert_allclose(found.faithfulness.map.deletion[0], found.probabilities.max(), rtol=1e-5)
