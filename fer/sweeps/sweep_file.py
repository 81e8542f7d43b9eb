"""This file reads a sweep file, which is a W&B sweep configuration, into what is searched, how, and by what it is judged."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from fer.build import did_you_mean
from fer.errors import ConfigError
from fer.sweeps.command import Command, read_command
from fer.sweeps.parameters import Parameter, read_parameter

Method = Literal["grid", "random", "bayes"]

#: What may be searched for: columns of history.csv, with the direction in which each is better. Never a test score.
METRICS = {"val_macro_f1": "maximize", "val_accuracy": "maximize", "val_loss": "minimize", "train_loss": "minimize"}

#: Values of a sweep file; a few lines of references can stand for billions.
MOST_NODES = 100_000

#: The keys on which the trials depend, and those that only say something.
SEARCH = ("method", "metric", "parameters", "program", "command", "early_terminate")
OTHERS = ("run_cap", "name", "description", "project", "entity", "apiVersion", "kind")


@dataclass(frozen=True, slots=True)
class Objective:
    """What trials are ranked by: a column of history.csv, and whether more of it is better."""

    metric: str
    maximise: bool


@dataclass(frozen=True, slots=True)
class Stopping:
    """Hyperband: trials are compared after `least` epochs and at every `factor` as many; the best of `factor` goes on.

    `most` is the epoch after which nothing is stopped any more; None stands for the length of a training.
    """

    least: int
    factor: int
    most: int | None


@dataclass(frozen=True)
class SweepFile:
    """A sweep: trials of `command` with settings out of `parameters`; `digest` is of everything that the trials depend on."""

    path: Path
    method: Method
    command: Command
    parameters: Mapping[str, Parameter]
    objective: Objective | None
    stopping: Stopping | None
    run_cap: int | None
    digest: str

    @property
    def name(self) -> str:
        """The name of the sweep in its storage; an edited file is another sweep."""
        return f"{self.path.stem}-{self.digest}"


def read_sweep(path: Path) -> SweepFile:
    """Read and check a sweep file; ConfigError for what is wrong in it or not offered here."""
    content = read_mapping(path)
    try:
        return interpret(path, content)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.args[0]}") from None


def read_mapping(path: Path) -> Mapping[str, Any]:
    """The mapping in a YAML file."""
    if not path.is_file():
        found = "no file" if path.exists() else "not there"
        raise ConfigError(f"{path} cannot be read: it is {found}. Give a sweep file, such as sweeps/smoke.yaml.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}. Give a sweep file, such as sweeps/smoke.yaml.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError for dates that there are not, too
        raise ConfigError(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    if nodes_in(content) > MOST_NODES:
        raise ConfigError(f"{path}: its references stand for more than {MOST_NODES:,} values, expected a sweep file")
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: found a {type(content).__name__}, expected a mapping with {', '.join(SEARCH)}")
    return content


def nodes_in(content: Any) -> float:
    """How many values there are where references are written out; infinite where one leads to itself. Each is looked at once."""
    known: dict[int, float] = {}

    def count(value: Any) -> float:
        if not isinstance(value, dict | list):
            return 1
        if id(value) not in known:
            known[id(value)] = math.inf  # until it is counted: what leads to itself is not finite
            known[id(value)] = 1 + sum(map(count, value.values() if isinstance(value, dict) else value))
        return known[id(value)]

    return count(content)


def interpret(path: Path, content: Mapping[str, Any]) -> SweepFile:
    """What the content of a file means."""
    require_known(content)
    method = one_of(content.get("method"), "method", get_args(Method))
    program = program_of(content.get("program"))
    objective, stopping = objective_of(content.get("metric")), stopping_of(content.get("early_terminate"))
    if objective is None and (method == "bayes" or stopping is not None):
        needs = "method: bayes" if method == "bayes" else "early_terminate"
        raise ConfigError(f"metric: found none, expected one, such as val_macro_f1, by which {needs} is to judge")
    return SweepFile(
        path=path,
        method=method,
        command=read_command(content.get("command"), program),
        parameters=parameters_of(content.get("parameters")),
        objective=objective,
        stopping=stopping,
        run_cap=None if content.get("run_cap") is None else at_least(1, content["run_cap"], "run_cap"),
        digest=digest({key: content.get(key) for key in SEARCH}),
    )


def digest(search: Mapping[str, Any]) -> str:
    """Eight hexadecimal digits of what is searched, in the order in which the file has it, which a grid follows."""
    return hashlib.sha256(json.dumps(search, ensure_ascii=False, default=str).encode()).hexdigest()[:8]


def require_known(content: Mapping[str, Any]) -> None:
    """Raise ConfigError for a key that a sweep here has no meaning for."""
    for key in content:
        if key not in (*SEARCH, *OTHERS):
            known = f"the keys are {', '.join((*SEARCH, *OTHERS))}"
            raise ConfigError(f"{key}: fer sweep has no such key{did_you_mean(str(key), (*SEARCH, *OTHERS))}; {known}")


def program_of(program: Any) -> str:
    """The program, which must lie where the sweep is started, as it does for `wandb agent`."""
    if not isinstance(program, str):
        raise ConfigError(f"program: found {program!r}, expected train.py")
    if not Path(program).is_file():
        raise ConfigError(
            f"program: there is no {program} in {Path.cwd()}; start fer sweep in the folder that {program} counts from"
        )
    return program


def parameters_of(described: Any) -> dict[str, Parameter]:
    """The parameters by key, in the order of the file."""
    if not isinstance(described, dict) or not described:
        raise ConfigError(f"parameters: found {described!r}, expected a mapping from keys of train.py to their values")
    return {str(name): read_parameter(str(name), parameter) for name, parameter in described.items()}


def objective_of(metric: Any) -> Objective | None:
    """What trials are ranked by; None where a file only lists what is to be run."""
    if metric is None:
        return None
    if not isinstance(metric, dict) or not set(metric) <= {"name", "goal"}:
        raise ConfigError(f"metric: found {metric!r}, expected name and goal, and no other key")
    name = metric.get("name")
    if not isinstance(name, str) or name not in METRICS:
        never = "" if str(name).startswith(("val_", "train_")) else " A test score never chooses: the test set is read once."
        raise ConfigError(f"metric.name: found {name!r}, expected one of {', '.join(METRICS)}.{never}")
    goal = metric.get("goal", "minimize")  # as W&B has it
    if goal != METRICS[name]:
        raise ConfigError(f"metric.goal: found {goal} (W&B's default is minimize), expected {METRICS[name]} for {name}")
    return Objective(name, maximise=goal == "maximize")


def stopping_of(described: Any) -> Stopping | None:
    """When trials are stopped early; the keys are W&B's, min_iter with eta, or max_iter with s and eta."""
    if described is None:
        return None
    if not isinstance(described, dict) or described.get("type") != "hyperband":
        raise ConfigError(f"early_terminate: found {described!r}, expected type: hyperband with min_iter, or with max_iter and s")
    if strange := set(described) - {"type", "min_iter", "max_iter", "s", "eta", "strict"}:
        raise ConfigError(f"early_terminate: found {', '.join(sorted(strange))}, expected min_iter, max_iter, s, eta")
    if described.get("strict", True) is not True:
        raise ConfigError("early_terminate.strict: found false, expected true: Optuna judges the latest value, never the best")
    factor = at_least(2, described.get("eta", 3), "early_terminate.eta")
    if "max_iter" not in described:
        return Stopping(at_least(1, described.get("min_iter"), "early_terminate.min_iter"), factor, None)
    most = at_least(1, described["max_iter"], "early_terminate.max_iter")
    steps = at_least(1, described.get("s"), "early_terminate.s")
    return Stopping(max(1, most // factor**steps), factor, most)


def at_least(minimum: int, found: Any, where: str) -> int:
    """A whole number of at least `minimum`."""
    if type(found) is not int or found < minimum:
        raise ConfigError(f"{where}: found {found!r}, expected a whole number of at least {minimum}")
    return found


def one_of(found: Any, where: str, offered: tuple[Any, ...]) -> Any:
    """A value that is offered."""
    if found not in offered:
        raise ConfigError(f"{where}: found {found!r}, expected one of {', '.join(offered)}")
    return found
