"""An experiment framework for facial-expression recognition: any database × backbone × protocol, leak-checked."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fer.deploy.predictor import load as load


def __getattr__(name: str) -> object:
    """`fer.load`, imported when it is first asked for, so that `import fer` loads nothing."""
    if name != "load":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from fer.deploy.predictor import load

    return load
