"""This file tests what is said of a key that the chosen files do not have."""

from dataclasses import fields

import pytest
import yaml
from composing import CONF, composed
from hydra.errors import HydraException

from fer.cli.mistakes import explain
from fer.training.optimisation import Optimisation


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (
            ["model=cnn", "optim.finetune.frozen=1"],
            "optim.finetune.frozen: optim.finetune is null, or a value, and has no keys. The one of optim=finetune has it.",
        ),
        (["model=cnn", "trainer.clip.norm=1"], "trainer.clip.norm: trainer.clip is null, or a value, and has no keys."),
        (
            ["model=svm", "trainer.epochs=3"],
            "trainer.epochs: with trainer=none, which this model takes, trainer has no keys. Leave trainer.epochs out.",
        ),
        (["model=cnn", "optim.dropuot=0"], "optim.dropuot: Optimisation takes no such argument; did you mean 'dropout'?"),
    ],
)
def test_a_key_that_is_not_there_is_answered_by_what_is(overrides: list[str], said: str) -> None:
    with pytest.raises(HydraException) as caught:
        composed(*overrides)
    explained = explain(caught.value, CONF)
    assert explained is not None
    assert explained.args[0].startswith(said)


@pytest.mark.parametrize("path", sorted((CONF / "optim").glob("[!n]*.yaml")), ids=lambda path: path.stem)
def test_every_optimisation_shows_all_that_can_be_set(path: object) -> None:
    keys = set(yaml.safe_load(path.read_text(encoding="utf-8")))  # type: ignore[attr-defined]
    assert keys == {"_target_", *(field.name for field in fields(Optimisation))}
