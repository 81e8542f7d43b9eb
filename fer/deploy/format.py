"""This file defines Format, the contract of what a trained network can be exported to."""

import logging
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fer.deploy.reader import ExpressionReader
from fer.errors import ConfigError

#: Probabilities (B, K) float32 of faces (B, S, S) or (B, S, S, 3) uint8.
Read = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


class Format(ABC):
    """A file that another runtime reads: pre-processing and softmax inside, any number of faces at once."""

    #: How the names of its files end, with the dot.
    suffix: ClassVar[str]

    @abstractmethod
    def write(self, reader: ExpressionReader, faces: NDArray[np.uint8], path: Path, described: Mapping[str, Any]) -> None:
        """Write the network; `faces` are a few of those that it reads, `described` is stored beside the weights."""

    @abstractmethod
    def open(self, path: Path, *, threads: int) -> Read:
        """What reads faces by the runtime of the format, on so many threads."""

    def require_int8(self) -> None:
        """Raise ConfigError where there is no eight-bit form; most have none."""
        raise ConfigError(f"--int8: {type(self).__name__} has no eight-bit form here. Use --to onnx.")

    def write_int8(self, wide: Path, faces: NDArray[np.uint8], path: Path) -> None:
        """Write what `wide` holds with weights and activations of eight bits, their ranges taken from `faces`."""
        raise NotImplementedError


def format_names() -> list[str]:
    """The names of the formats."""
    return sorted(path.stem for path in (Path(__file__).parent / "formats").glob("[a-z]*.py"))


def format_named(name: str) -> Format:
    """The format of this name; raises ConfigError where there is none, or where its libraries are not installed."""
    if name not in format_names():
        raise ConfigError(f"--to: found {name!r}, expected {' or '.join(format_names())}")
    try:
        made: Format = import_module(f"fer.deploy.formats.{name}").FORMAT
    except ModuleNotFoundError as error:
        raise ConfigError(f"--to {name} needs {error.name}, which is not installed: pip install 'ferlab[export]'") from error
    return made


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the advice of exporters out of the user's terminal while the block runs."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
