import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from interrupted import KilledInEpoch
from lightning import Callback, LightningModule, Trainer
from planted import planted_cohort
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from fer.data.faces import Faces
from fer.errors import WeightsError
from fer.files import write_json
from fer.labels import LabelSpace
from fer.protocols.base import Fold
from fer.results.store import folds_as_json
from fer.results.stored_run import read_history
from fer.training.learner import FoldContext, weights_header
from fer.training.lightning_learner import LightningLearner
from fer.training.loggers.fold_log import FoldLog

OPTIM: dict[str, Any] = {
    "_target_": "fer.training.optimisation.Optimisation",
    "optimizer": {"_target_": "torch.optim.SGD", "_partial_": True, "lr": 0.1, "momentum": 0.9},
    "schedule": {"_target_": "fer.training.schedules.one_cycle", "_partial_": True},
    "dropout": 0.2,
    "average": 0.9,
}
TRAINER: dict[str, Any] = {
    "_target_": "fer.training.settings.TrainerSettings",
    "epochs": 4,
    "batch_size": 8,
    "accelerator": "cpu",
    "precision": "32-true",
    "channels_last": True,
}
LOSS = {"_target_": "fer.models.losses.cross_entropy.CrossEntropy", "label_smoothing": 0.1}
MODEL = {"_target_": "fer.models.cnn.CompactCnn", "stem": 4, "widths": [8], "size": 24}
AUGMENT = {
    "_target_": "fer.data.augment.Augmentation",
    "transforms": [{"_target_": "albumentations.Affine", "translate_percent": [-0.1, 0.1]}],
}

LABELS = LabelSpace(("anger", "happiness", "sadness"))


@pytest.fixture
def parts() -> tuple[Faces, Faces]:
    cohort = planted_cohort()
    ids = [record.id for record in cohort.records]
    return cohort.faces(ids[:48]), cohort.faces(ids[48:])


def learner(labels: Sequence[str] = ("anger", "happiness", "sadness"), **trainer: Any) -> LightningLearner:
    return LightningLearner(
        model=MODEL, loss=LOSS, optim=OPTIM, augment=AUGMENT, trainer={**TRAINER, **trainer}, labels=LabelSpace(labels)
    )


def context(folder: Path, **more: Any) -> FoldContext:
    folder.mkdir(exist_ok=True)
    return FoldContext(name="00", folder=folder, seed=3, threads=1, **more)


