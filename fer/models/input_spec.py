"""This file defines InputSpec, the faces that a model expects; it needs no torch, as not every model does."""

from dataclasses import dataclass

from fer.errors import ConfigError


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The images that a model expects: side in pixels, 1 or 3 channels, mean and deviation a channel in [0, 1]."""

    size: int
    channels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.channels not in (1, 3):
            raise ConfigError(f"model.channels: found {self.channels}, expected 1 or 3")
        if self.size < 8:
            raise ConfigError(f"model.size: found {self.size}, expected at least 8 pixels")
