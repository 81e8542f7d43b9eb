"""Tests of reading sweep files: what they mean, and what is said of those that are wrong."""

from pathlib import Path
from typing import Any

import pytest
from small_sweep import write_sweep

from fer.errors import ConfigError
from fer.sweeps.parameters import Choice, Range, read_parameter
from fer.sweeps.search_space import grid
from fer.sweeps.study import number_of_trials
from fer.sweeps.sweep_file import Stopping, read_sweep

BAYES: dict[str, Any] = {"method": "bayes", "parameters": {"x": {"min": 0.0, "max": 1.0}}, "run_cap": 5}


def test_a_grid_is_every_combination_in_the_order_of_the_file(tmp_path: Path) -> None:
    parameters = {"a": {"values": ["u", "v"]}, "n": {"min": 1, "max": 3}, "c": {"value": 7}}
    sweep = read_sweep(write_sweep(tmp_path, parameters=parameters))
    assert [tuple(point.values()) for point in grid(sweep.parameters)] == [(a, n) for a in "uv" for n in (1, 2, 3)]
    assert number_of_trials(sweep, None, already=0) == 6
    assert number_of_trials(sweep, 4, already=0) == 4


def test_a_file_that_searches_otherwise_is_another_sweep(tmp_path: Path) -> None:
    names = {
        read_sweep(write_sweep(tmp_path, **changed)).name
        for changed in ({}, {"parameters": {"x": {"values": [1, 2]}}}, {"parameters": {"x": {"values": [2, 1]}}}, BAYES)
    }
    assert len(names) == 4
    same = {read_sweep(write_sweep(tmp_path, run_cap=cap, description=text)).name for cap, text in ((1, "a"), (2, "b"))}
    assert len(same) == 1


def test_hyperband_is_read_in_both_ways_of_w_and_b(tmp_path: Path) -> None:
    def stopping(**keys: Any) -> Stopping | None:
        return read_sweep(write_sweep(tmp_path, early_terminate={"type": "hyperband", **keys})).stopping

    assert stopping(min_iter=2) == Stopping(2, 3, None)
    assert stopping(max_iter=27, s=2) == Stopping(3, 3, 27)
    assert stopping(max_iter=8, s=5, eta=2) == Stopping(1, 2, 8)


@pytest.mark.parametrize(
    ("described", "meant"),
    [
        ({"value": True}, Choice(("True",))),
        ({"values": [1, 0.5, "a", [1, 2]]}, Choice(("1", "0.5", "a", "[1, 2]"))),
        ({"min": 1, "max": 9}, Range(1, 9, whole=True)),
        ({"min": 1, "max": 9.5}, Range(1, 9.5)),
        ({"distribution": "uniform", "min": 1, "max": 9}, Range(1, 9)),
        ({"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0}, Range(1e-4, 1.0, log=True)),
        ({"distribution": "q_uniform", "min": 0.0, "max": 0.3, "q": 0.1}, Range(0.0, 0.3, step=0.1)),
        ({"distribution": "q_uniform", "min": 8, "max": 32, "q": 8}, Range(8, 32, whole=True, step=8)),
        ({"distribution": "q_log_uniform_values", "min": 1, "max": 64}, Range(1, 64, whole=True, log=True)),
    ],
)
def test_a_parameter_means_what_w_and_b_says(described: dict[str, Any], meant: Choice | Range) -> None:
    assert read_parameter("x", described) == meant


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ({"min": 2, "max": 1}, "found min 2 and max 1"),
        ({"min": "1e-4", "max": 1.0}, "YAML takes 1e-4 for text"),
        ({"min": 0, "max": True}, "expected a number"),
        ({"distribution": "log_uniform_values", "min": 0, "max": 1}, "expected more than 0"),
        ({"distribution": "normal", "mu": 0, "sigma": 1}, "'normal' is not offered"),
        ({"distribution": "log_uniform", "min": -4, "max": 0}, "'log_uniform' is not offered; those of fer sweep are"),
        ({"distribution": "q_uniform", "min": 0.0, "max": 1.0, "q": 0.3}, "expected a step that leads from"),
        ({"values": []}, "expected a list of one value or more"),
        ({"values": [1, 2, 1]}, "found 1 twice"),
        ({"values": [None]}, "write null as 'null'"),
        ({"values": [1, 2], "probabilities": [0.5, 0.5]}, "found 'probabilities'"),
        ({"min": 1}, "'max' is missing"),
        ({"parameters": {"lr": {"value": 1}}}, "x.lr"),
        (3, "expected value, values, or min and max"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_is_expected(described: Any, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_parameter("x", described)
    assert "parameters.x" in str(error.value)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"method": "genetic"}, "method: found 'genetic', expected one of grid, random, bayes"),
        ({"program": None}, "program: found None, expected train.py"),
        ({"program": "no.py"}, "there is no no.py"),
        ({"parameters": {}}, "parameters: found {}"),
        ({"metric": {"name": "test_accuracy", "goal": "maximize"}}, "A test score never chooses"),
        ({"metric": {"name": "val_f1"}}, "expected one of val_macro_f1"),
        ({"metric": {"name": "val_accuracy"}}, "expected maximize for val_accuracy"),
        ({"metric": None, "early_terminate": {"type": "hyperband", "min_iter": 1}}, "early_terminate is to judge"),
        ({**BAYES, "metric": None}, "method: bayes is to judge"),
        ({"early_terminate": {"type": "hyperband", "min_iter": 0}}, "early_terminate.min_iter: found 0"),
        ({"early_terminate": {"type": "hyperband", "min_iter": 1, "eta": 1.5}}, "early_terminate.eta"),
        ({"early_terminate": {"type": "hyperband", "min_iter": 1, "strict": False}}, "strict"),
        ({"run_cap": 0}, "run_cap: found 0"),
        ({"paramters": {}}, "did you mean 'parameters'"),
        ({"command": None}, "command: found none"),
        ({"command": ["${interpreter}", "${program}", "${args}"]}, "${args} is not offered"),
        ({"command": ["${interpreter}", "${program}", "-m", "${args_no_hyphens}"]}, "found '-m' behind ${program}"),
        ({"command": ["${args_no_hyphens}", "${program}"]}, "${args_no_hyphens} once behind it"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_expected(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    path = write_sweep(tmp_path, **changed)
    with pytest.raises(ConfigError) as error:
        read_sweep(path)
    assert str(path) in str(error.value)
    assert said in str(error.value)


@pytest.mark.parametrize(("text", "said"), [("- 1", "expected a mapping"), ("a: [", "is no YAML"), (None, "cannot be read")])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "sweep.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_sweep(path)


def test_a_grid_has_no_fractions_and_other_methods_have_an_end(tmp_path: Path) -> None:
    sweep = read_sweep(write_sweep(tmp_path, parameters={"x": {"min": 0.0, "max": 1.0}}))
    with pytest.raises(ConfigError, match="a grid needs values"):
        number_of_trials(sweep, None, already=0)
    endless = read_sweep(write_sweep(tmp_path, **{**BAYES, "run_cap": None}))
    with pytest.raises(ConfigError, match="give run_cap in the file, or --trials N"):
        number_of_trials(endless, None, already=0)
    assert number_of_trials(endless, None, already=7) == 7
