from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from planted import planted_cohort

from fer.build import build
from fer.data.augment import Augmentation
from fer.data.batch import IGNORED, Batch
from fer.data.datamodule import FaceDataModule, FaceDataset, Share
from fer.data.faces import Faces

FLIP_AND_MOVE = {
    "_target_": "fer.data.augment.Augmentation",
    "transforms": [
        {"_target_": "albumentations.HorizontalFlip", "p": 0.5},
        {"_target_": "albumentations.Affine", "translate_percent": [-0.2, 0.2]},
    ],
}


@pytest.fixture
def faces() -> Faces:
    cohort = planted_cohort()
    return cohort.faces([record.id for record in cohort.records])


def module(faces: Faces, *, loader_workers: int = 0, augment: Augmentation | None = None) -> FaceDataModule:
    return FaceDataModule(faces, faces, augment=augment or Augmentation(), batch_size=16, seed=5, loader_workers=loader_workers)


def test_an_epoch_has_every_face_at_most_once_and_only_full_batches(faces: Faces) -> None:
    batches = list(module(faces).train_dataloader())
    assert [len(batch.targets) for batch in batches] == [16] * 4
    seen = np.concatenate([batch.faces.numpy() for batch in batches]).reshape(64, -1)
    assert len(np.unique(seen, axis=0)) == 64


def test_pixels_and_targets_belong_together(faces: Faces) -> None:
    row_of = {faces.take(np.array([i])).tobytes(): i for i in range(len(faces))}
    for batch in module(faces).train_dataloader():
        for face, target in zip(batch.faces.numpy(), batch.targets.tolist(), strict=True):
            assert faces.targets[row_of[face.tobytes()]] == target
        assert [row_of[face.tobytes()] for face in batch.faces.numpy()] == batch.positions.tolist()


def test_worker_processes_do_not_change_a_batch(faces: Faces) -> None:
    augment = build(FLIP_AND_MOVE, "augment")
    here = list(module(faces, augment=augment).train_dataloader())
    there = list(module(faces, augment=augment, loader_workers=2).train_dataloader())
    for first, second in zip(here, there, strict=True):
        assert torch.equal(first.faces, second.faces)
        assert torch.equal(first.targets, second.targets)


@pytest.mark.parametrize("part", ["train", "val"])
def test_every_batch_is_expected_some_batches_before_it_is_taken(
    faces: Faces, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    told: list[tuple[str, list[int]]] = []

    def noting(verb: str, done: Callable[..., Any]) -> Callable[..., Any]:
        def noted(self: Faces, where: NDArray[np.int64]) -> Any:
            told.append((verb, where.tolist()))
            return done(self, where)

        return noted

    for verb in ("expect", "take"):
        monkeypatch.setattr(Faces, verb, noting(verb, getattr(Faces, verb)))
    monkeypatch.setattr("fer.data.datamodule.READ_AHEAD", 2)
    batches = list(getattr(module(faces), f"{part}_dataloader")())
    positions = [batch.positions.tolist() for batch in batches]
    assert [where for verb, where in told if verb == "take"] == positions
    assert [where for verb, where in told if verb == "expect"] == positions
    before_the_first = [verb for verb, _ in told].index("take")
    assert before_the_first == min(3, len(batches))


def test_augmentation_changes_training_faces_and_never_validation_faces(faces: Faces) -> None:
    data = module(faces, augment=build(FLIP_AND_MOVE, "augment"))
    originals = {face.tobytes() for face in faces.take(np.arange(len(faces)))}
    trained = [face.tobytes() in originals for batch in data.train_dataloader() for face in batch.faces.numpy()]
    validated = [face.tobytes() in originals for batch in data.val_dataloader() for face in batch.faces.numpy()]
    assert sum(trained) < len(trained) / 2
    assert all(validated)
    assert len(validated) == len(faces)


def test_the_same_faces_in_another_order_are_augmented_otherwise(faces: Faces) -> None:
    dataset = FaceDataset(faces, augment=build(FLIP_AND_MOVE, "augment"), seed=1)
    first, again = dataset.__getitems__([0, 1, 2, 3]), dataset.__getitems__([0, 1, 2, 3])
    assert torch.equal(first.faces, again.faces)
    assert not torch.equal(first.faces, dataset.__getitems__([3, 2, 1, 0]).faces.flip(0))


@pytest.mark.parametrize("ranks", [1, 2, 3, 5])
def test_the_ranks_shares_hold_every_position_once(ranks: int) -> None:
    shares = [list(Share(7, rank=rank, ranks=ranks)) for rank in range(ranks)]
    assert len({len(share) for share in shares}) == 1
    assert sorted(position for share in shares for position in share if position >= 0) == list(range(7))


def test_a_face_that_fills_up_a_share_counts_nowhere(faces: Faces) -> None:
    batch = FaceDataset(faces).__getitems__([3, -1])
    assert batch.targets.tolist() == [faces.targets[3], IGNORED]


@pytest.mark.parametrize("ranks", [1, 2])
def test_faces_that_lie_on_the_device_give_the_same_batches(faces: Faces, monkeypatch: pytest.MonkeyPatch, ranks: int) -> None:
    def batches(device: torch.device | None) -> list[Batch]:
        data = FaceDataModule(faces, faces, augment=Augmentation(), batch_size=16, seed=5, device=device)
        monkeypatch.setattr(FaceDataModule, "ranks", ranks)  # the last share of the validation faces is filled up
        assert [part.device for part in (data.train, data.val)] == [device, device]
        return [*data.train_dataloader(), *data.val_dataloader()]

    monkeypatch.setattr("fer.data.datamodule.room_on", lambda device: 10**9)
    for here, there in zip(batches(None), batches(torch.device("cpu")), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(here, there, strict=True))


@pytest.mark.parametrize("reason", ["memory", "transforms", "workers", "processor"])
def test_faces_stay_in_the_array_where_they_do_not_fit_or_are_changed_on_their_own(
    faces: Faces, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    if reason != "processor":
        room = len(faces) * 24 * 24 - 1 if reason == "memory" else 10**9
        monkeypatch.setattr("fer.data.datamodule.room_on", lambda device: room)
    data = FaceDataModule(
        faces,
        faces,
        augment=build(FLIP_AND_MOVE, "augment") if reason == "transforms" else Augmentation(),
        batch_size=16,
        seed=5,
        loader_workers=1 if reason == "workers" else 0,
        device=torch.device("cpu"),
    )
    assert data.train.device is None