def test_a_fit_learns_what_the_patterns_show(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    trained = learner(epochs=8)
    trained.fit(*parts, context(tmp_path / "fold"))
    probabilities = trained.predict(parts[1])
    assert probabilities.shape == (24, 3)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    assert (probabilities.argmax(1) == parts[1].targets).mean() > 0.8


@pytest.mark.parametrize("epoch", [1, 3])
def test_a_fit_that_was_cut_off_ends_like_an_undisturbed_one(
    tmp_path: Path, parts: tuple[Faces, Faces], monkeypatch: pytest.MonkeyPatch, epoch: int
) -> None:
    undisturbed = learner()
    undisturbed.fit(*parts, context(tmp_path / "undisturbed"))

    cut_off = learner()
    made = cut_off.trainer
    monkeypatch.setattr(cut_off, "trainer", lambda fold, callbacks: made(fold, [KilledInEpoch(epoch), *callbacks]))
    with pytest.raises(MemoryError):
        cut_off.fit(*parts, context(tmp_path / "cut"))
    resumed = learner()
    resumed.fit(*parts, context(tmp_path / "cut"))

    np.testing.assert_array_equal(resumed.predict(parts[1]), undisturbed.predict(parts[1]))
    curves = [(tmp_path / name / "history.csv").read_text().splitlines() for name in ("undisturbed", "cut")]
    first, second = ([row.rsplit(",", 1)[0] for row in curve] for curve in curves)  # all but the seconds
    assert first == second


def test_a_finished_fit_is_not_trained_again(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    first = learner()
    first.fit(*parts, context(tmp_path / "fold"))
    before = (tmp_path / "fold" / "history.csv").stat().st_mtime_ns
    again = learner()
    again.fit(*parts, context(tmp_path / "fold"))
    assert (tmp_path / "fold" / "history.csv").stat().st_mtime_ns == before
    np.testing.assert_array_equal(again.predict(parts[1]), first.predict(parts[1]))


def test_another_seed_gives_another_model(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    predictions = []
    for seed in (1, 2):
        trained = learner(epochs=1)
        folder = tmp_path / str(seed)
        folder.mkdir()
        trained.fit(*parts, FoldContext(name="00", folder=folder, seed=seed, threads=1))
        predictions.append(trained.predict(parts[1]))
    assert not np.array_equal(*predictions)


def test_the_kept_epoch_is_the_best_on_validation(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    trained = learner(epochs=6, monitor="accuracy")
    trained.fit(*parts, context(tmp_path / "fold"))
    rows = [row.split(",") for row in (tmp_path / "fold" / "history.csv").read_text().splitlines()]
    accuracies = [float(row[rows[0].index("val_accuracy")]) for row in rows[1:]]
    chosen = trained.card()["selection"]
    assert chosen["epoch"] == int(np.argmax(accuracies)) + 1
    assert chosen["epochs"] == 6
    accuracy = float((trained.predict(parts[1]).argmax(1) == parts[1].targets).mean())
    assert chosen["value"] == pytest.approx(accuracy)


def test_patience_stops_the_training(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    trained = learner(epochs=40, patience=2)
    trained.fit(*parts, context(tmp_path / "fold"))
    chosen = trained.card()["selection"]
    assert chosen["epochs"] < 40
    assert chosen["epochs"] == chosen["epoch"] + 2


def test_weights_are_safetensors_that_name_labels_and_model(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    learner(epochs=1).fit(*parts, context(tmp_path / "fold"))
    assert not (tmp_path / "fold" / "checkpoints").exists()
    with safe_open(tmp_path / "fold" / "model.safetensors", "pt") as file:
        described = json.loads(file.metadata()["ferlab"])
    assert described["labels"] == ["anger", "happiness", "sadness"]
    assert described["model"]["_target_"] == "fer.models.cnn.CompactCnn"


def test_equal_fits_leave_the_same_bytes(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    stored = set()
    for attempt in range(4):
        learner(epochs=1).fit(*parts, context(tmp_path / str(attempt)))
        stored.add((tmp_path / str(attempt) / "model.safetensors").read_bytes())
    assert len(stored) == 1


def test_soft_targets_are_learned_and_judged_by_their_peak(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    train, val = parts
    shares = np.full((48, 3), 0.1, np.float32)
    shares[np.arange(48), train.targets] = 0.8
    soft = Faces(train.pixels, train.rows, shares, train.labels)
    trained = learner(epochs=8)
    trained.fit(soft, Faces(val.pixels, val.rows, np.eye(3, dtype=np.float32)[val.targets], val.labels), context(tmp_path / "f"))
    assert (trained.predict(val).argmax(1) == val.targets).mean() > 0.8


class Told(FoldLog):
    """Keeps what a training tells its loggers."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, float]] = []

    def epoch(self, row: Mapping[str, float]) -> None:
        self.rows.append(dict(row))


def test_loggers_are_told_every_row_of_the_history(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    told = Told()
    learner(epochs=3).fit(*parts, context(tmp_path / "fold", log=told))
    rows = read_history(tmp_path / "fold" / "history.csv")
    assert [set(row) for row in told.rows] == [set(row) for row in rows]
    for row, written in zip(told.rows, rows, strict=True):
        assert row == pytest.approx(written, rel=1e-5)


def test_a_fit_that_goes_on_tells_its_loggers_the_epochs_before_again(
    tmp_path: Path, parts: tuple[Faces, Faces], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off, told = learner(), Told()
    made = cut_off.trainer
    monkeypatch.setattr(cut_off, "trainer", lambda fold, callbacks: made(fold, [KilledInEpoch(2), *callbacks]))
    with pytest.raises(MemoryError):
        cut_off.fit(*parts, context(tmp_path / "fold"))
    learner().fit(*parts, context(tmp_path / "fold", log=told))
    assert [row["epoch"] for row in told.rows] == [0, 1, 2, 3]


def test_probabilities_do_not_depend_on_the_batch(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    trained = learner(epochs=1)
    trained.fit(*parts, context(tmp_path / "fold"))
    whole = trained.predict(parts[1])
    alone = Faces(parts[1].pixels, parts[1].rows[:1], parts[1].targets[:1], parts[1].labels)
    np.testing.assert_allclose(trained.predict(alone), whole[:1], rtol=1e-4)
    assert torch.get_default_dtype() == torch.float32


def test_a_fit_that_was_cut_off_after_its_card_is_taken_up(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    first, folder = learner(epochs=1), tmp_path / "fold"
    first.fit(*parts, context(folder))
    (folder / "card.json").write_text(json.dumps(first.card()))  # as run_fold does, before the folder gets its name
    (folder / "fit.json").unlink()
    again = learner(epochs=1)
    again.fit(*parts, context(folder))
    assert again.card() == json.loads(json.dumps(first.card()))
    np.testing.assert_array_equal(again.predict(parts[1]), first.predict(parts[1]))


def test_what_an_interruption_left_behind_the_weights_is_deleted(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    folder = tmp_path / "fold"
    learner(epochs=1).fit(*parts, context(folder))
    for left in (folder / "checkpoints" / "last.ckpt", folder / "start.json"):
        left.parent.mkdir(exist_ok=True)
        left.write_bytes(b"left")
    learner(epochs=1).fit(*parts, context(folder))
    assert sorted(path.name for path in folder.iterdir()) == ["fit.json", "history.csv", "model.safetensors"]


def taught_by(run: Path, labels: Sequence[str] = LABELS.resolved, **trainer: Any) -> LightningLearner:
    loss = {"_target_": "fer.models.losses.distillation.Distillation", "teacher": str(run), "taught": 1.0, "temperature": 1.0}
    return LightningLearner(
        model=MODEL,
        loss=loss,
        optim=OPTIM,
        augment=AUGMENT,
        trainer={**TRAINER, "epochs": 20, **trainer},
        labels=LabelSpace(labels),
    )


@pytest.mark.slow
def test_a_student_of_a_run_learns_from_its_network(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    teacher = learner(epochs=25)  # sure of what it says
    teacher.fit(*parts, context(tmp_path / "teacher"))
    nonsense = replace(parts[0], targets=np.zeros(len(parts[0]), np.int64))
    student = taught_by(tmp_path / "teacher")
    student.fit(nonsense, parts[1], context(tmp_path / "student"))
    agreement = (student.predict(parts[1]).argmax(1) == teacher.predict(parts[1]).argmax(1)).mean()
    assert agreement > 0.7  # a third by chance, and where the nonsense was learned
    assert student.card()["teacher"] == str((tmp_path / "teacher" / "model.safetensors").resolve())
    assert student.starts("00", "00") == ((tmp_path / "teacher" / "model.safetensors").resolve(),)


def test_a_teacher_of_other_labels_is_refused(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    learner(epochs=1).fit(*parts, context(tmp_path / "teacher"))
    with pytest.raises(WeightsError, match="knows anger, happiness, sadness, expected the labels of this run, anger, fear"):
        taught_by(tmp_path / "teacher", ["anger", "fear", "happiness"]).fit(*parts, context(tmp_path / "student"))


def test_a_teacher_that_is_no_network_is_refused(tmp_path: Path) -> None:
    header = weights_header(labels=list(LABELS.resolved), model={"_target_": "fer.models.classical.svm.LinearSvm"})
    save_file({"weights": torch.zeros(2)}, tmp_path / "svm.safetensors", metadata=header)
    with pytest.raises(WeightsError, match=r"svm\.safetensors is of LinearSvm, which is no network"):
        taught_by(tmp_path / "svm.safetensors").starts("00", "00")


def test_several_orders_are_taught_by_the_fold_of_their_own_name(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    for seed in (0, 1):
        (tmp_path / "run" / "folds" / f"00-seed{seed}").mkdir(parents=True)
        named = replace(context(tmp_path / "run" / "folds" / f"00-seed{seed}"), name=f"00-seed{seed}", cut="00")
        learner(epochs=1).fit(*parts, named)
    write_json(
        tmp_path / "run" / "folds.json", folds_as_json([Fold(f"00-seed{s}", (), (), {}, seed=s) for s in (0, 1)], [{}, {}])
    )
    write_json(tmp_path / "run" / "config.json", {})
    student = taught_by(tmp_path / "run", orders=2, epochs=1)
    student.fit(*parts, replace(context(tmp_path / "student"), name="00-seed1", cut="00"))
    assert student.card()["teacher"].endswith("folds/00-seed1/model.safetensors")


@pytest.mark.parametrize("accumulate", [1, 3])
def test_the_average_of_the_weights_is_that_of_torch(tmp_path: Path, parts: tuple[Faces, Faces], accumulate: int) -> None:
    class Beside(Callback):
        """torch's own average, told after every step of the optimiser."""

        steps = 0
        by_epoch: ClassVar[list[dict[str, Tensor]]] = []

        def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
            def average(averaged: Tensor, current: Tensor, n: Tensor) -> Tensor:
                return averaged + (1 - min(0.9, (1 + float(n)) / (10 + float(n)))) * (current - averaged)

            self.model = AveragedModel(pl_module, avg_fn=average, use_buffers=True)

        def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
            if trainer.global_step > self.steps:
                self.steps = trainer.global_step
                self.model.update_parameters(pl_module)
                self.weights = {name: tensor.clone() for name, tensor in self.model.module.backbone.named_parameters()}

        def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
            self.by_epoch.append(self.weights)

    trained, beside = learner(epochs=2, accumulate=accumulate), Beside()
    made = trained.trainer
    trained.trainer = lambda fold, callbacks: made(fold, [beside, *callbacks])  # type: ignore[method-assign]
    trained.fit(*parts, context(tmp_path / "fold"))
    expected = beside.by_epoch[trained.card()["selection"]["epoch"] - 1]
    assert beside.steps == 12 // accumulate
    for name, kept in trained.restored(tmp_path / "fold").backbone.named_parameters():
        torch.testing.assert_close(kept, expected[name])


def test_the_training_loss_of_an_epoch_is_the_mean_of_its_batches(tmp_path: Path, parts: tuple[Faces, Faces]) -> None:
    losses: list[float] = []

    class Listening(Callback):
        def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *args: Any) -> None:
            losses.append(float(outputs["loss"]))

    trained = learner(epochs=2)
    made = trained.trainer
    trained.trainer = lambda fold, callbacks: made(fold, [Listening(), *callbacks])  # type: ignore[method-assign]
    trained.fit(*parts, context(tmp_path / "fold"))
    rows = (tmp_path / "fold" / "history.csv").read_text().splitlines()
    column = rows[0].split(",").index("train_loss")
    assert len(losses) == 12
    for epoch, row in enumerate(rows[1:]):
        assert float(row.split(",")[column]) == pytest.approx(np.mean(losses[6 * epoch : 6 * epoch + 6]), rel=1e-5)


def test_a_batch_changed_at_once_learns_too_and_goes_on_after_an_interruption(
    tmp_path: Path, parts: tuple[Faces, Faces], monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"_target_": "fer.data.batched.BatchChanges", "moved": 0.8, "shift": 0.05, "sizes": [0.5, 1.0]}
    augment = {"_target_": "fer.data.augment.Augmentation", "batched": changes}

    def made() -> LightningLearner:
        return LightningLearner(
            model=MODEL, loss=LOSS, optim=OPTIM, augment=augment, trainer={**TRAINER, "epochs": 8}, labels=LABELS
        )

    undisturbed = made()
    undisturbed.fit(*parts, context(tmp_path / "undisturbed"))
    assert (undisturbed.predict(parts[1]).argmax(1) == parts[1].targets).mean() > 0.8
    cut_off = made()
    trainer = cut_off.trainer
    monkeypatch.setattr(cut_off, "trainer", lambda fold, callbacks: trainer(fold, [KilledInEpoch(5), *callbacks]))
    with pytest.raises(MemoryError):
        cut_off.fit(*parts, context(tmp_path / "cut"))
    resumed = made()
    resumed.fit(*parts, context(tmp_path / "cut"))
    np.testing.assert_array_equal(resumed.predict(parts[1]), undisturbed.predict(parts[1]))
