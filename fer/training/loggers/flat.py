"""This file makes a nested configuration flat, for loggers that know no nesting."""

import json
from collections.abc import Mapping
from typing import Any


def flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, str | int | float | bool]:
    """Numbers, texts and truths by dotted name, such as optim.optimizer.lr; a list is a text, and nothing is "null"."""
    found: dict[str, str | int | float | bool] = {}
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            found |= flat(value, f"{prefix}{key}.")
        else:
            plain = isinstance(value, str | int | float | bool)
            found[f"{prefix}{key}"] = value if plain else json.dumps(value, ensure_ascii=False)
    return found
