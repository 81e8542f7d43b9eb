"""This file makes loggers out of conf/logger, for one fold or for the report of a run, and refuses mistakes beforehand."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fer.build import build, find_mistakes
from fer.errors import ConfigError
from fer.results.store import RunStore
from fer.training.loggers.logger import RunLogger

WHOLE = "report"  # stands for {fold} where a run as a whole is shown


@dataclass(frozen=True)
class Place:
    """What {run}, {fold}, {folder} and {id} stand for in the texts of a YAML; the id stays when a fold is taken up again."""

    run: str
    fold: str
    folder: str
    id: str

    @classmethod
    def of(cls, store: RunStore, fold: str, *, folder: Path) -> "Place":
        """The place of a fold, or of the report; a run that was deleted and is run again has other ids."""
        run, began = store.folder.resolve().name, store.provenance.get("started", "")
        return cls(run, fold, str(folder), hashlib.sha256(f"{run} {began} {fold}".encode()).hexdigest()[:16])


def require_loggers(configs: Mapping[str, Any]) -> None:
    """Raise ConfigError with every mistake of conf/logger, a package that is missing among them, before anything trains."""
    anywhere = Place("run", "fold", "folder", "id")
    mistakes = []
    for name, config in configs.items():
        mistakes += find_mistakes(filled(config, anywhere, path=f"logger.{name}"), f"logger.{name}")
    if mistakes:
        raise ConfigError("\n    ".join(mistakes))


def make_loggers(configs: Mapping[str, Any], place: Place) -> dict[str, RunLogger]:
    """The loggers by name, none of which has been told anything yet."""
    built = {name: build(filled(config, place, path=f"logger.{name}"), f"logger.{name}") for name, config in configs.items()}
    return {name: logger if isinstance(logger, RunLogger) else of_lightning(logger, name) for name, logger in built.items()}


def of_lightning(logger: Any, name: str) -> RunLogger:
    """The scalars of one of Lightning's loggers; ConfigError for what is no logger at all."""
    from lightning.pytorch.loggers import Logger

    from fer.training.loggers.lightning_scalars import LightningScalars

    if not isinstance(logger, Logger):
        raise ConfigError(f"logger.{name}: found {type(logger).__name__}, expected a RunLogger or a logger of Lightning's")
    return LightningScalars(logger)


def filled(config: Mapping[str, Any], place: Place, *, path: str) -> dict[str, Any]:
    """The configuration with this place in its texts; ConfigError for other words in braces."""
    words = asdict(place)
    try:
        return {key: value.format(**words) if isinstance(value, str) else value for key, value in config.items()}
    except (KeyError, IndexError, ValueError) as error:
        names = ", ".join(f"{{{word}}}" for word in words)
        raise ConfigError(f"{path}: found {error} in braces, expected {names}, or no braces") from None
