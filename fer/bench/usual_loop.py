"""This file defines the usual loop of this field, to be compared with: one PIL image at a time, float32, NCHW.

It is what tutorials and most published code do: a Dataset that makes a PIL image of each face and sends it through
torchvision's transforms, a DataLoader with workers, and a plain loop that asks for the loss and the hits of every batch.
"""

from collections.abc import Iterator

import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from fer.bench.other_libraries import in_torchvision
from fer.data.batched import BatchChanges
from fer.data.faces import Faces
from fer.training.lightning_learner import LightningLearner


class OneByOne(Dataset[tuple[Tensor, int]]):
    """Faces as PIL images, changed as conf/augment/batched.yaml has it, in torchvision's words; networks here normalise."""

    def __init__(self, faces: Faces, changes: BatchChanges, *, channels: int) -> None:
        self.faces = faces.judged
        moved, covered = in_torchvision(changes)
        self.transform = transforms.Compose([transforms.Grayscale(channels), moved, transforms.ToTensor(), covered])

    def __len__(self) -> int:
        return len(self.faces)

    def __getitem__(self, position: int) -> tuple[Tensor, int]:
        face = self.faces.pixels.take(self.faces.rows[[position]])[0]
        return self.transform(Image.fromarray(face)), int(self.faces.targets[position])


class UsualTraining:
    """The usual loop around the same network and optimiser; its workers stay and load ahead between its turns."""

    def __init__(self, learner: LightningLearner, faces: Faces, changes: BatchChanges, *, steps: int, workers: int) -> None:
        self.device, self.steps = learner.device, steps
        classifier = learner.classifier()
        self.network = nn.Sequential(classifier.backbone, classifier.dropout, classifier.head).to(self.device).train()
        self.network.to(memory_format=torch.contiguous_format)
        self.optimizer = learner.optimisation.optimizer(learner.optimisation.groups(classifier))
        self.loader = DataLoader(
            OneByOne(faces, changes, channels=learner.spec.channels),
            batch_size=learner.settings.batch_size,
            shuffle=True,
            num_workers=workers,
            drop_last=True,
            pin_memory=self.device.type == "cuda",
        )
        self.batches = self.endless()
        self.hits, self.loss = 0, 0.0

    def endless(self) -> Iterator[list[Tensor]]:
        """The batches of one epoch after the other."""
        while True:
            yield from self.loader

    def __call__(self) -> int:
        """Train for the steps of one turn; gives how many images that were."""
        images = 0
        for _ in range(self.steps):
            faces, targets = (part.to(self.device) for part in next(self.batches))
            self.optimizer.zero_grad()
            logits = self.network(faces)
            loss = nn.functional.cross_entropy(logits, targets)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            self.loss += loss.item()
            self.hits += int((logits.argmax(1) == targets).sum())
            images += len(targets)
        return images
