"""This file keeps apart what an experiment is and where its files lie: a result depends on their content alone."""

from collections.abc import Mapping
from typing import Any

from fer.models.boxed import place_of
from fer.training.start import KEYS, named_weights, with_value


def roots_of(what: Mapping[str, Any]) -> dict[str, str]:
    """Where files lie on this machine, of each database and of weights by key; the result depends on their content alone."""
    roots = {name: config["root"] for name, config in what["data"].items() if "root" in config}
    return roots | {key: str(place_of(path).absolute()) for key, path in named_weights(what).items()}


def without_roots(what: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration that is hashed and stored: the same on every machine with the same content."""
    data = {name: {k: v for k, v in config.items() if k != "root"} for name, config in what["data"].items()}
    return with_weights({**what, "data": data}, dict.fromkeys(named_weights(what), "see content"))


def with_roots(what: Mapping[str, Any], roots: Mapping[str, str]) -> dict[str, Any]:
    """A stored configuration with the places of this machine."""
    data = {name: {**config, "root": roots[name]} if name in roots else config for name, config in what["data"].items()}
    return with_weights({**what, "data": data}, {key: path for key, path in roots.items() if key in KEYS})


def with_weights(what: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, Any]:
    """A configuration whose weights, by key, lie at these paths."""
    changed = dict(what)
    for key, path in paths.items():
        changed = with_value(changed, key.split("."), path)
    return changed
