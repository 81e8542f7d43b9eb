"""This file trains what a backbone can learn from faces without labels, stage by stage, before its labels are learned."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from lightning import Trainer
from safetensors.torch import load_file, save_file

from fer.data.augment import Augmentation
from fer.data.datamodule import FaceDataModule
from fer.data.faces import Faces
from fer.files import replacing
from fer.models.backbone import Backbone, PretrainingStage
from fer.training.callbacks.error_curves import ErrorCurves, read_curves
from fer.training.callbacks.progress import FitProgress
from fer.training.callbacks.reseed import Reseed
from fer.training.checkpoints import last_checkpoint, resumable
from fer.training.learner import FoldContext
from fer.training.settings import TrainerSettings
from fer.training.trainer import make_trainer, quiet_lightning

CURVES = "pretraining.csv"


def pretrain(backbone: Backbone, train: Faces, fold: FoldContext, settings: TrainerSettings) -> None:
    """Train every stage of the backbone on the training faces and, where a stage asks for them, the unlabelled ones.

    No label is read. A finished stage lies among the fold's checkpoints and is not trained again; every epoch leaves a row
    in pretraining.csv. Computed in float32: a machine of probabilities compares them with random numbers.
    """
    kept = fold.folder / "checkpoints" / "pretraining"
    for number, stage in enumerate(backbone.pretraining()):
        weights = kept / f"{stage.name}.safetensors"
        if weights.is_file():
            stage.module.load_state_dict(load_file(weights))
            continue
        faces = without_labels(train, fold.unlabelled if stage.unlabelled else None)
        trainer = train_stage(stage, faces, context_of(fold, number), replace(settings, precision="32-true"), kept / stage.name)
        if trainer.is_global_zero:
            keep(stage, weights)
            fold.progress.say(sentence(list(described(fold.folder))[-1]))
        trainer.strategy.barrier()


def without_labels(train: Faces, unlabelled: Faces | None) -> Faces:
    """All faces in order, whose targets are -1."""
    rows = train.rows if unlabelled is None else np.concatenate([train.rows, unlabelled.rows])
    return Faces(train.pixels, rows, np.full(len(rows), -1, np.int64), train.labels)


def context_of(fold: FoldContext, number: int) -> FoldContext:
    """The fold with a seed for one stage, lest every stage draw the same numbers."""
    seed = int(np.random.SeedSequence((fold.seed, number)).generate_state(1)[0]) % 2**31
    return replace(fold, seed=seed)


def train_stage(
    stage: PretrainingStage, faces: Faces, fold: FoldContext, settings: TrainerSettings, checkpoints: Path
) -> Trainer:
    """Train one stage from its last finished epoch on; gives the trainer, which knows of other processes."""
    curves = ErrorCurves(fold.folder / CURVES, stage.name, images=len(faces))
    callbacks = [Reseed(fold.seed), FitProgress(fold.progress, monitor="error"), curves, last_checkpoint(checkpoints)]
    trainer = make_trainer(settings, fold, callbacks, epochs=stage.epochs)
    data = FaceDataModule(
        faces,
        faces,  # no stage validates
        augment=Augmentation(),
        batch_size=stage.batch_size,
        seed=fold.seed,
        loader_workers=fold.loader_workers,
    )
    with quiet_lightning():
        trainer.fit(stage.module, data, ckpt_path=resumable(checkpoints), weights_only=True)
    return trainer


def keep(stage: PretrainingStage, weights: Path) -> None:
    """Write what a stage has learned, in place of its checkpoints."""
    with replacing(weights) as beside:
        save_file({name: tensor.contiguous() for name, tensor in stage.module.state_dict().items()}, beside)
    shutil.rmtree(weights.with_suffix(""))


def described(folder: Path) -> Iterator[dict[str, Any]]:
    """The stages that were pre-trained in a fold's folder, for its card: on how many images, and how far their error fell."""
    for name, rows in groupby(read_curves(folder / CURVES), key=lambda row: row["stage"]):
        epochs = list(rows)
        yield {
            "stage": name,
            "epochs": len(epochs),
            "images": int(epochs[-1]["images"]),
            "first_error": float(epochs[0]["error"]),
            "last_error": float(epochs[-1]["error"]),
            "seconds": round(sum(float(row["seconds"]) for row in epochs), 1),
        }


def sentence(stage: dict[str, Any]) -> str:
    """One line about a stage that is done."""
    return (
        f"Pre-trained {stage['stage']} on {stage['images']:,} images without labels: error {stage['first_error']:.4f} → "
        f"{stage['last_error']:.4f} in {stage['epochs']} epochs, {stage['seconds']:.0f} s."
    )
