import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from interrupted import KilledInEpoch
from lightning import Callback, Trainer
from planted import planted_cohort
from safetensors.torch import load_file

from fer.data.faces import Faces
from fer.errors import ConfigError
from fer.labels import LabelSpace
from fer.results.report import selection_rule
from fer.training.learner import FoldContext
from fer.training.lightning_learner import LightningLearner
from fer.training.presentation_orders import presentation_orders

MODEL = {"_target_": "fer.models.cnn.CompactCnn", "stem": 4, "widths": [8], "size": 24}
OPTIM: dict[str, Any] = {
    "_target_": "fer.training.optimisation.Optimisation",
    "optimizer": {"_target_": "torch.optim.SGD", "_partial_": True, "lr": 0.05, "momentum": 0.9},
    "average": 0.9,
}
MIXTURES = ("torchvision.transforms.v2.MixUp", "torchvision.transforms.v2.CutMix")
AUGMENT = {
    "_target_": "fer.data.augment.Augmentation",
    "transforms": [{"_target_": "albumentations.Affine", "translate_percent": [-0.1, 0.1]}],
    "mix": {"_target_": "torchvision.transforms.v2.RandomChoice", "transforms": [{"_target_": name} for name in MIXTURES]},
}
TRAINER: dict[str, Any] = {
    "_target_": "fer.training.settings.TrainerSettings",
    "epochs": 3,
    "batch_size": 8,
    "accelerator": "cpu",
    "precision": "32-true",
    "channels_last": True,
    "sampling": "balanced",
}


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Faces, Faces]:
    """36 training faces and 12 validation faces, those of two of the people."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_CACHE", str(tmp_path_factory.mktemp("cache")))
        cohort = planted_cohort(people=8)
    ids = [record.id for record in cohort.records]
    return cohort.faces(ids[:36]), cohort.faces(ids[36:])


def learner(orders: int, **trainer: Any) -> LightningLearner:
    return LightningLearner(
        model=MODEL,
        loss={"_target_": "fer.models.losses.cross_entropy.CrossEntropy", "class_weights": "balanced"},
        optim=OPTIM,
        augment=AUGMENT,
        trainer={**TRAINER, "orders": orders, **trainer},
        labels=LabelSpace(["anger", "happiness", "sadness"]),
    )


def context(folder: Path) -> FoldContext:
    folder.mkdir(exist_ok=True)
    return FoldContext(name="00", folder=folder, seed=3, threads=1)


def curves(folder: Path, orders: Sequence[int] = (1, 2, 3)) -> list[list[str]]:
    """The histories of the orders, all but the seconds."""
    files = [folder / "orders" / str(order) / "history.csv" for order in orders]
    return [[row.rsplit(",", 1)[0] for row in file.read_text().splitlines()] for file in files]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory, parts: tuple[Faces, Faces]) -> tuple[LightningLearner, Path]:
    """A fold trained in three orders, and its folder."""
    folder = tmp_path_factory.mktemp("fold")
    trained = learner(3)
    trained.fit(*parts, context(folder))
    return trained, folder


def test_the_best_order_on_validation_is_kept_and_all_are_recorded(
    three: tuple[LightningLearner, Path], parts: tuple[Faces, Faces]
) -> None:
    trained, folder = three
    selection = trained.card()["selection"]
    tried = selection["orders"]
    assert [order["order"] for order in tried] == [1, 2, 3]
    best = max(tried, key=lambda order: order["value"])
    assert (selection["order"], selection["epoch"], selection["value"]) == (best["order"], best["epoch"], best["value"])
    kept = (folder / "history.csv").read_bytes()
    assert kept == (folder / "orders" / str(best["order"]) / "history.csv").read_bytes()
    header, *rows = curves(folder, [best["order"]])[0]
    column = header.split(",").index("val_macro_f1")
    assert max(float(row.split(",")[column]) for row in rows) == pytest.approx(best["value"], rel=1e-5)


def test_only_the_learning_curves_of_the_orders_stay(three: tuple[LightningLearner, Path]) -> None:
    _, folder = three
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == [
        "fit.json",
        "history.csv",
        "model.safetensors",
        "orders/1/history.csv",
        "orders/2/history.csv",
        "orders/3/history.csv",
    ]


def test_orders_differ_from_one_another(three: tuple[LightningLearner, Path]) -> None:
    first, second, third = curves(three[1])
    assert first != second
    assert second != third


def test_the_first_order_is_the_training_of_a_single_one(
    three: tuple[LightningLearner, Path], tmp_path: Path, parts: tuple[Faces, Faces]
) -> None:
    alone = learner(1)
    alone.fit(*parts, context(tmp_path / "alone"))
    rows = [row.rsplit(",", 1)[0] for row in (tmp_path / "alone" / "history.csv").read_text().splitlines()]
    assert rows == curves(three[1], [1])[0]
    assert "orders" not in alone.card()["selection"]


def test_all_orders_begin_with_the_same_weights(
    tmp_path: Path, parts: tuple[Faces, Faces], monkeypatch: pytest.MonkeyPatch
) -> None:
    trained, begun = learner(2, epochs=1), []
    begin = trained.begin

    def noted(classifier: Any, train: Faces, fold: FoldContext) -> None:
        begin(classifier, train, fold)
        begun.append({name: tensor.clone() for name, tensor in classifier.weights().items()})

    monkeypatch.setattr(trained, "begin", noted)
    trained.fit(*parts, context(tmp_path / "fold"))
    first, second = begun
    assert all((first[name] == second[name]).all() for name in first)


@pytest.mark.parametrize(("order", "epoch"), [(1, 1), (2, 0), (2, 1), (3, 2)])
def test_an_interrupted_order_ends_like_an_undisturbed_one(
    three: tuple[LightningLearner, Path],
    tmp_path: Path,
    parts: tuple[Faces, Faces],
    order: int,
    epoch: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    undisturbed, folder = three
    cut_off = learner(3)
    made = cut_off.trainer

    def killing(fold: FoldContext, callbacks: list[Callback]) -> Trainer:
        return made(fold, [KilledInEpoch(epoch), *callbacks] if fold.folder.name == str(order) else callbacks)

    monkeypatch.setattr(cut_off, "trainer", killing)
    with pytest.raises(MemoryError):
        cut_off.fit(*parts, context(tmp_path / "cut"))
    resumed = learner(3)
    resumed.fit(*parts, context(tmp_path / "cut"))

    np.testing.assert_array_equal(resumed.predict(parts[1]), undisturbed.predict(parts[1]))
    assert curves(tmp_path / "cut") == curves(folder)
    assert (tmp_path / "cut" / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()


def test_an_interruption_before_the_best_is_kept_trains_nothing_again(
    tmp_path: Path, parts: tuple[Faces, Faces], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off = learner(2, epochs=1)
    with monkeypatch.context() as patch:
        patch.setattr("fer.training.lightning_learner.keep_best", lambda *_: (_ for _ in ()).throw(MemoryError))
        with pytest.raises(MemoryError):
            cut_off.fit(*parts, context(tmp_path))
    times = [(tmp_path / "orders" / n / "history.csv").stat().st_mtime_ns for n in "12"]
    resumed = learner(2, epochs=1)
    resumed.fit(*parts, context(tmp_path))
    assert [(tmp_path / "orders" / n / "history.csv").stat().st_mtime_ns for n in "12"] == times
    assert not any("loss." in name for name in load_file(tmp_path / "model.safetensors"))


def test_the_report_says_that_the_best_of_several_orders_was_taken(three: tuple[LightningLearner, Path]) -> None:
    selection = json.loads((three[1] / "fit.json").read_text())["selection"]
    assert selection_rule(selection) == "the epoch with the best val_macro_f1 of 3 presentation orders on validation"
    assert selection_rule({**selection, "orders": []}) == "the epoch with the best val_macro_f1 on validation"


def test_orders_have_names_folders_and_seeds_of_their_own(tmp_path: Path) -> None:
    fold = context(tmp_path)
    orders = presentation_orders(fold, 10)
    assert len({order.folder for order in orders}) == len({order.seed for order in orders}) == 10
    assert orders[0].seed == fold.seed
    assert presentation_orders(fold, 1) == [fold]


def test_no_order_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"trainer.orders: found 0, expected at least 1"):
        learner(0)
