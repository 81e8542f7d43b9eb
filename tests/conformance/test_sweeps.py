"""This file holds every file of sweeps/ against W&B's own schema and commands, and against train.py's configuration."""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

pytest.importorskip("optuna", reason="pip install 'ferlab[sweep]'")

from fer.cli.compose import composed
from fer.sweeps.command import TO_WANDB
from fer.sweeps.parameters import read_parameter
from fer.sweeps.search_space import corner, distribution
from fer.sweeps.study import number_of_trials
from fer.sweeps.sweep_file import read_sweep
from fer.training.experiment import require_valid

ROOT = Path(__file__).parents[2]
SWEEPS = sorted((ROOT / "sweeps").glob("*.yaml"))
SCHEMA = json.loads((Path(__file__).parent / "wandb_sweeps" / "schema.json").read_text())

each_sweep = pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)


@pytest.fixture(autouse=True)
def repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweeps are started where train.py lies."""
    monkeypatch.chdir(ROOT)


def validator() -> jsonschema.Draft7Validator:
    """The validator of sweeps.config.schema, with its two formats."""
    formats = jsonschema.FormatChecker(formats=())
    formats.checks("float")(lambda value: isinstance(value, float))
    formats.checks("integer")(lambda value: isinstance(value, int))
    return jsonschema.Draft7Validator(SCHEMA, format_checker=formats)


@each_sweep
def test_a_sweep_file_passes_the_schema_of_w_and_b(path: Path) -> None:
    assert [error.message for error in validator().iter_errors(yaml.safe_load(path.read_text()))] == []


@pytest.mark.parametrize("changed", [{"method": "genetic"}, {"parameters": {"x": {"valuess": [1]}}}, {"metric": {}}, {"x": 1}])
def test_the_schema_refuses_what_is_wrong(changed: dict[str, Any]) -> None:
    content = {**yaml.safe_load((ROOT / "sweeps" / "smoke.yaml").read_text()), **changed}
    assert list(validator().iter_errors(content))


@each_sweep
@pytest.mark.parametrize("end", [0, -1], ids=["first", "last"])
def test_the_ends_of_a_sweep_compose_into_valid_experiments(path: Path, end: int) -> None:
    sweep = read_sweep(path)
    config = composed(sweep.command.overrides(corner(sweep.parameters, end)))
    require_valid(config)


@each_sweep
def test_a_sweep_file_says_how_many_trials_it_has_and_what_they_cost(path: Path) -> None:
    comments = " ".join(line.lstrip("# ") for line in path.read_text().splitlines() if line.startswith("#"))
    assert f"{number_of_trials(read_sweep(path), None, already=0)} trials" in comments
    assert "Cost: " in comments


@each_sweep
def test_a_trial_is_started_with_the_words_of_wandb_agent(path: Path) -> None:
    from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

    sweep = read_sweep(path)
    settings = corner(sweep.parameters, 0)
    content = yaml.safe_load(path.read_text())
    first = {key: described.get("values", [settings[key]])[0] for key, described in content["parameters"].items()}
    given = create_sweep_command_args({"args": {key: {"value": value} for key, value in first.items()}})
    words = content["command"]
    agent: list[str] = []
    for word in create_sweep_command(words)[words.index("${program}") + 1 :]:  # as wandb_agent.py goes through them
        agent += given[word[2:-1]] if word.startswith("${") else [word]
    here = sweep.command.line(settings)
    assert here[:1] == ["/usr/bin/env"]
    assert os.path.samefile(here[2], ROOT / "train.py")
    assert [word for word in agent if word != TO_WANDB] == here[3:]


@pytest.mark.parametrize(
    "described",
    [
        {"min": 1, "max": 9},
        {"min": 0.5, "max": 9.0},
        {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0},
        {"distribution": "q_uniform", "min": 8, "max": 32, "q": 8},
        {"distribution": "q_uniform", "min": 0.0, "max": 0.2, "q": 0.05},
        {"distribution": "q_log_uniform_values", "min": 1, "max": 64},
    ],
)
def test_a_range_is_what_w_and_b_itself_makes_of_it_for_optuna(described: dict[str, Any]) -> None:
    scheduler = pytest.importorskip("wandb.sdk.sweeps.scheduler.optuna", reason="the installed wandb has no Optuna scheduler")
    assert distribution(read_parameter("x", described)) == scheduler.sweep_parameter_to_distribution(described)
