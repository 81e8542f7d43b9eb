"""This file defines LightningLearner, which trains a backbone with Lightning and goes on where it was interrupted."""

import json
import logging
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import Callback, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from fer.build import build
from fer.data.augment import Augmentation
from fer.data.datamodule import FaceDataModule
from fer.data.faces import Faces
from fer.files import read_json, replacing, write_json
from fer.labels import LabelSpace
from fer.models.backbone import Backbone
from fer.models.classifier import ExpressionClassifier
from fer.models.input_spec import InputSpec
from fer.training.callbacks.averaging import moving_average
from fer.training.callbacks.early_stopping import PatientStopping
from fer.training.callbacks.history import History
from fer.training.callbacks.progress import FitProgress
from fer.training.callbacks.reseed import Reseed
from fer.training.learner import FoldContext, Learner
from fer.training.optimisation import Optimisation
from fer.training.settings import TrainerSettings

PREDICT_BATCH = 512


class LightningLearner(Learner):
    """A backbone with a linear head, trained by lightning.Trainer; the best epoch on validation is kept.

    The configurations are those of conf/model, optim, augment and trainer, `auto` already replaced.
    """

    def __init__(
        self,
        *,
        model: Mapping[str, Any],
        optim: Mapping[str, Any],
        augment: Mapping[str, Any],
        trainer: Mapping[str, Any],
        labels: LabelSpace,
    ) -> None:
        self.model, self.labels = dict(model), labels.resolved
        self.optimisation: Optimisation = build(optim, "optim")
        self.augment: Augmentation = build(augment, "augment")
        self.settings: TrainerSettings = build(trainer, "trainer")
        self._spec = self.backbone().spec
        self._classifier: ExpressionClassifier | None = None
        self._card: dict[str, Any] = {}
        self._is_first = True

    @property
    def spec(self) -> InputSpec:
        """The faces that the backbone wants."""
        return self._spec

    @property
    def devices(self) -> int:
        """How many devices train one fold together."""
        return self.settings.devices

    @property
    def predicts(self) -> bool:
        """Whether this is the first of the processes that trained together."""
        return self._is_first

    def backbone(self) -> Backbone:
        """A new backbone with its first weights."""
        backbone: Backbone = build(self.model, "model")
        return backbone

    def classifier(self) -> ExpressionClassifier:
        """A new classifier with its first weights, which are random but for pretrained ones."""
        return ExpressionClassifier(
            self.backbone(),
            len(self.labels),
            optimise=self.optimisation.configure,
            dropout=self.optimisation.dropout,
            label_smoothing=self.optimisation.label_smoothing,
            channels_last=self.settings.channels_last is True,
        )

    def fit(self, train: Faces, val: Faces, fold: FoldContext) -> None:
        """Train on `train`, choosing the epoch on `val`; model.safetensors in the fold's folder says that it is done."""
        self._classifier = None
        torch.set_num_threads(fold.threads)
        torch.manual_seed(fold.seed)
        classifier = self.classifier()
        weights = fold.folder / "model.safetensors"
        if not weights.is_file():
            self.train(classifier, train, val, fold)
        if self._is_first:
            classifier.load_state_dict(load_file(weights), strict=False)
            self._card = read_json(fold.folder / "fit.json")
            self._classifier = classifier.eval()

    def train(self, classifier: ExpressionClassifier, train: Faces, val: Faces, fold: FoldContext) -> None:
        """Run the trainer from the last finished epoch on, then keep the best epoch's weights."""
        checkpoints = fold.folder / "checkpoints"
        best, last = best_checkpoint(checkpoints, self.monitor), last_checkpoint(checkpoints)
        history = History(fold.folder / "history.csv")
        trainer = self.trainer(fold, [history, best, last])
        data = FaceDataModule(
            train,
            val,
            augment=self.augment,
            batch_size=self.settings.batch_size,
            seed=fold.seed,
            loader_workers=fold.loader_workers,
        )
        resumed = checkpoints / "last.ckpt"
        with quiet_lightning():
            trainer.fit(classifier, data, ckpt_path=resumed if resumed.is_file() else None, weights_only=True)
        trainer.strategy.barrier()
        self._is_first = trainer.is_global_zero
        if self._is_first:
            self.keep(Path(best.best_model_path), history, fold)
            shutil.rmtree(checkpoints)

    def trainer(self, fold: FoldContext, callbacks: list[Callback]) -> Trainer:
        """The trainer of one fold."""
        settings = self.settings
        first: list[Callback] = [Reseed(fold.seed), FitProgress(fold.progress, monitor=self.monitor)]
        if self.optimisation.average is not None:
            first.append(moving_average(self.optimisation.average))
        if settings.patience is not None:
            first.append(PatientStopping(self.monitor, mode="max", patience=settings.patience))
        with quiet_lightning():
            return Trainer(
                accelerator=settings.accelerator,
                devices=settings.devices,
                strategy=settings.strategy,
                precision=settings.precision,  # type: ignore[arg-type]  # a Literal there; an unknown one is refused
                max_epochs=settings.epochs,
                accumulate_grad_batches=settings.accumulate,
                gradient_clip_val=settings.clip,
                deterministic="warn" if self.needs_deterministic else False,
                callbacks=first + callbacks,
                logger=[build_logger(config, name, fold) for name, config in fold.loggers.items()] or False,
                num_sanity_val_steps=0,
                use_distributed_sampler=False,
                enable_progress_bar=False,
                enable_model_summary=False,
                log_every_n_steps=50,
                default_root_dir=fold.folder,
            )

    @property
    def needs_deterministic(self) -> bool:
        """Whether torch must be asked for it: on a CPU the same threads give the same sums, and asking costs a fifth."""
        return self.settings.deterministic and self.settings.accelerator != "cpu"

    @property
    def monitor(self) -> str:
        """The name of the validation metric that chooses the epoch."""
        return f"val_{self.settings.monitor}"

    def keep(self, best: Path, history: History, fold: FoldContext) -> None:
        """Write the weights of the best epoch and how they were chosen."""
        checkpoint = torch.load(best, map_location="cpu", weights_only=True)
        state = {k: v.contiguous() for k, v in checkpoint["state_dict"].items() if not k.startswith("val_")}
        epoch = int(checkpoint["epoch"])
        chosen = next(row for row in history.rows if row["epoch"] == epoch)
        write_json(
            fold.folder / "fit.json",
            {
                "selection": {
                    "monitor": self.monitor,
                    "epoch": epoch + 1,
                    "epochs": len(history.rows),
                    "value": chosen[self.monitor],
                    "on": "validation",
                },
                "parameters": sum(v.numel() for k, v in state.items() if is_parameter(k)),
                "seconds": round(sum(row["seconds"] for row in history.rows), 1),
                "device": self.settings.accelerator,
                "precision": self.settings.precision,
            },
        )
        with replacing(fold.folder / "model.safetensors") as beside:
            save_file(state, beside, metadata={"labels": json.dumps(self.labels), "model": json.dumps(self.model)})

    def predict(self, faces: Faces) -> NDArray[np.float32]:
        """Probabilities (N, K) float32, computed in float32 on one device."""
        assert self._classifier is not None, "predict follows fit"
        device = torch.device(self.settings.accelerator if self.settings.accelerator != "gpu" else "cuda")
        classifier = self._classifier.to(device)
        probabilities = np.empty((len(faces), len(self.labels)), np.float32)
        with torch.inference_mode():
            for positions in np.split(np.arange(len(faces)), range(PREDICT_BATCH, len(faces), PREDICT_BATCH)):
                logits = classifier(torch.from_numpy(faces.take(positions)).to(device))
                probabilities[positions] = logits.float().softmax(1).cpu().numpy()
        return probabilities

    def card(self) -> dict[str, Any]:
        """The model's specification, without the weights it started from, and how its epoch was chosen."""
        spec = {key: value for key, value in self.model.items() if key != "weights"}
        if "pretrained" in spec:
            spec["pretrained"] = False
        inputs = {"size": self.spec.size, "channels": self.spec.channels, "mean": self.spec.mean, "std": self.spec.std}
        return {"model": spec, "input": inputs, **self._card}


