"""This file says in one message what is wrong with a command line that Hydra cannot compose."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    InterpolationKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)

from fer.build import chain_of_causes, did_you_mean
from fer.errors import ConfigError, FerError
from fer.readable import unreadable


def explain(error: BaseException, conf: Path) -> FerError | None:
    """The mistake behind an exception of Hydra's or OmegaConf's in this project's words, or None where it is a defect.

    A file that the system refuses to read is the user's to mend as well.
    """
    causes = list(chain_of_causes(error))
    for cause in causes:
        if isinstance(cause, MissingConfigException) and cause.missing_cfg_file:
            return missing_choice(cause.missing_cfg_file, conf)
        if isinstance(cause, ConfigKeyError | ConfigAttributeError):
            return unknown_key(cause, conf)
        if isinstance(cause, InterpolationKeyError | MissingMandatoryValue):
            return ConfigError(str(cause).splitlines()[0])
    if isinstance(error, ValueError) and "Config group override" in str(error):  # Hydra's own words for model=null
        return ConfigError("a group was set to null or to a value; name one of its choices, which --help lists")
    if isinstance(error, ConfigCompositionException | HydraException | OmegaConfBaseException):
        return ConfigError(str(causes[-1]).strip().replace("\n", "\n    "))
    if any(isinstance(cause, yaml.YAMLError | UnicodeDecodeError) for cause in causes):
        return ConfigError(f"a YAML file of the configuration cannot be read: {' '.join(str(causes[-1]).split())}")
    return unreadable(error) if isinstance(error, OSError) else None


def require_different_databases(overrides: Sequence[str]) -> None:
    """Raise ConfigError where data=[…] names a database twice, of which Hydra makes one without a word."""
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        named = override.value() if override.key_or_group == "data" else None
        if isinstance(named, list) and (twice := [name for name, times in Counter(named).items() if times > 1]):
            raise ConfigError(
                f"data: found {', '.join(map(str, twice))} twice, expected each database once. "
                f"A second copy with other settings needs a YAML and a name of its own."
            )


def missing_choice(path: str, conf: Path) -> ConfigError:
    """A group or a choice of a group that does not exist."""
    group, _, choice = path.rpartition("/")
    choices = sorted(file.stem for file in (conf / group).glob("*.yaml"))
    if not choices:
        groups = sorted(folder.name for folder in conf.iterdir() if folder.is_dir())
        return ConfigError(f"there is no group {group!r}{did_you_mean(group, groups) or '.'} The groups are {', '.join(groups)}.")
    return ConfigError(
        f"{group}={choice}: there is no {group} {choice!r}{did_you_mean(choice, choices) or '.'} "
        f"The choices are {', '.join(choices)}."
    )


def unknown_key(error: ConfigKeyError | ConfigAttributeError, conf: Path) -> ConfigError:
    """A key that the chosen files do not have."""
    key = str(error.full_key or error.key)
    name = key.rpartition(".")[2]
    parent = error.parent_node
    siblings = [str(k) for k in parent if not str(k).startswith("_") and k != "hydra"] if hasattr(parent, "keys") else []
    if not siblings and key.count(".") > 1:
        return below_nothing(key, conf)
    if not siblings and "." in key:
        group = key.partition(".")[0]
        return ConfigError(f"{key}: with {group}=none, which this model takes, {group} has no keys. Leave {key} out.")
    target = str(parent.get("_target_", "")) if hasattr(parent, "get") else ""
    owner = target.rpartition(".")[2] or (f"the group {key.rpartition('.')[0]!r}" if "." in key else "the configuration")
    return ConfigError(
        f"{key}: {owner} takes no such argument{did_you_mean(name, siblings) or '.'} The keys are {', '.join(siblings)}."
    )


def below_nothing(key: str, conf: Path) -> ConfigError:
    """A key below one that has no keys with the chosen files, and the choices that have it."""
    group, *path = key.split(".")
    choices = [file.stem for file in sorted((conf / group).glob("*.yaml")) if has(file, path)]
    owner = f" The one of {group}={' or '.join(choices)} has it." if choices else " Leave it out."
    return ConfigError(f"{key}: {key.rpartition('.')[0]} is null, or a value, and has no keys.{owner}")


def has(file: Path, path: Sequence[str]) -> bool:
    """Whether a YAML file has the key at the end of this path."""
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    for name in path:
        if not isinstance(found, dict) or name not in found:
            return False
        found = found[name]
    return True
