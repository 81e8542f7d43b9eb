import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning import LightningModule
from PIL import Image
from planted import planted_cohort

from fer.data.faces import Faces
from fer.errors import ConfigError
from fer.labels import LabelSpace
from fer.models.classifier import ExpressionClassifier
from fer.models.dbn import DeepBeliefNetwork
from fer.models.rbm import BernoulliRbm, ContrastiveDivergence, GaussianRbm
from fer.training.learner import FoldContext
from fer.training.lightning_learner import LightningLearner
from fer.training.pretraining import pretrain
from fer.training.settings import TrainerSettings

RBM = {"epochs": 2, "batch_size": 8, "slow_epochs": 1, "bernoulli_rate": 0.2}
CPU = TrainerSettings(epochs=1, accelerator="cpu", precision="32-true")

Parts = tuple[Faces, Faces, Faces]


@pytest.fixture
def parts() -> Parts:
    """Training, validation and unlabelled faces."""
    return made()


def made() -> Parts:
    cohort = planted_cohort()
    ids = [record.id for record in cohort.records]
    return cohort.faces(ids[:36]), cohort.faces(ids[48:]), cohort.unlabelled(ids[36:48])


def learner(*, rbm: dict[str, Any] | None = None, **model: Any) -> LightningLearner:
    machine = {"_target_": "fer.models.rbm.ContrastiveDivergence", **RBM, **(rbm or {})}
    network = {"_target_": "fer.models.dbn.DeepBeliefNetwork", "hidden": [12, 9], "size": 24, "rbm": machine, **model}
    optimizer = {"_target_": "torch.optim.SGD", "_partial_": True, "lr": 0.1, "momentum": 0.9}
    trainer = {"epochs": 2, "batch_size": 8, "accelerator": "cpu", "precision": "32-true", "channels_last": True}
    return LightningLearner(
        model=network,
        loss={"_target_": "fer.models.losses.cross_entropy.CrossEntropy"},
        optim={"_target_": "fer.training.optimisation.Optimisation", "optimizer": optimizer, "dropout": 0.2},
        augment={"_target_": "fer.data.augment.Augmentation"},
        trainer={"_target_": "fer.training.settings.TrainerSettings", **trainer},
        labels=LabelSpace(("anger", "happiness", "sadness")),
    )


def network(**model: Any) -> DeepBeliefNetwork:
    torch.manual_seed(0)
    return DeepBeliefNetwork(ContrastiveDivergence(**RBM), hidden=(12, 9), size=24, **model)  # type: ignore[arg-type]


def context(folder: Path, **more: Any) -> FoldContext:
    folder.mkdir(exist_ok=True)
    return FoldContext(name="00", folder=folder, seed=3, threads=1, **more)


