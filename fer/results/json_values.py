"""This file takes values out of JSON that was read from a file, and raises TypeError where one is of another kind."""

from collections.abc import Mapping
from typing import Any

from fer.names import is_plain


def text(value: Any) -> str:
    """A text on one line."""
    return value if isinstance(value, str) and is_plain(value) else refuse(value, "text on one line")


def name(value: Any) -> str:
    """The name of a file or folder, which leads nowhere else."""
    found = text(value)
    return found if found and "/" not in found and not found.startswith(".") else refuse(value, "a name without / in it")


def several(value: Any) -> list[Any]:
    """Values in order."""
    return value if isinstance(value, list) else refuse(value, "a list")


def texts(value: Any) -> tuple[str, ...]:
    """Several texts."""
    return tuple(map(text, several(value)))


def whole(value: Any) -> int:
    """A whole number from 0 on."""
    return value if type(value) is int and value >= 0 else refuse(value, "a whole number")


def flag(value: Any) -> bool:
    """True or false."""
    return value if isinstance(value, bool) else refuse(value, "true or false")


def counts(value: Any) -> dict[str, int]:
    """Whole numbers by name."""
    return {text(key): whole(count) for key, count in mapping(value).items()}


def mapping(value: Any) -> Mapping[str, Any]:
    """Values by name."""
    return value if isinstance(value, dict) else refuse(value, "an object")


def refuse(value: Any, expected: str) -> Any:
    """Raise TypeError."""
    raise TypeError(f"found {str(value)[:40]!r}, expected {expected}")
