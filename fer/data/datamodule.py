"""This file defines FaceDataModule, the one DataModule for all databases: a batch is one indexing operation."""

import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import torch
from lightning import LightningDataModule
from numpy.typing import NDArray
from torch.utils.data import BatchSampler, DataLoader, Dataset, DistributedSampler, Sampler

from fer.data.augment import Augmentation
from fer.data.batch import IGNORED, Batch
from fer.data.faces import Faces
from fer.data.sampling import Sampling, balanced_epoch
from fer.orphans import end_with_the_loader

T = TypeVar("T")

#: Faces that are copied to a device at a time, which bounds the memory beside it.
MOVED_AT_ONCE = 8192

#: The system reads so many batches ahead, so that a disk's delay costs a training nothing.
READ_AHEAD = 4


class FaceDataset(Dataset[Batch]):
    """Whole batches of faces: `__getitems__` takes the positions of a batch and indexes the array once.

    `room` bytes are free for faces on `device`: where they are enough, and no face is changed on its own on the way, all
    faces lie there from the first batch on, and a batch is an indexing on the device.
    """

    def __init__(
        self,
        faces: Faces,
        *,
        augment: Augmentation | None = None,
        seed: int = 0,
        device: torch.device | None = None,
        room: int = 0,
    ) -> None:
        self.faces, self.augment, self.seed = faces, augment, seed
        alone = augment is not None and augment.pipeline is not None
        self.device = None if alone or device is None or len(faces) * faces.pixels.bytes_a_face > room else device

    def __len__(self) -> int:
        return len(self.faces)

    @cached_property
    def resident(self) -> Batch:
        """All faces and targets on the device, in order."""
        everywhere = np.arange(len(self), dtype=np.int64)
        parts = (everywhere[start : start + MOVED_AT_ONCE] for start in range(0, len(self), MOVED_AT_ONCE))
        pixels = torch.cat([torch.from_numpy(self.faces.take(part)).to(self.device) for part in parts])
        return Batch(pixels, torch.from_numpy(self.faces.targets).to(self.device), torch.from_numpy(everywhere).to(self.device))

    def expect(self, positions: Sequence[int]) -> None:
        """Say which batch is going to be taken, so that the system reads it from the disk meanwhile."""
        if self.device is None:
            self.faces.expect(np.asarray(positions, np.int64))

    def __getitems__(self, positions: Sequence[int]) -> Batch:
        """The batch at `positions`; -1 stands for a face that fills up the batch and counts nowhere."""
        where = np.asarray(positions, np.int64)
        if self.device is not None:
            rows = torch.from_numpy(where).to(self.device)
            faces, targets = self.resident.faces[rows], self.resident.targets[rows]
            return Batch(faces, targets.masked_fill(rows < 0, IGNORED) if (where < 0).any() else targets, rows)
        pixels = self.faces.take(where)
        if self.augment is not None:
            # The positions name the batch, so its random numbers depend on neither worker nor history.
            pixels = self.augment(pixels, seed=(zlib.crc32(where.tobytes()) + self.seed) % 2**32)
        targets = torch.from_numpy(self.faces.targets[where])
        if (where < 0).any():
            targets[torch.from_numpy(where < 0)] = IGNORED
        return Batch(torch.from_numpy(pixels), targets, torch.from_numpy(where))