def curves(folder: Path) -> list[dict[str, str]]:
    with (folder / "pretraining.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def without_seconds(folder: Path) -> list[tuple[str, ...]]:
    return [(row["stage"], row["epoch"], row["images"], row["error"]) for row in curves(folder)]


@pytest.mark.parametrize("persistent", [False, True])
def test_the_reconstruction_error_falls_in_every_layer(tmp_path: Path, parts: Parts, persistent: bool) -> None:
    trained = learner(rbm={"epochs": 8, "persistent": persistent})
    trained.fit(*parts[:2], context(tmp_path / "fold"))
    for stage in trained.card()["pretraining"]:
        assert stage["last_error"] < 0.95 * stage["first_error"]
        assert (stage["epochs"], stage["images"]) == (8, 36)
    assert [row["stage"] for row in curves(tmp_path / "fold")] == ["layer_1"] * 8 + ["layer_2"] * 8


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """A fold that nothing interrupted: its folder, and its predictions."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FER_CACHE", str(tmp_path_factory.mktemp("cache")))
        train, val, _ = made()
    trained = learner(rbm={"persistent": True})
    trained.fit(train, val, context(folder))
    return folder, trained.predict(val)


@pytest.mark.parametrize(("stage", "epoch"), [(GaussianRbm, 0), (GaussianRbm, 1), (BernoulliRbm, 0), (BernoulliRbm, 1),
                                              (ExpressionClassifier, 0), (ExpressionClassifier, 1)])  # fmt: skip
def test_an_interruption_in_any_stage_changes_nothing(
    tmp_path: Path,
    parts: Parts,
    undisturbed: tuple[Path, np.ndarray],
    stage: type[LightningModule],
    epoch: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(self: LightningModule, outputs: Any, batch: Any, batch_idx: int) -> None:
        if (self.current_epoch, batch_idx) == (epoch, 2):
            raise MemoryError("killed")

    monkeypatch.setattr(stage, "on_train_batch_end", killed)
    with pytest.raises(MemoryError):
        learner(rbm={"persistent": True}).fit(*parts[:2], context(tmp_path / "cut"))
    monkeypatch.delattr(stage, "on_train_batch_end")
    resumed = learner(rbm={"persistent": True})
    resumed.fit(*parts[:2], context(tmp_path / "cut"))

    folder, predictions = undisturbed
    np.testing.assert_array_equal(resumed.predict(parts[1]), predictions)
    assert without_seconds(tmp_path / "cut") == without_seconds(folder)
    assert not (tmp_path / "cut" / "checkpoints").exists()


def test_without_pretraining_another_network_is_learned(tmp_path: Path, parts: Parts) -> None:
    predictions = []
    for pretrained in (True, False):
        trained = learner(pretrain=pretrained)
        trained.fit(*parts[:2], context(tmp_path / str(pretrained)))
        predictions.append(trained.predict(parts[1]))
    assert not np.array_equal(*predictions)
    assert not (tmp_path / "False" / "pretraining.csv").exists()
    assert "pretraining" not in trained.card()


def test_unlabelled_faces_are_learned_from_only_when_asked(tmp_path: Path, parts: Parts) -> None:
    train, _, unlabelled = parts
    weights = {}
    for asked in (True, False):
        learned = network(unlabelled=asked)
        pretrain(learned, train, context(tmp_path / str(asked), unlabelled=unlabelled), CPU)
        weights[asked] = learned.state_dict()["layers.2.weight"]
        assert {row["images"] for row in curves(tmp_path / str(asked))} == {"48" if asked else "36"}
    assert not torch.equal(weights[True], weights[False])


def test_the_labels_of_nobody_are_read(tmp_path: Path, parts: Parts) -> None:
    train, _, unlabelled = parts
    learned = []
    for name, targets in (("own", train.targets), ("others", train.targets[::-1].copy())):
        backbone = network(unlabelled=True)
        pretrain(backbone, replace(train, targets=targets), context(tmp_path / name, unlabelled=unlabelled), CPU)
        learned.append(backbone.state_dict())
    assert all(torch.equal(tensor, learned[1][name]) for name, tensor in learned[0].items())


def test_all_layers_learn_again_after_their_pretraining(tmp_path: Path, parts: Parts) -> None:
    backbone = network()
    first = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    pretrain(backbone, parts[0], context(tmp_path / "fold"), CPU)
    assert all(parameter.requires_grad for parameter in backbone.parameters())
    assert not any(torch.equal(tensor, first[name]) for name, tensor in backbone.state_dict().items())


def test_another_seed_pretrains_another_network(tmp_path: Path, parts: Parts) -> None:
    errors = []
    for seed in (1, 2):
        folder = tmp_path / str(seed)
        pretrain(network(), parts[0], replace(context(folder), seed=seed), CPU)
        errors.append(without_seconds(folder))
    assert errors[0] != errors[1]


def test_a_divergence_names_the_layer_and_what_to_do(tmp_path: Path, parts: Parts) -> None:
    diverging = learner(rbm={"gaussian_rate": 1e6})
    with pytest.raises(ConfigError, match=r"pre-training of layer_1 diverged in epoch \d: its error is (nan|inf)[\s\S]*Lower"):
        diverging.fit(*parts[:2], context(tmp_path / "fold"))


def test_the_filters_are_drawn_beside_the_weights(tmp_path: Path, parts: Parts) -> None:
    trained = learner()
    trained.fit(*parts[:2], context(tmp_path / "fold"))
    assert "12 filters" in trained.card()["pictures"]["filters.png"]
    with Image.open(tmp_path / "fold" / "filters.png") as drawn:
        assert drawn.size == (10 * 25 + 1, 2 * 25 + 1)
