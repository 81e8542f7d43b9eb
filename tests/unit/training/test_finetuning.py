from functools import partial

import pytest
import torch
from lightning import LightningModule, Trainer

from fer.errors import ConfigError
from fer.models.classifier import ExpressionClassifier
from fer.models.cnn import CompactCnn
from fer.training.finetuning import Finetuning, Thawing, require_thawing_works
from fer.training.optimisation import Optimisation
from fer.training.settings import TrainerSettings


def classifier() -> ExpressionClassifier:
    return ExpressionClassifier(CompactCnn(stem=4, widths=(8, 8, 8), size=24), 3)


class Epoch(Trainer):
    """A trainer that stands in an epoch."""

    def __init__(self, epoch: int) -> None:
        super().__init__(logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)
        self.epoch = epoch

    @property
    def current_epoch(self) -> int:
        return self.epoch


def learning(model: LightningModule, finetuning: Finetuning, epoch: int) -> list[bool]:
    """Whether each stage learns in an epoch, from the pixels to the features."""
    Thawing(finetuning).on_train_epoch_start(Epoch(epoch), model)
    return [all(p.requires_grad for p in stage) for stage in model.backbone.stages()]  # type: ignore[union-attr,operator]


def test_stages_thaw_from_the_output_to_the_pixels() -> None:
    model, finetuning = classifier(), Finetuning(frozen=1, every=2)
    assert [sum(learning(model, finetuning, epoch)) for epoch in range(9)] == [0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert learning(model, finetuning, 3) == [False, False, True, True]
    assert all(p.requires_grad for p in model.head.parameters())


def test_a_linear_probe_never_thaws_and_zero_thaws_at_once() -> None:
    assert learning(classifier(), Finetuning(frozen=None), 99) == [False] * 4
    assert learning(classifier(), Finetuning(frozen=0), 0) == [True] * 4
    assert learning(classifier(), Finetuning(frozen=2, every=0), 2) == [True] * 4


def test_a_frozen_stage_keeps_its_weights_and_its_statistics() -> None:
    model = classifier().train()
    learning(model, Finetuning(frozen=1, every=1), 1)
    before = {name: tensor.clone() for name, tensor in model.backbone.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    faces = torch.randint(0, 256, (8, 24, 24), dtype=torch.uint8)
    model.loss(model.logits, model.as_input(faces), torch.arange(8) % 3).backward()
    optimizer.step()
    changed = {name for name, tensor in model.backbone.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed
    assert all(name.startswith("blocks.2.") for name in changed)


def test_each_stage_has_a_smaller_rate_than_the_one_above_it() -> None:
    optimisation = Optimisation(partial(torch.optim.SGD, lr=0.8), finetune=Finetuning(decay=0.5))
    model = classifier()
    groups = optimisation.groups(model)
    assert [group["lr"] for group in groups] == [0.8, 0.4, 0.2, 0.1, 0.05]
    assert groups[0]["params"] == list(model.head.parameters())
    assert groups[-1]["params"] == list(model.backbone.stem.parameters())  # type: ignore[union-attr]
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))


@pytest.mark.parametrize(("decayed", "shrunk"), [("matrices", {"weight"}), ("linear", {"weight"})])
def test_weight_decay_shrinks_only_what_it_is_told_to(decayed: str, shrunk: set[str]) -> None:
    model = classifier()
    groups = Optimisation(partial(torch.optim.AdamW, lr=0.1, weight_decay=0.3), decayed=decayed).groups(model)  # type: ignore[arg-type]
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    with_decay = {names[id(p)] for group in groups if "weight_decay" not in group for p in group["params"]}
    assert {name.rpartition(".")[2] for name in with_decay} == shrunk
    assert ("stem.0.weight" in {name.removeprefix("backbone.") for name in with_decay}) == (decayed == "matrices")
    assert "backbone.stem.1.weight" not in with_decay
    assert "head.weight" in with_decay
    assert sum(len(group["params"]) for group in groups) == len(names)


@pytest.mark.parametrize("wrong", [{"frozen": -1}, {"every": -1}, {"decay": 0.0}, {"decay": 1.5}])
def test_settings_out_of_range_are_named(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"optim.finetune.*found"):
        Finetuning(**wrong)  # type: ignore[arg-type]


def test_several_devices_need_a_strategy_that_expects_frozen_stages() -> None:
    frozen, ddp = Finetuning(frozen=1), TrainerSettings(epochs=1, devices=2, strategy="ddp")
    with pytest.raises(ConfigError, match="found ddp, expected ddp_find_unused_parameters_true"):
        require_thawing_works(frozen, ddp)
    require_thawing_works(frozen, TrainerSettings(epochs=1, devices=2, strategy="ddp_find_unused_parameters_true"))
    require_thawing_works(frozen, TrainerSettings(epochs=1))
    require_thawing_works(Finetuning(frozen=0), ddp)
    require_thawing_works(None, ddp)
