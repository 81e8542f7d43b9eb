"""This file is `fer models`: everything that train.py can be given as model=, with its size, its cost and its source."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fer.errors import ConfigError, FerError

HELP = "list the models with their parameters, multiply-adds and sources"

CONF = Path(__file__).resolve().parents[2] / "conf"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `fer models`."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    parser.add_argument("--config-dir", type=Path, metavar="DIR", help="a folder of your own with model/NAME.yaml")


def run(arguments: Namespace) -> None:
    """Print a row for every YAML of the group."""
    from rich.table import Table

    from fer.terminal import plain_console

    table = Table("Model", "Input", "Parameters", "Multiply-adds", "Source", box=None, pad_edge=False, header_style="bold")
    for column in table.columns[:4]:
        column.no_wrap = True
    for column in table.columns[1:4]:
        column.justify = "right"
    for name, config in chosen(configurations(arguments.config_dir), arguments.names).items():
        table.add_row(f"{name} ({config['name']})" if "name" in config else name, *described(config))
    console = plain_console()
    console.print(table)
    console.print("\nMultiply-adds are those of one face. Train one with: python train.py model=NAME data=…", style="dim")


def chosen(models: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """The models of these names, or all; raises ConfigError where there is no such model."""
    from fer.build import did_you_mean

    if unknown := [name for name in names if name not in models]:
        hint = did_you_mean(unknown[0], models) or "."
        raise ConfigError(f"there is no model {unknown[0]!r}{hint} The models are {', '.join(models)}.")
    return {name: models[name] for name in names or models}


def configurations(config_dir: Path | None) -> dict[str, dict[str, Any]]:
    """What the YAML of each model says, by name; those of the user's own folder come before the project's."""
    from omegaconf import OmegaConf

    folders = [CONF, *([config_dir] if config_dir is not None else [])]
    files = {path.stem: path for folder in folders for path in sorted((folder / "model").glob("*.yaml"))}
    loaded = {name: OmegaConf.to_container(OmegaConf.load(files[name])) for name in sorted(files)}
    return {name: {str(k): v for k, v in config.items() if k != "defaults"} for name, config in loaded.items()}  # type: ignore[union-attr]


def described(config: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Input, parameters, multiply-adds and source of one model, in words; what is wrong with one that cannot be built."""
    from fer.build import build
    from fer.models.classical.classifier import Classifier
    from fer.training.learners import without_weights
    from fer.training.targets import names_a

    try:
        made = build(without_weights(config), "model")
        if names_a(Classifier, config):
            return "features", "–", "–", made.source
        return network(made)
    except FerError as error:
        return "–", "–", "–", str(error)


def network(backbone: Any) -> tuple[str, str, str, str]:
    """The row of a backbone."""
    from fer.models.summary import count_multiply_adds, count_parameters
    from fer.results.table import millions

    spec = backbone.spec
    size = f"{spec.size}×{spec.size}" + (f"×{spec.channels}" if spec.channels > 1 else "")
    return size, millions(count_parameters(backbone)), millions(count_multiply_adds(backbone)), backbone.source