def is_parameter(name: str) -> bool:
    """Whether a tensor of the state dict is learned, rather than a statistic of batch normalisation."""
    return not name.endswith(("running_mean", "running_var", "num_batches_tracked"))


def best_checkpoint(folder: Path, monitor: str) -> ModelCheckpoint:
    """Keeps the epoch with the highest `monitor`, the earliest among equals."""
    return ModelCheckpoint(
        folder, "best-{epoch}", monitor=monitor, mode="max", save_on_train_epoch_end=True, enable_version_counter=False
    )


def last_checkpoint(folder: Path) -> ModelCheckpoint:
    """Keeps the last finished epoch, to go on from."""
    return ModelCheckpoint(folder, "last", save_on_train_epoch_end=True, enable_version_counter=False)


def build_logger(config: Mapping[str, Any], name: str, fold: FoldContext) -> Any:
    """One Lightning logger; {run}, {fold} and {folder} in its texts stand for this fold's."""
    places = {"run": fold.run, "fold": fold.name, "folder": str(fold.folder)}
    filled = {k: v.format(**places) if isinstance(v, str) and k != "_target_" else v for k, v in config.items()}
    return build(filled, f"logger.{name}")


class quiet_lightning(warnings.catch_warnings):
    """Keeps Lightning's tips and its warnings about choices made here on purpose from between the bars."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.filterwarnings("ignore", module="lightning")
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        for name in ("lightning.pytorch", "lightning.fabric"):
            logging.getLogger(name).setLevel(logging.ERROR)
