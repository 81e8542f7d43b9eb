"""This file holds every YAML of conf/experiment/ against what a recipe must be: complete, valid, and frank about its cost."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from composing import CONF, composed

from fer.build import find_mistakes
from fer.training.learners import learner_mistakes

RECIPES = sorted((CONF / "experiment").glob("*.yaml"))


def models_of(recipe: Path) -> list[str]:
    """The models that a recipe sweeps over; an empty name for the one that it has itself."""
    hydra = yaml.safe_load(recipe.read_text(encoding="utf-8")).get("hydra", {})
    return str(hydra.get("sweeper", {}).get("params", {}).get("model", "")).split(",")


CHOICES = [(recipe.stem, model) for recipe in RECIPES for model in models_of(recipe)]


@pytest.mark.parametrize(("recipe", "model"), CHOICES)
def test_a_recipe_composes_into_a_valid_experiment(recipe: str, model: str) -> None:
    what: dict[str, Any] = composed(f"experiment={recipe}", *([f"model={model}"] if model else []))
    assert learner_mistakes(what) == []
    for group in ("labels", "preprocess", "protocol"):
        assert find_mistakes(what[group], group) == []


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_says_what_to_expect_and_what_it_costs(recipe: Path) -> None:
    comments = " ".join(line for line in recipe.read_text(encoding="utf-8").splitlines() if line.startswith("#"))
    assert "@package _global_" in comments
    assert any(word in comments.lower() for word in ("score", "expected"))
    assert any(word in comments.lower() for word in ("cost", "minutes", "hours"))


def test_the_two_tables_of_models_have_every_model_but_the_pretrained_one() -> None:
    compared = {model for recipe in RECIPES if recipe.stem.startswith("models_") for model in models_of(recipe)}
    assert compared == {path.stem for path in (CONF / "model").glob("*.yaml")} - {"resnet"}


def test_a_recipe_may_set_any_key(tmp_path: Path) -> None:
    assert composed("experiment=lopes")["trainer"]["orders"] == 10
    assert composed("experiment=lopes", "trainer.orders=2")["trainer"]["orders"] == 2
