"""This file looks up what a configuration names, without building it."""

from collections.abc import Mapping
from typing import Any

from fer.build import ALLOWED, locate, plugin_prefixes


def names_a(contract: type, config: Mapping[str, Any]) -> bool:
    """Whether the `_target_` of a configuration is a class of this kind; raises ConfigError where there is no such target."""
    target = target_of(config)
    return isinstance(target, type) and issubclass(target, contract)


def target_of(config: Mapping[str, Any]) -> Any:
    """What the `_target_` of a configuration names; raises ConfigError where there is no such thing."""
    return locate(str(config.get("_target_")), (*ALLOWED, *plugin_prefixes()))


def name_of(config: Mapping[str, Any]) -> str:
    """The name of the class that a configuration describes; its keys where it names none."""
    return str(config["_target_"]).rpartition(".")[2] if "_target_" in config else ", ".join(config)
