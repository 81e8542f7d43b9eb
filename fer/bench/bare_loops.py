"""This file defines the least that can be done: the network alone, on one batch that is on the device already."""

import torch
from torch import Tensor

from fer.data.batch import Batch
from fer.errors import ConfigError
from fer.models.classifier import ExpressionClassifier
from fer.training.lightning_learner import LightningLearner

#: The precisions that the bare loop knows, and whether each computes in bf16.
IN_BF16 = {"32-true": False, "bf16-mixed": True}


class BareTraining:
    """Forward, loss, backward and step, over and over on the same batch; nothing is loaded, changed, counted or shown."""

    def __init__(self, learner: LightningLearner, batch: Batch, *, steps: int) -> None:
        device, precision = learner.device, learner.settings.precision
        if precision not in IN_BF16:
            raise ConfigError(f"trainer.precision: found {precision}, expected {' or '.join(IN_BF16)} for a bench")
        self.classifier = learner.classifier().to(device).train()
        self.images = self.classifier.as_input(batch.faces.to(device))
        self.targets = batch.targets.to(device)
        self.classifier.loss.prepare(batch.targets.numpy(), len(learner.labels))
        self.classifier.loss.to(device)
        self.optimizer = learner.optimisation.optimizer(learner.optimisation.groups(self.classifier))
        self.autocast = torch.autocast(device.type, torch.bfloat16, enabled=IN_BF16[precision])
        self.steps = steps

    def __call__(self) -> int:
        """Train for the steps of one turn; gives how many images that were."""
        for _ in range(self.steps):
            with self.autocast:
                loss = self.classifier.loss(self.classifier.logits, self.images, self.targets)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        return self.steps * len(self.targets)


class BarePrediction:
    """The forward pass over and over on the same batch."""

    def __init__(self, classifier: ExpressionClassifier, faces: Tensor, *, times: int) -> None:
        self.classifier, self.times = classifier, times
        self.images = classifier.as_input(faces.to(classifier.device))

    def __call__(self) -> int:
        """Predict the batch as often as one turn asks for; gives how many images that were."""
        with torch.inference_mode():
            for _ in range(self.times):
                self.classifier.logits(self.images)
        return self.times * len(self.images)