class Share(Sampler[int]):
    """One rank's share of the positions in order; shares are of one length, filled up with -1."""

    def __init__(self, length: int, *, rank: int, ranks: int) -> None:
        self.length, self.rank, self.ranks = length, rank, ranks

    def __len__(self) -> int:
        return -(-self.length // self.ranks)

    def __iter__(self) -> Iterator[int]:
        for position in range(self.rank, len(self) * self.ranks, self.ranks):
            yield position if position < self.length else -1


class BalancedShare(Sampler[int]):
    """One rank's share of an epoch in which every label is drawn equally often; see `balanced_epoch`."""

    def __init__(self, targets: NDArray[np.int64], *, seed: int, rank: int, ranks: int) -> None:
        self.targets, self.seed, self.rank, self.ranks = targets, seed, rank, ranks
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next; the first is 0."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.targets) // self.ranks

    def __iter__(self) -> Iterator[int]:
        drawn = balanced_epoch(self.targets, seed=self.seed, epoch=self.epoch)
        yield from drawn[self.rank :: self.ranks][: len(self)].tolist()


class ReadAhead(BatchSampler):
    """Batches of a sampler's positions, each of which the dataset was told to expect some batches before."""

    def __init__(self, sampler: Sampler[int], batch_size: int, drop_last: bool, *, dataset: FaceDataset) -> None:
        super().__init__(sampler, batch_size, drop_last)
        self.dataset = dataset

    def __iter__(self) -> Iterator[list[int]]:
        expected: deque[list[int]] = deque()
        for batch in super().__iter__():
            self.dataset.expect(batch)
            expected.append(batch)
            if len(expected) > READ_AHEAD:
                yield expected.popleft()
        yield from expected


class FaceDataModule(LightningDataModule):
    """Training faces drawn by (seed, epoch) and augmented, validation faces in order; shared out among ranks.

    `sampling` draws every training face once an epoch, or `balanced` every label equally often. On a `device`, faces lie
    from the beginning where they take no more than a quarter of its free memory.
    """

    def __init__(
        self,
        train: Faces,
        val: Faces,
        *,
        augment: Augmentation,
        batch_size: int,
        seed: int,
        sampling: Sampling = "natural",
        loader_workers: int = 0,
        device: torch.device | None = None,
    ) -> None:
        super().__init__()
        room = room_on(device) if device is not None and loader_workers == 0 else 0
        self.train = FaceDataset(train, augment=augment, seed=seed, device=device, room=room)
        self.val = FaceDataset(val.judged, device=device, room=room)
        self.batch_size, self.seed, self.sampling, self.loader_workers = batch_size, seed, sampling, loader_workers

    def train_dataloader(self) -> DataLoader[Batch]:
        """This rank's share of the batches of an epoch: `batch_size` is what all ranks see in a step.

        The last incomplete batch is left out, because batch normalisation needs full batches.
        """
        batch_size = min(self.batch_size, len(self.train)) // self.ranks
        return self.loader(self.train, self.sampler(), batch_size, drop_last=True)

    def sampler(self) -> Sampler[Any]:
        """This rank's share of the training faces of each epoch."""
        if self.sampling == "balanced":
            targets = np.asarray(self.train.faces.judged.targets, np.int64)
            return BalancedShare(targets, seed=self.seed, rank=self.rank, ranks=self.ranks)
        return DistributedSampler(
            self.train, num_replicas=self.ranks, rank=self.rank, shuffle=True, seed=self.seed, drop_last=True
        )

    def val_dataloader(self) -> DataLoader[Batch]:
        """Every validation face once, over all ranks together."""
        return self.loader(self.val, Share(len(self.val), rank=self.rank, ranks=self.ranks), 4 * self.batch_size, drop_last=False)

    def loader(self, dataset: FaceDataset, sampler: Sampler[Any], batch_size: int, *, drop_last: bool) -> DataLoader[Batch]:
        """A loader of whole batches, in this process or in `loader_workers` others."""
        return DataLoader(
            dataset,
            batch_sampler=ReadAhead(sampler, batch_size, drop_last, dataset=dataset),
            num_workers=self.loader_workers,
            persistent_workers=self.loader_workers > 0,
            worker_init_fn=end_with_the_loader,
            pin_memory=torch.cuda.is_available() and dataset.device is None,
            collate_fn=as_is,
        )

    @property
    def rank(self) -> int:
        """This process's number among those that train together."""
        return self.trainer.global_rank if self.trainer else 0

    @property
    def ranks(self) -> int:
        """How many processes train together."""
        return self.trainer.world_size if self.trainer else 1


def room_on(device: torch.device) -> int:
    """How many bytes the faces of one part may take on a GPU: a quarter of what is free. None elsewhere."""
    return torch.cuda.mem_get_info(device)[0] // 4 if device.type == "cuda" else 0


def as_is(batch: T) -> T:
    """The batch, which the dataset has put together already."""
    return batch
