"""This file says whose data a network was trained on, which whoever uses it must know."""

from collections.abc import Mapping
from typing import Any

from fer.build import locate


def sources(config: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Licence and citation of every database that a run was trained on, by name."""
    databases = {name: locate(str(data["_target_"])) for name, data in config["data"].items()}
    return {
        name: {"licence": getattr(of, "licence", ""), "citation": getattr(of, "citation", "")} for name, of in databases.items()
    }
