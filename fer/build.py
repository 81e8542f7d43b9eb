"""This file turns a plain configuration into objects: `_target_` names a class, and its signature is the schema."""

import difflib
import importlib
import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from fer.errors import ConfigError, FerError

#: What a configuration may name. A stored model's spec goes through the same door with ("fer.models.",).
ALLOWED = ("fer.", "torch.optim.", "lightning.pytorch.", "albumentations.", "torchvision.transforms.v2.")

#: Keys of Hydra's own that stand beside the arguments.
DIRECTIVES = ("_target_", "_partial_", "_recursive_", "_convert_")


def build(config: Mapping[str, Any], path: str, *, allowed: Iterable[str] = (), **arguments: Any) -> Any:
    """The object that `config` describes, with `arguments` added to its own; `path` names it in messages.

    Raises ConfigError with every mistake of the configuration at once, before anything is constructed.
    """
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    if mistakes := find_mistakes(config, path, allowed=allowed, given=arguments):
        raise ConfigError("\n    ".join(mistakes))
    try:
        return instantiate(dict(config), _convert_="all", **arguments)
    except InstantiationException as error:
        raise constructor_error(error, path) from error


def constructor_error(error: BaseException, path: str) -> FerError:
    """What a constructor itself complained of: its FerError as it is, a library's complaint under the key's name."""
    causes = list(chain_of_causes(error))
    for cause in causes:
        if isinstance(cause, FerError):
            return cause
    missing = any(isinstance(cause, ModuleNotFoundError) for cause in causes)
    return ConfigError(f"{path}: {causes[-1]}{extra_for(path) if missing else ''}")


def chain_of_causes(error: BaseException) -> Iterator[BaseException]:
    """The error, then what it was raised from, and so on."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def find_mistakes(config: Mapping[str, Any], path: str, *, allowed: Iterable[str] = (), given: Iterable[str] = ()) -> list[str]:
    """Every mistake below `config`, a sentence each; `given` are the arguments that come at run time."""
    allowed = tuple(allowed) or (*ALLOWED, *plugin_prefixes())
    if not isinstance(config, Mapping):
        return [f"{path}: found {config!r}, expected the settings of what is to be built"]
    if "_target_" not in config:
        return [f"{path}: has no _target_, so nothing says what to build"]
    try:
        target = locate(str(config["_target_"]), allowed)
    except ConfigError as error:
        return [f"{path}: {error.args[0]}"]
    arguments = {key: value for key, value in config.items() if key not in DIRECTIVES}
    mistakes = list(signature_mistakes(target, arguments, path, partial=bool(config.get("_partial_")), given=given))
    for key, value in arguments.items():
        for place, nested in targets_in(value, f"{path}.{key}"):
            mistakes += find_mistakes(nested, place, allowed=allowed)
    return mistakes


def targets_in(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The outermost mappings below `value` that have a `_target_`, with their paths."""
    if isinstance(value, Mapping):
        if "_target_" in value:
            yield path, value
        else:
            for key, item in value.items():
                yield from targets_in(item, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            yield from targets_in(item, f"{path}[{i}]")


def plugin_prefixes() -> tuple[str, ...]:
    """Modules of the user's own that a configuration may name: FER_PLUGINS, separated by commas."""
    return tuple(f"{name.strip()}." for name in os.environ.get("FER_PLUGINS", "").split(",") if name.strip())


def locate(target: str, allowed: tuple[str, ...] = ALLOWED) -> Callable[..., Any]:
    """The class or function that a dotted name stands for."""
    if not target.startswith(allowed):
        raise ConfigError(f"_target_ {target!r} is not allowed here; it must begin with {', '.join(allowed)} or FER_PLUGINS")
    module_name, _, name = target.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and not module_name.startswith(error.name):
            raise ConfigError(f"{target} needs the package {error.name!r}, which is not installed{extra_for(target)}") from error
        raise ConfigError(f"_target_ {target!r}: there is no module {module_name!r}") from error
    if not hasattr(module, name):
        raise ConfigError(f"_target_ {target!r}: {module_name} has no {name!r}{did_you_mean(name, vars(module))}")
    return require_own(getattr(module, name), target, allowed)


def require_own(found: Any, target: str, allowed: tuple[str, ...]) -> Callable[..., Any]:
    """What a dotted name stands for; ConfigError for what its module has only imported, such as Thread or Path."""
    packages = tuple(f"{prefix.partition('.')[0]}." for prefix in allowed)
    own = target.startswith(plugin_prefixes()) or f"{getattr(found, '__module__', None)}.".startswith(packages)
    if not callable(found) or not own:
        raise ConfigError(f"_target_ {target!r} is not allowed here: it is no class or function of that module's own")
    return cast(Callable[..., Any], found)


def extra_for(target: str) -> str:
    """Which optional dependencies to install for a target, as the end of a sentence."""
    extras = [extra for extra in ("tensorboard", "mlflow", "parquet") if extra in target.lower()]
    return f": pip install 'ferlab[{extras[0]}]'" if extras else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The nearest known name as the end of a sentence, or nothing."""
    close = difflib.get_close_matches(name, [str(k) for k in known], n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def signature_mistakes(
    target: Callable[..., Any], arguments: Mapping[str, Any], path: str, *, partial: bool, given: Iterable[str]
) -> Iterator[str]:
    """Unknown, missing and ill-typed arguments of one target."""
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):  # a constructor written in C has no signature to hold the configuration against
        return
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    hints = annotations_of(target)
    for key, value in arguments.items():
        if key not in parameters and not takes_any:
            yield f"{path}.{key}: {target.__name__} takes no such argument{did_you_mean(key, parameters)}"
        elif key in hints and not fits(value, hints[key]):
            yield f"{path}.{key}: found {value!r}, expected {describe(hints[key])}"
    for key, parameter in parameters.items():
        required = parameter.default is parameter.empty and parameter.kind in (
            parameter.POSITIONAL_OR_KEYWORD,
            parameter.KEYWORD_ONLY,
        )
        if required and not partial and key not in arguments and key not in given:
            yield f"{path}.{key}: {target.__name__} needs this argument"


def annotations_of(target: Callable[..., Any]) -> dict[str, Any]:
    """The resolved annotations of a target's parameters; empty where a library's cannot be resolved."""
    try:
        return get_type_hints(vars(target).get("__init__", target) if isinstance(target, type) else target)
    except (NameError, TypeError, AttributeError):
        return {}


SCALARS: Mapping[Any, tuple[type, ...]] = {bool: (bool,), int: (int,), float: (float, int), str: (str,), NoneType: (NoneType,)}


def fits(value: Any, hint: Any) -> bool:
    """Whether a YAML value can stand for an annotation; annotations other than plain values and choices accept anything."""
    if get_origin(hint) in (Union, UnionType):
        return any(fits(value, option) for option in get_args(hint))
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if hint in SCALARS:
        return isinstance(value, SCALARS[hint]) and (hint is bool or not isinstance(value, bool))
    return isinstance(value, Mapping | list | tuple) if is_many(hint) else True


def is_many(hint: Any) -> bool:
    """Whether an annotation stands for a sequence or mapping, which a bare string or nothing cannot be."""
    origin = get_origin(hint)
    return isinstance(origin, type) and issubclass(origin, Iterable)


def describe(hint: Any) -> str:
    """An annotation in words for a message."""
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(describe(option) for option in get_args(hint))
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, get_args(hint)))
    return {int: "a whole number", float: "a number", bool: "true or false", str: "text", NoneType: "null"}.get(
        hint, getattr(hint, "__name__", str(hint))
    )
