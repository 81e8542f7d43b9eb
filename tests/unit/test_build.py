from typing import Any

import pytest
import torch

from fer.build import build, find_mistakes
from fer.errors import ConfigError
from fer.labels import LabelSpace
from fer.models.cnn import CompactCnn

CNN: dict[str, Any] = {"_target_": "fer.models.cnn.CompactCnn", "stem": 4, "widths": [4, 8]}


def test_a_configuration_becomes_the_object_it_names() -> None:
    built = build(CNN, "model")
    assert isinstance(built, CompactCnn)
    assert built.num_features == 8


def test_a_wrong_key_is_answered_with_the_nearest_right_one() -> None:
    with pytest.raises(ConfigError, match=r"model\.widht: CompactCnn takes no such argument; did you mean 'widths'\?"):
        build({**CNN, "widht": 3}, "model")


def test_all_mistakes_are_said_at_once() -> None:
    mistakes = find_mistakes({**CNN, "stem": "four", "depht": 2, "size": None}, "model")
    assert [m.split(":")[0] for m in mistakes] == ["model.stem", "model.depht", "model.size"]
    assert "found 'four', expected a whole number" in mistakes[0]


def test_a_missing_argument_is_named() -> None:
    assert find_mistakes({"_target_": "fer.training.settings.TrainerSettings"}, "trainer") == [
        "trainer.epochs: TrainerSettings needs this argument"
    ]


@pytest.mark.parametrize("target", ["os.system", "subprocess.run", "builtins.eval", "ferocious.Model", "torch.load"])
def test_only_allowed_modules_can_be_named(target: str) -> None:
    with pytest.raises(ConfigError, match="is not allowed here"):
        build({"_target_": target}, "model")


def test_a_narrower_allow_list_holds_for_what_is_nested_too() -> None:
    config = {**CNN, "widths": [{"_target_": "torch.optim.SGD"}]}
    assert "is not allowed here" in find_mistakes(config, "model", allowed=("fer.models.",))[0]


def test_a_plugin_module_is_allowed_once_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"_target_": "planted.Planted"}
    assert find_mistakes(config, "data.planted")
    monkeypatch.setenv("FER_PLUGINS", "planted")
    assert build(config, "data.planted").name == "planted"


def test_mistakes_below_lists_and_partials_carry_their_path() -> None:
    config = {
        "_target_": "fer.training.optimisation.Optimisation",
        "optimizer": {"_target_": "torch.optim.SGD", "_partial_": True, "learning_rate": 1},
    }
    assert find_mistakes(config, "optim")[0].startswith("optim.optimizer.learning_rate: SGD takes no such argument")
    augment = {"_target_": "fer.data.augment.Augmentation", "transforms": [{"_target_": "albumentations.Flip"}]}
    assert find_mistakes(augment, "augment")[0].startswith("augment.transforms[0]: _target_ 'albumentations.Flip'")


def test_what_a_constructor_refuses_comes_through_as_it_is() -> None:
    with pytest.raises(ConfigError, match=r"labels: joy is no expression"):
        build({"_target_": "fer.labels.LabelSpace", "names": ["joy"]}, "labels")
    partial = build({"_target_": "torch.optim.SGD", "_partial_": True, "lr": 0.1}, "optim.optimizer")
    assert partial([torch.nn.Parameter(torch.zeros(1))]).defaults["lr"] == 0.1
    with pytest.raises(ConfigError, match=r"augment: .*Probability|augment: .*p must|augment"):
        build({"_target_": "albumentations.HorizontalFlip", "p": 7}, "augment")


def test_values_of_the_right_kind_pass() -> None:
    assert find_mistakes({"_target_": "fer.labels.LabelSpace", "names": None, "merge": {}, "votes": "soft"}, "labels") == []
    assert isinstance(build({"_target_": "fer.labels.LabelSpace", "votes": None}, "labels"), LabelSpace)
    assert find_mistakes({"_target_": "fer.labels.LabelSpace", "names": "anger"}, "labels")
