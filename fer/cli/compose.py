"""This file composes configurations for commands other than train.py, from the same overrides."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from fer.cli.mistakes import explain

CONF = Path(__file__).resolve().parents[2] / "conf"


def composed(overrides: Sequence[str]) -> dict[str, Any]:
    """The configuration that train.py would run with these overrides; raises ConfigError where there is none."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    with explained(), initialize_config_dir(str(CONF), version_base="1.3"):
        config = OmegaConf.to_container(compose("train", list(overrides)), resolve=True, throw_on_missing=True)
    return config  # type: ignore[return-value]


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
