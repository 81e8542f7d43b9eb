"""This file tests stochastic weight averaging: what is averaged, by which rate it is found, and that it survives a kill."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from interrupted import KilledInEpoch
from lightning import Callback, LightningModule, Trainer
from planted import planted_cohort
from torch import Tensor

from fer.build import build
from fer.data.faces import Faces
from fer.errors import ConfigError
from fer.labels import LabelSpace
from fer.training.learner import FoldContext
from fer.training.lightning_learner import LightningLearner
from fer.training.schedules import constant_end

OPTIM: dict[str, Any] = {
    "_target_": "fer.training.optimisation.Optimisation",
    "optimizer": {"_target_": "torch.optim.SGD", "_partial_": True, "lr": 0.1, "momentum": 0.9},
    "schedule": {"_target_": "fer.training.schedules.constant_end", "_partial_": True, "after": 0.5},
    "average_after": 0.5,
}
TRAINER = {"epochs": 4, "batch_size": 8, "accelerator": "cpu", "precision": "32-true", "channels_last": False}


@pytest.fixture
def parts() -> tuple[Faces, Faces]:
    cohort = planted_cohort()
    ids = [record.id for record in cohort.records]
    return cohort.faces(ids[:48]), cohort.faces(ids[48:])


def learner() -> LightningLearner:
    return LightningLearner(
        model={"_target_": "fer.models.cnn.CompactCnn", "stem": 4, "widths": [8], "size": 24},
        loss={"_target_": "fer.models.losses.cross_entropy.CrossEntropy"},
        optim=OPTIM,
        augment={"_target_": "fer.data.augment.Augmentation", "transforms": []},
        trainer={"_target_": "fer.training.settings.TrainerSettings", **TRAINER},
        labels=LabelSpace(("anger", "happiness", "sadness")),
    )


def context(folder: Path) -> FoldContext:
    folder.mkdir(exist_ok=True)
    return FoldContext(name="00", folder=folder, seed=3, threads=1)


class Followed(Callback):
    """The weights of the stem's filters after every step, and those of their average after every epoch."""

    current: ClassVar[list[Tensor]] = []
    averaged: ClassVar[list[Tensor]] = []

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
        self.current.append(pl_module.backbone.stem[0].weight.detach().clone())

    def on_validation_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int, *args: Any
    ) -> None:
        if batch_idx == 0:
            self.averaged.append(pl_module.backbone.stem[0].weight.detach().clone())


def with_callback(trained: LightningLearner, callback: Callback) -> LightningLearner:
    made = trained.trainer
    trained.trainer = lambda fold, callbacks: made(fold, [callback, *callbacks])  # type: ignore[method-assign]
    return trained


def test_the_second_half_counts_the_same_step_by_step(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    followed = Followed()
    with_callback(learner(), followed).fit(*parts, context(tmp_path / "fold"))
    assert len(followed.current) == 24
    for epoch, averaged in enumerate(followed.averaged):
        done = 6 * (epoch + 1)
        counted = followed.current[12:done] or followed.current[done - 1 : done]
        torch.testing.assert_close(averaged, torch.stack(counted).mean(0))


def test_a_fit_that_was_cut_off_ends_like_an_undisturbed_one(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    undisturbed = learner()
    undisturbed.fit(*parts, context(tmp_path / "undisturbed"))
    with pytest.raises(MemoryError):
        with_callback(learner(), KilledInEpoch(3)).fit(*parts, context(tmp_path / "cut"))
    resumed = learner()
    resumed.fit(*parts, context(tmp_path / "cut"))
    np.testing.assert_array_equal(resumed.predict(parts[1]), undisturbed.predict(parts[1]))


def test_the_rate_rises_falls_and_stays() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = constant_end(optimizer, 100, warmup=0.1, after=0.6, low=0.2)["scheduler"]
    rates = []
    for _ in range(100):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert rates[0] == pytest.approx(0.01)
    assert max(rates) == rates[9] == pytest.approx(0.1)
    assert rates[35] == pytest.approx(0.06)
    np.testing.assert_allclose(rates[60:], 0.02)


def test_two_averages_at_once_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"found it beside optim\.average"):
        build({**OPTIM, "average": 0.9}, "optim")
