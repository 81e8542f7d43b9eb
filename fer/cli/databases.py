"""This file finds the databases that can be named on a command line, and makes one as its YAML and the user describe it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer.errors import ConfigError

if TYPE_CHECKING:  # numpy is not loaded for --help
    from fer.data.database import Database

CONF = Path(__file__).resolve().parents[2] / "conf"


def database_files(config_dir: Path | None = None) -> dict[str, Path]:
    """The YAML file of every database by name, sorted; those in data/ below `config_dir` come before the project's own."""
    if config_dir is not None and not (config_dir / "data").is_dir():
        raise ConfigError(f"--config-dir: {config_dir} has no folder data, expected data/NAME.yaml in it")
    folders = [CONF, *([config_dir] if config_dir is not None else [])]
    files = (path for folder in folders for path in sorted((folder / "data").glob("*.yaml")) if path.is_file())
    found = {path.stem: path for path in files}
    return {name: found[name] for name in sorted(found)}


def configured(
    name: str, settings: Sequence[str] = (), *, root: Path | None = None, config_dir: Path | None = None
) -> "Database":
    """The database as its YAML describes it, with `settings` such as "last_frames=1" and `root` in place of what stands there.

    Raises ConfigError for a name, an argument or a value that nothing here understands.
    """
    from fer.build import build

    database: Database = build(configuration(name, settings, root=root, config_dir=config_dir), f"data.{name}")
    return database


def configuration(
    name: str, settings: Sequence[str] = (), *, root: Path | None = None, config_dir: Path | None = None
) -> dict[str, Any]:
    """What describes a database; raises ConfigError as `configured` does."""
    from fer.build import did_you_mean

    files = database_files(config_dir)
    if name not in files:
        hint = did_you_mean(name, files) or "."
        raise ConfigError(f"there is no database {name!r}{hint} The databases are {', '.join(files)}.")
    return composed(files[name], settings) | ({} if root is None else {"root": str(root)})


def composed(path: Path, settings: Sequence[str]) -> dict[str, Any]:
    """The content of a database's YAML with the settings put in, in the grammar of train.py, and interpolations resolved."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    try:
        config = OmegaConf.load(path)
        for override in OverridesParser.create().parse_overrides(list(settings)):
            OmegaConf.update(config, override.key_or_group, override.value(), force_add=True)
        content = OmegaConf.to_container(config, resolve=True)
    except HydraException as error:
        raise ConfigError(f"{' '.join(settings)}: {str(error).splitlines()[0]}") from error
    except (OmegaConfBaseException, YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: {str(error).splitlines()[0]}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: found a {type(content).__name__}, expected the settings of a database")
    return {str(key): value for key, value in content.items() if key != "defaults"}
