"""This file finds the networks that come with the package, by their names."""

from pathlib import Path

from fer.errors import ConfigError

#: A folder a network, as that of a fold: model.safetensors, seen.npz, and a card that has the scores too.
NETWORKS = Path(__file__).parents[1] / "deploy" / "networks"


def networks() -> list[str]:
    """The names of the networks in the box."""
    return sorted(path.parent.name for path in NETWORKS.glob("*/model.safetensors"))


def in_the_box(name: str) -> Path:
    """The folder of a network in the box; raises ConfigError where there is none of this name."""
    if name not in networks():
        raise ConfigError(f"found {name!r}, expected a network in the box: {', '.join(networks()) or 'there is none'}")
    return NETWORKS / name


def place_of(named: str | Path) -> Path:
    """The path that names a network; where nothing lies there, the folder of the network in the box that has this name."""
    path = Path(named)
    return in_the_box(str(named)) if not path.exists() and str(named) in networks() else path
