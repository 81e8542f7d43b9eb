"""This file tests the views that a trained network is shown of a test face."""

import pytest
import torch
from torch.nn import functional as F

from fer.errors import ConfigError
from fer.models.views import VIEWS, flip, one_look, ten_crops, views_named

FACES = torch.rand(3, 1, 48, 48, generator=torch.Generator().manual_seed(0))


def test_one_look_is_the_face_as_it_is() -> None:
    (only,) = one_look(FACES)
    assert only is FACES


def test_a_flip_is_the_face_and_its_mirror_image() -> None:
    face, mirrored = flip(FACES)
    assert torch.equal(face, FACES)
    assert torch.equal(mirrored[..., 0], FACES[..., 47])
    assert torch.equal(mirrored.flip(3), FACES)


def test_ten_crops_are_the_centre_and_the_corners_at_full_size_and_their_mirror_images() -> None:
    views = list(ten_crops(FACES))
    assert len(views) == 10
    places = {0: (4, 4), 1: (0, 0), 2: (0, 8), 3: (8, 0), 4: (8, 8)}
    for i, (top, left) in places.items():
        crop = FACES[..., top : top + 40, left : left + 40]
        enlarged = F.interpolate(crop, size=(48, 48), mode="bilinear", align_corners=False)
        inside = (..., slice(1, -1), slice(1, -1))  # at its edge a crop is interpolated with the pixels beside it
        torch.testing.assert_close(views[2 * i][inside], enlarged[inside], atol=1e-5, rtol=0)
        assert torch.equal(views[2 * i + 1], views[2 * i].flip(3))


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_has_the_shape_of_the_face(name: str) -> None:
    colour = torch.rand(2, 3, 24, 24)
    assert {tuple(view.shape) for view in views_named(name)(colour)} == {(2, 3, 24, 24)}


def test_views_of_another_name_are_one_message() -> None:
    with pytest.raises(ConfigError, match=r"no views 'ten_crop'; did you mean 'ten_crops'\? Expected one of flip, ten_crops"):
        views_named("ten_crop")
