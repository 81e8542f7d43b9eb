import math

import albumentations
import numpy as np
import pytest
import torch
from composing import composed

from fer.build import build
from fer.data.database import Image
from fer.data.preprocessing.eye_finder import Eyes
from fer.data.preprocessing.lopes import Lopes
from fer.data.preprocessing.resizing import resize
from fer.data.synthetic_samples import MovedEyes, between_eyes
from fer.errors import ConfigError
from fer.models.lopes import LopesCnn
from fer.training.learners import learner_mistakes


def test_the_network_has_the_layers_of_the_paper() -> None:
    network = LopesCnn()
    shapes = [tuple(layer.weight.shape) for layer in (network.first, network.second, network.hidden)]
    assert shapes == [(32, 1, 5, 5), (64, 32, 7, 7), (256, 64 * 6 * 6)]
    assert network(torch.rand(2, 1, 32, 32)).shape == (2, 256)


def test_the_first_weights_are_drawn_as_caffe_draws_them() -> None:
    torch.manual_seed(0)
    network = LopesCnn()
    for layer in (network.first, network.second, network.hidden):
        bound = math.sqrt(3 / layer.weight[0].numel())
        assert 0.99 * bound < float(layer.weight.detach().abs().max()) <= bound
        assert layer.bias is not None
        assert not layer.bias.any()


@pytest.mark.parametrize("size", [12, 15, 32, 48])
def test_faces_of_any_size_from_the_smallest_go_through(size: int) -> None:
    assert LopesCnn(size=size)(torch.rand(1, 1, size, size)).shape == (1, 256)


def test_a_network_without_room_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"size=11, expected .* at least 12 pixels"):
        LopesCnn(size=11)


def test_the_model_brings_what_belongs_to_it_and_the_command_line_wins() -> None:
    config = composed("model=lopes")
    assert config["preprocess"]["_target_"].endswith(".Lopes")
    assert config["augment"]["transforms"][0]["_target_"].endswith(".MovedEyes")
    assert config["optim"]["optimizer"]["momentum"] == 0.95
    assert not learner_mistakes(config)
    chosen = composed("model=lopes", "preprocess=face", "augment=none", "optim=adamw_cosine")
    assert chosen["preprocess"]["_target_"].endswith(".FaceCrop")
    assert chosen["augment"]["transforms"] == []
    assert chosen["optim"]["optimizer"]["_target_"] == "torch.optim.AdamW"


def test_the_synthetic_samples_follow_how_the_face_was_cut_out() -> None:
    wider = composed("model=lopes", "preprocess.width=4.5")["augment"]["transforms"][0]
    other = composed("model=lopes", "preprocess=face")["augment"]["transforms"][0]
    assert (wider["width"], other["width"]) == (4.5, 2.4)


def scene() -> Image:
    """A smooth picture, which interpolation hardly changes."""
    across, down = np.meshgrid(np.arange(300), np.arange(300))
    return (127 + 60 * np.sin(across / 25) + 60 * np.cos(down / 30 + across / 60)).astype(np.uint8)


def cut_around(left: tuple[float, float], right: tuple[float, float], size: int) -> Image:
    """The face that preprocess=lopes cuts out around these eyes."""
    eyes = Eyes(left, right)
    lopes = Lopes()
    return resize(lopes.around(eyes).turned(eyes.tilt, around=eyes.middle).cut(scene()), size)


def test_a_sample_shows_what_would_be_cut_out_around_the_moved_eyes() -> None:
    moved = np.array([[0.03, -0.02], [0.01, 0.04]])
    (left, right), distance = np.array([[120.0, 120.0], [180.0, 120.0]]), 60
    expected = cut_around(tuple(left + distance * moved[0]), tuple(right + distance * moved[1]), 64)
    face = cut_around(tuple(left), tuple(right), 64)
    sample = MovedEyes(deviation=0.03).apply(face, moved=moved)
    inside = (slice(6, -6), slice(6, -6))
    off = np.abs(sample[inside].astype(float) - expected[inside])
    unchanged = np.abs(face[inside].astype(float) - expected[inside])
    assert off.mean() < 1.5
    assert off.mean() < unchanged.mean() / 4


def test_eyes_that_stay_leave_the_face_as_it_is() -> None:
    face = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
    np.testing.assert_array_equal(MovedEyes(deviation=0).apply(face, moved=np.zeros((2, 2))), face)


def test_the_noise_turns_resizes_and_shifts_by_what_the_docstring_says() -> None:
    pipeline = albumentations.Compose([MovedEyes(deviation=0.03)])
    pipeline.set_random_seed(1)
    drawn = np.array([between_eyes(pipeline.transforms[0].get_params()["moved"]) for _ in range(4000)])
    turns, scales = np.arctan2(drawn[:, 1, 0], drawn[:, 0, 0]), np.hypot(drawn[:, 0, 0], drawn[:, 1, 0])
    for values, deviation in ((turns, 2**0.5), (scales, 2**0.5), (drawn[:, 0, 2], 0.5**0.5), (drawn[:, 1, 2], 0.5**0.5)):
        assert values.std() == pytest.approx(0.03 * deviation, rel=0.05)


def test_a_batch_is_changed_by_its_seed_alone() -> None:
    augment = build(composed("model=lopes")["augment"], "augment")
    faces = np.random.default_rng(0).integers(0, 256, (4, 32, 32), dtype=np.uint8)
    first, again, other = (augment(faces.copy(), seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != faces).any(axis=(1, 2)).all()
    assert (first != other).any()


def test_the_rate_falls_as_the_published_settings_say() -> None:
    optimisation = build(composed("model=lopes")["optim"], "optim")
    optimizer = optimisation.optimizer(LopesCnn().parameters())
    scheduler = optimisation.schedule(optimizer, 10_000)["scheduler"]
    for _ in range(10_000):
        optimizer.step()
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01 * 2**-0.75)
