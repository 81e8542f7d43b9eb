"""This file defines LightningLearner, which trains a backbone with Lightning and goes on where it was interrupted."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import Callback, Trainer
from numpy.typing import NDArray
from safetensors.torch import save_file

from fer.build import build
from fer.data.augment import Augmentation
from fer.data.datamodule import FaceDataModule
from fer.data.faces import Faces
from fer.errors import WeightsError
from fer.files import read_json, replacing, write_json
from fer.labels import LabelSpace
from fer.models.backbone import Backbone
from fer.models.classifier import ExpressionClassifier
from fer.models.input_spec import InputSpec
from fer.models.losses.base import TrainingLoss
from fer.models.losses.distillation import Distillation
from fer.models.views import Views, one_look
from fer.models.weights import read_weights
from fer.training.beginning import START, start_from, start_unlabelled, teacher_of
from fer.training.callbacks.early_stopping import PatientStopping
from fer.training.callbacks.history import History
from fer.training.callbacks.progress import FitProgress
from fer.training.callbacks.reseed import Reseed
from fer.training.checkpoints import best_checkpoint, last_checkpoint, resumable
from fer.training.computing import compute_with
from fer.training.face_sizes import require_sizes_work
from fer.training.finetuning import Thawing, require_thawing_works
from fer.training.learner import FoldContext, Learner, weights_header
from fer.training.optimisation import Optimisation, require_averaging_works
from fer.training.prediction import draw, probabilities
from fer.training.presentation_orders import forget_others, keep_best, presentation_orders
from fer.training.pretraining import described
from fer.training.ranks import started_together
from fer.training.settings import TrainerSettings
from fer.training.start import WEIGHTS, weights_file
from fer.training.trainer import make_trainer, quiet_lightning


class LightningLearner(Learner):
    """A backbone with a linear head, trained by lightning.Trainer; the best epoch on validation is kept.

    The configurations are those of conf/model, loss, optim, augment and trainer, `auto` already replaced. `model.weights`
    is no argument of the backbone: it names a file or a run that every network can start from.
    """

    def __init__(
        self,
        *,
        model: Mapping[str, Any],
        loss: Mapping[str, Any],
        optim: Mapping[str, Any],
        augment: Mapping[str, Any],
        trainer: Mapping[str, Any],
        labels: LabelSpace,
    ) -> None:
        self.model = {key: value for key, value in model.items() if key != "weights"}
        self.weights: str | None = model.get("weights")
        self.teacher: str | None = loss.get("teacher")
        self.labels, self.loss = labels.resolved, dict(loss)
        self.optimisation: Optimisation = build(optim, "optim")
        self.augment: Augmentation = build(augment, "augment")
        self.settings: TrainerSettings = build(trainer, "trainer")
        require_thawing_works(self.optimisation.finetune, self.settings)
        require_averaging_works(self.optimisation, self.settings)
        build(self.loss, "loss")  # so that its mistakes are said before anything is prepared
        backbone = self.backbone()
        require_sizes_work(backbone, self.augment.batched)
        self._spec = backbone.spec
        self._classifier: ExpressionClassifier | None = None
        self._card: dict[str, Any] = {}
        self._is_first = True

    @property
    def spec(self) -> InputSpec:
        """The faces that the backbone wants."""
        return self._spec

    def starts(self, fold: str, cut: str) -> tuple[Path, ...]:
        """The files that `model.weights` and `loss.teacher` name for a fold; a teacher that does not fit is refused here."""
        if self.teacher is not None:
            self.taught_by(self.teacher, fold, cut)
        return tuple(weights_file(Path(run), fold, cut) for run in (self.weights, self.teacher) if run is not None)

    def taught_by(self, run: str, fold: str, cut: str) -> ExpressionClassifier:
        """The network of a run that teaches a fold."""
        return teacher_of(run, fold, cut, labels=self.labels, channels=self.spec.channels)

    @property
    def devices(self) -> int:
        """How many devices train one fold together."""
        return self.settings.ranks

    @property
    def device(self) -> torch.device:
        """The kind of device that trains and predicts."""
        return torch.device("cuda" if self.settings.accelerator == "gpu" else self.settings.accelerator)

    @property
    def predicts(self) -> bool:
        """Whether this is the first of the processes that trained together."""
        return self._is_first

    def backbone(self) -> Backbone:
        """A new backbone with its first weights."""
        backbone: Backbone = build(self.model, "model")
        return backbone

    def classifier(self) -> ExpressionClassifier:
        """A new classifier with random weights."""
        loss: TrainingLoss = build(self.loss, "loss")
        return ExpressionClassifier(
            self.backbone(),
            len(self.labels),
            optimise=self.optimisation.configure,
            loss=loss,
            change=self.augment.batched,
            mix=self.augment.mix,
            dropout=self.optimisation.dropout,
            channels_last=self.settings.channels_last is True,
        )

    def fit(self, train: Faces, val: Faces, fold: FoldContext) -> None:
        """Train on `train`, choosing the epoch on `val`; model.safetensors in the fold's folder says that it is done."""
        self._classifier, self._is_first = None, started_together().is_first
        compute_with(fold.threads)
        if not (fold.folder / WEIGHTS).is_file():
            orders = presentation_orders(fold, self.settings.orders)
            for order in orders:
                self.fit_order(train, val, order, fold)
            if self._is_first:
                keep_best(orders, fold)
        if self._is_first:
            self._classifier = self.restored(fold.folder)
            taught = {"teacher": str(weights_file(Path(self.teacher), fold.name, fold.cut))} if self.teacher else {}
            self._card = {**described_fit(fold.folder), **taught, "pictures": draw(self._classifier, train, fold.folder)}
            tidy(fold.folder)

    def restore(self, folder: Path) -> None:
        """Take up the network that a fold left in its folder, to predict; raises WeightsError where there is no such network."""
        self._classifier = self.restored(folder)

    def restored(self, folder: Path) -> ExpressionClassifier:
        """A classifier with the weights that a fold left in its folder."""
        classifier, stored = self.classifier(), read_weights(folder / WEIGHTS)
        wanted = classifier.weights()
        if other := [name for name in wanted if name not in stored.state or stored.state[name].shape != wanted[name].shape]:
            raise WeightsError(
                f"{stored.path} is another network's: {len(other)} of {len(wanted)} tensors are missing or of another shape "
                f"({other[0]}). Delete the fold's folder and run the same training command again."
            )
        classifier.load_state_dict({name: stored.state[name] for name in wanted}, strict=False)
        return classifier.eval()

    def fit_order(self, train: Faces, val: Faces, order: FoldContext, fold: FoldContext) -> None:
        """Train in one order of the faces, from the first weights that the fold's seed gives, unless that is done."""
        if (order.folder / WEIGHTS).is_file():
            return
        torch.manual_seed(fold.seed)
        classifier = self.classifier()
        self.begin(classifier, train, replace(fold, folder=order.folder))
        self.train(classifier, train, val, order)

    def begin(self, classifier: ExpressionClassifier, train: Faces, fold: FoldContext) -> None:
        """Give the classifier what it has before its first step; an interrupted training has it in its checkpoint."""
        classifier.loss.prepare(np.asarray(train.judged.targets, np.int64), len(self.labels))
        if self.teacher is not None:
            assert isinstance(classifier.loss, Distillation), "no other loss has a teacher"
            classifier.loss.learn_from(self.taught_by(self.teacher, fold.name, fold.cut))
        if resumable(fold.folder / "checkpoints"):
            return
        if self.weights is not None:
            start_from(classifier, self.weights, fold, self.labels)
        else:
            start_unlabelled(classifier, train, fold, self.settings)

    def train(self, classifier: ExpressionClassifier, train: Faces, val: Faces, fold: FoldContext) -> None:
        """Run the trainer from the last finished epoch on, then keep the best epoch's weights."""
        checkpoints = fold.folder / "checkpoints"
        best, last = best_checkpoint(checkpoints, self.monitor), last_checkpoint(checkpoints)
        history = History(fold.folder / "history.csv", fold.log)
        trainer = self.trainer(fold, [history, best, last])
        data = FaceDataModule(
            train,
            val,
            augment=self.augment,
            batch_size=self.settings.batch_size,
            seed=fold.seed,
            sampling=self.settings.sampling,
            loader_workers=fold.loader_workers,
            device=self.device if self.devices == 1 else None,
        )
        with quiet_lightning():
            trainer.fit(classifier, data, ckpt_path=resumable(checkpoints), weights_only=True)
        trainer.strategy.barrier()
        self._is_first = trainer.is_global_zero
        if self._is_first:
            self.keep(Path(best.best_model_path), history, fold)

    def trainer(self, fold: FoldContext, callbacks: list[Callback]) -> Trainer:
        """The trainer of one fold."""
        first: list[Callback] = [Reseed(fold.seed), FitProgress(fold.progress, monitor=self.monitor)]
        if self.optimisation.finetune is not None:
            first.append(Thawing(self.optimisation.finetune))
        first += self.optimisation.averaging()
        if self.settings.patience is not None:
            first.append(PatientStopping(self.monitor, mode="max", patience=self.settings.patience))
        return make_trainer(self.settings, fold, first + callbacks, epochs=self.settings.epochs)

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
        start, stages = fold.folder / START, list(described(fold.folder))
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
                "seconds": round(sum(row["seconds"] for row in [*history.rows, *stages]), 1),
                "device": self.settings.accelerator,
                "precision": self.settings.precision,
                **({"start": read_json(start)} if start.is_file() else {}),
                **({"pretraining": stages} if stages else {}),
            },
        )
        with replacing(fold.folder / WEIGHTS) as beside:
            save_file(state, beside, metadata=weights_header(labels=self.labels, model=self.model))

    def predict(self, faces: Faces, *, views: Views = one_look) -> NDArray[np.float32]:
        """Probabilities (N, K) float32, computed in float32 on one device; the mean over the views of each face."""
        assert self._classifier is not None, "predict follows fit or restore"
        return probabilities(self._classifier.to(self.device), faces, views=views)

    def card(self) -> dict[str, Any]:
        """The model's specification, without the weights it started from, and how its epoch was chosen."""
        inputs = {"size": self.spec.size, "channels": self.spec.channels, "mean": self.spec.mean, "std": self.spec.std}
        return {"model": self.model, "input": inputs, **self._card}


def described_fit(folder: Path) -> dict[str, Any]:
    """What `keep` wrote of a fit; after an interruption at the very end it is part of the card already."""
    fit = folder / "fit.json"
    return dict(read_json(fit if fit.is_file() else folder / "card.json"))


def tidy(folder: Path) -> None:
    """Delete what was only there to go on from; a fold that has its weights needs none of it."""
    forget_others(folder)
    for checkpoints in (folder / "checkpoints", *folder.glob("orders/*/checkpoints")):
        shutil.rmtree(checkpoints, ignore_errors=True)
    for start in (folder / START, *folder.glob(f"orders/*/{START}")):
        start.unlink(missing_ok=True)


def is_parameter(name: str) -> bool:
    """Whether a tensor of the state dict is learned, rather than a statistic of batch normalisation."""
    return not name.endswith(("running_mean", "running_var", "num_batches_tracked"))
