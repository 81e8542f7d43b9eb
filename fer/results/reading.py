"""This file says how a result was read off trained networks: by one look at each face, several views, or several networks."""

from collections.abc import Mapping
from typing import Any

VIEWED, ENSEMBLE = "test-time augmentation", "ensemble"

#: What may be ranked against each other, in this order: one network that looks at each face once comes first.
KINDS = ("", VIEWED, ENSEMBLE)


def reading_of(config: Mapping[str, Any]) -> str | None:
    """How the predictions of a run were made, in words; None where one network looked at each face once."""
    members, views = config.get("ensemble"), (config.get("evaluation") or {}).get("views")
    parts = [f"{ENSEMBLE} of {len(members)}"] if members else []
    return ", ".join([*parts, *([f"{VIEWED}: {views}"] if views else [])]) or None


def kind_of(reading: str | None) -> str:
    """The kind of a reading; an ensemble whose members look at several views is an ensemble."""
    return next((kind for kind in KINDS[1:] if (reading or "").startswith(kind)), KINDS[0])
