import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from fer.data.batched import GREY, BatchChanges, looked_up
from fer.errors import ConfigError

FACES = torch.rand(64, 1, 24, 24, generator=torch.Generator().manual_seed(0))
POSITIONS = torch.arange(64)


def changed(changes: BatchChanges, *, epoch: int = 0, epochs: int = 4, faces: Tensor = FACES) -> Tensor:
    torch.manual_seed(1)
    return changes(faces, POSITIONS[: len(faces)], epoch=epoch, epochs=epochs)


def close(first: Tensor, second: Tensor) -> Tensor:
    return (first - second).abs().amax((1, 2, 3)) < 1e-4


def test_nothing_asked_for_changes_nothing() -> None:
    assert close(changed(BatchChanges(flip="never")), FACES).all()


def test_an_alternating_flip_shows_both_sides_of_every_face_in_two_epochs() -> None:
    first, second, third = (changed(BatchChanges(), epoch=epoch) for epoch in range(3))
    mirrored = close(first, FACES.flip(3))
    assert 0.3 < mirrored.float().mean() < 0.7
    assert (close(first, FACES) ^ mirrored).all()
    assert torch.equal(close(second, FACES), mirrored)
    assert close(third, first).all()


def test_an_alternating_flip_belongs_to_the_face_and_not_to_its_place_in_the_batch() -> None:
    order = torch.randperm(64, generator=torch.Generator().manual_seed(2))
    shuffled = BatchChanges()(FACES[order], POSITIONS[order], epoch=0, epochs=4)
    assert close(shuffled, changed(BatchChanges())[order]).all()


def test_a_random_flip_mirrors_half_of_the_faces() -> None:
    mirrored = close(changed(BatchChanges(flip="random")), FACES.flip(3))
    assert 0.3 < mirrored.float().mean() < 0.7


def test_faces_are_moved_as_opencv_moves_them() -> None:
    changes = BatchChanges(flip="never", moved=1.0, scale=(1.2, 1.2), shift=0.1, turn=20)
    torch.manual_seed(1)
    maps = changes.maps(torch.zeros(64, dtype=torch.bool), torch.rand(64, 11)[:, 1:6]).numpy()
    middle = 11.5
    for face, result, place in zip(FACES[:, 0].numpy(), changed(changes)[:, 0].numpy(), maps, strict=True):
        turned = place[:, :2]
        inverse = np.column_stack([turned, middle + place[:, 2] * 12 - turned @ [middle, middle]])
        expected = cv2.warpAffine(
            face, inverse, (24, 24), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
        )
        assert np.abs(result - expected).mean() < 0.02  # OpenCV rounds places to 1/32 of a pixel


@pytest.mark.parametrize("size", [36, 48])
def test_pixels_are_looked_up_where_affine_grid_says(size: int) -> None:
    maps = torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(1))
    expected = torch.nn.functional.affine_grid(maps, [5, 1, size, size], align_corners=False)
    torch.testing.assert_close(looked_up(maps, size), expected)


def test_maps_stay_within_the_ranges_that_were_asked_for() -> None:
    maps = BatchChanges(moved=1.0, scale=(0.8, 1.25), shift=0.1, turn=15).maps(torch.zeros(5000) > 0, torch.rand(5000, 5))
    scale = 1 / maps[:, 0, :2].norm(dim=1)
    turn = torch.atan2(maps[:, 1, 0], maps[:, 0, 0]).rad2deg()
    assert scale.min() >= 0.8 - 1e-4
    assert scale.max() <= 1.25 + 1e-4
    assert scale.max() - scale.min() > 0.4
    assert 14 < turn.abs().max() <= 15.001
    assert 0.19 < maps[:, :, 2].abs().max() <= 0.2001  # a tenth of the two units from -1 to 1


def test_only_the_share_that_was_asked_for_is_moved_or_covered() -> None:
    faces = FACES.repeat(32, 1, 1, 1)
    positions = torch.arange(len(faces))
    moved = BatchChanges(flip="never", moved=0.3, turn=10, shift=0.1)(faces, positions, epoch=0, epochs=1)
    covered = BatchChanges(flip="never", covered=0.3)(faces, positions, epoch=0, epochs=1)
    assert 0.25 < 1 - close(moved, faces).float().mean() < 0.35
    assert 0.25 < 1 - close(covered, faces).float().mean() < 0.35


def test_covered_faces_lose_one_grey_rectangle_of_the_size_that_was_asked_for() -> None:
    covered = changed(BatchChanges(flip="never", covered=1.0, cover=(0.25, 0.5)))[:, 0]
    for face, original in zip(covered, FACES[:, 0], strict=True):
        rows, columns = torch.where((face - original).abs() > 1e-4)
        height, width = rows.max() - rows.min() + 1, columns.max() - columns.min() + 1
        inside = face[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert (inside - GREY).abs().max() < 1e-6
        assert height <= 13
        assert width <= 13  # less where the rectangle reaches over the edge


def test_sizes_share_out_the_epochs() -> None:
    changes = BatchChanges(sizes=(0.5, 0.75, 1.0))
    assert [changes.size_in(epoch, 7, whole=48) for epoch in range(7)] == [24, 24, 24, 36, 36, 48, 48]
    assert changed(changes, epoch=0, epochs=7).shape == (64, 1, 12, 12)
    assert changes.size_in(9, 3, whole=48) == 48


def test_colour_and_every_channel_are_changed_alike() -> None:
    grey = changed(BatchChanges(flip="random", moved=1.0, turn=10, covered=0.5))
    colour = changed(BatchChanges(flip="random", moved=1.0, turn=10, covered=0.5), faces=FACES.expand(-1, 3, -1, -1))
    assert torch.allclose(colour, grey.expand(-1, 3, -1, -1), atol=1e-6)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("flip", "always"),
        ("moved", 1.5),
        ("turn", float("nan")),
        ("shift", float("inf")),
        ("scale", [1.2, 0.8]),
        ("scale", [1.0]),
        ("cover", [0.1, 5]),
        ("sizes", []),
        ("sizes", [1.5]),
        ("sizes", [0.001]),
        ("sizes", ["half"]),
    ],
)
def test_an_impossible_setting_is_refused(setting: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"augment.batched.{setting}: found"):
        BatchChanges(**{setting: value})
