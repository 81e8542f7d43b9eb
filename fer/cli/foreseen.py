"""This file foresees the folder that train.py will work in with some overrides."""

from collections.abc import Sequence

from fer.cli.compose import composed_with_title
from fer.results.store import RunStore


def foresee(overrides: Sequence[str]) -> RunStore:
    """The run folder that train.py would work in, whether or not it was begun; raises what train.py would at once."""
    from fer.build import build
    from fer.training.experiment import open_run

    config, name = composed_with_title(overrides)
    store, _ = open_run(config, title=name, run=build(config["run"], "run"))
    return store
