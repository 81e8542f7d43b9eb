"""This file foresees the run that train.py will do with some overrides: its configuration, and the folder it will work in."""

from collections.abc import Sequence
from threading import Lock
from typing import Any

from fer.cli.compose import CONF, explained
from fer.errors import ConfigError
from fer.results.store import RunStore

#: Hydra composes one configuration at a time.
ONE_AT_A_TIME = Lock()


def configured(overrides: Sequence[str]) -> tuple[dict[str, Any], str]:
    """The configuration that train.py would run, and the readable half of its run folder's name; ConfigError where none is."""
    from hydra import compose, initialize_config_dir
    from hydra.types import RunMode
    from omegaconf import OmegaConf, open_dict

    from fer.cli.train import title

    with ONE_AT_A_TIME, explained(), initialize_config_dir(str(CONF), version_base="1.3"):
        composed = compose("train", list(overrides), return_hydra_config=True)
        hydra = composed.hydra
        with open_dict(composed):
            del composed["hydra"]
        config: dict[str, Any] = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)  # type: ignore[assignment]
    if hydra.mode == RunMode.MULTIRUN:
        raise ConfigError("a trial is one run; the experiment that was chosen is several, which `train.py` runs by itself")
    return config, title(config, hydra.runtime.choices)


def foresee(overrides: Sequence[str]) -> RunStore:
    """The run folder that train.py would work in, whether or not it was begun; raises what train.py would at once."""
    from fer.build import build
    from fer.training.experiment import open_run

    config, name = configured(overrides)
    store, _ = open_run(config, title=name, run=build(config["run"], "run"))
    return store
