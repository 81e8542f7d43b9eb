from typing import Any

import pytest
import torch

from fer.errors import ConfigError
from fer.models.attentional import AttentionalCnn, SpatialTransformer, warped

FACES = torch.rand(4, 1, 48, 48, generator=torch.Generator().manual_seed(0))


def test_the_convolutions_leave_nine_by_nine_by_ten_values() -> None:
    assert AttentionalCnn().convolutions(FACES).shape == (4, 10, 9, 9)


def test_the_transformer_starts_as_the_identity() -> None:
    looks = SpatialTransformer(48, 1, gain=0.1, normalise=True).looks(FACES)
    assert torch.equal(looks, torch.tensor([[1.0, 0, 0], [0, 1, 0]]).expand(4, 2, 3))
    torch.testing.assert_close(warped(FACES, looks), FACES, rtol=0, atol=1e-5)


@pytest.mark.parametrize("warp", ["input", "features"])
def test_at_the_start_the_transformer_changes_nothing(warp: Any) -> None:
    torch.manual_seed(0)
    with_it = AttentionalCnn(warp=warp).eval()
    without = AttentionalCnn(warp="nothing").eval()
    without.load_state_dict(with_it.state_dict(), strict=False)
    torch.testing.assert_close(with_it(FACES), without(FACES), rtol=1e-3, atol=1e-4)


def test_a_map_that_looks_left_moves_the_face_right() -> None:
    face = torch.zeros(1, 1, 48, 48)
    face[..., 20:28, 8:16] = 1
    look = torch.tensor([[[1.0, 0, -0.5], [0, 1, 0]]])  # a quarter of the width to the left
    moved = warped(face, look)
    torch.testing.assert_close(moved[..., 20:28, 20:28], torch.ones(1, 1, 8, 8))
    assert moved.sum() == pytest.approx(64, abs=1e-3)


def test_what_is_warped_is_an_option() -> None:
    torch.manual_seed(0)
    networks = {warp: AttentionalCnn(warp=warp).eval() for warp in ("input", "features")}  # type: ignore[arg-type]
    networks["features"].load_state_dict(networks["input"].state_dict())
    for network in networks.values():
        assert network.transformer is not None
        with torch.no_grad():
            network.transformer.regression[-1].bias[2] += 3  # type: ignore[index]
    assert not torch.allclose(networks["input"](FACES), networks["features"](FACES), atol=1e-3)


def test_the_picture_shows_where_the_network_looks() -> None:
    network = AttentionalCnn().eval()
    [at_first] = network.pictures([FACES[:2], FACES[2:]])
    assert at_first.image.shape[2] == 3
    assert "4 training faces" in at_first.caption
    assert "rotation varies by 0.0°" in at_first.caption
    assert network.transformer is not None
    with torch.no_grad():
        network.transformer.regression[-1].bias += torch.tensor([-4.0, 0.0, 0.0, 0.0, -4.0, 0.0])  # type: ignore[union-attr]
    [zoomed] = network.pictures([FACES])
    assert (zoomed.image != at_first.image).any()
    assert not list(AttentionalCnn(warp="nothing").pictures([FACES]))


def test_faces_that_are_too_small_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"found size=24.*expected a size of at least 32"):
        AttentionalCnn(size=24)
