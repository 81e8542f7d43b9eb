"""This file composes configurations for commands other than train.py, from the same overrides."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from threading import Lock
from typing import Any

from fer.cli.mistakes import explain
from fer.cli.train import CONF, title
from fer.errors import ConfigError

#: Hydra composes one configuration at a time.
ONE_AT_A_TIME = Lock()


def composed(overrides: Sequence[str]) -> dict[str, Any]:
    """The configuration that train.py would run with these overrides; raises ConfigError where there is none."""
    config, _ = composed_with_title(overrides)
    return config


def composed_with_title(overrides: Sequence[str]) -> tuple[dict[str, Any], str]:
    """The same, and the readable half of the run folder's name."""
    from hydra import compose, initialize_config_dir
    from hydra.types import RunMode
    from omegaconf import OmegaConf, open_dict

    with ONE_AT_A_TIME, explained(), initialize_config_dir(str(CONF), version_base="1.3"):
        found = compose("train", list(overrides), return_hydra_config=True)
        hydra = found.hydra
        with open_dict(found):
            del found["hydra"]
        config: dict[str, Any] = OmegaConf.to_container(found, resolve=True, throw_on_missing=True)  # type: ignore[assignment]
    if hydra.mode == RunMode.MULTIRUN:
        raise ConfigError("expected one run; the experiment that was chosen is several, which `train.py` runs by itself")
    return config, title(config, hydra.runtime.choices)


def combinations(overrides: Sequence[str]) -> Iterator[list[str]]:
    """One list of overrides for each combination of those that name several values, as `train.py -m` takes them."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    with explained():
        parsed = OverridesParser.create().parse_overrides(list(overrides))
    choices = [
        [f"{one.get_key_element()}={value}" for value in one.sweep_string_iterator()]
        if one.is_sweep_override()
        else [str(one.input_line)]
        for one in parsed
    ]
    return map(list, product(*choices))


@contextmanager
def explained() -> Iterator[None]:
    """Raise ConfigError in place of what Hydra and OmegaConf say of a mistake."""
    try:
        yield
    except Exception as error:
        found = explain(error, CONF)
        if found is None:
            raise
        raise found from None
