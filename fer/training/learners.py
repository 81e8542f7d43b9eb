"""This file decides what learns: a network of conf/model, a classical classifier on features, or a learner of its own."""

from collections.abc import Iterator, Mapping
from typing import Any

from fer.build import ALLOWED, build, find_mistakes, locate, plugin_prefixes
from fer.errors import ConfigError
from fer.labels import LabelSpace
from fer.models.classical.classifier import Classifier
from fer.training.learner import Learner

#: The groups of the configuration that a learner may be made of besides conf/model, and which of them a network is.
GROUPS = ("features", "augment", "loss", "optim", "trainer")
OF_NETWORKS = ("augment", "loss", "optim", "trainer")

What = Mapping[str, Any]


def build_learner(what: What, labels: LabelSpace) -> Learner:
    """The learner that conf/model names; a learner of its own is given `labels` and the configuration `features`."""
    if names_a(Learner, what["model"]):
        make = build({**what["model"], "_partial_": True}, "model")  # whole, Hydra would turn the LabelSpace into a dict
        learner: Learner = make(labels=labels, features=what["features"])
        return learner
    if names_a(Classifier, what["model"]):
        from fer.training.classical_learner import ClassicalLearner

        return ClassicalLearner(model=what["model"], features=what["features"], labels=labels)
    from fer.training.lightning_learner import LightningLearner

    groups = {group: what[group] for group in ("model", *OF_NETWORKS)}
    return LightningLearner(**groups, labels=labels)


def learner_mistakes(what: What) -> list[str]:
    """Every mistake in the groups that a learner is made of, a sentence each."""
    try:
        own, classical = names_a(Learner, what["model"]), names_a(Classifier, what["model"])
    except ConfigError:
        return find_mistakes(what["model"], "model")
    given = ("labels", "features") if own else ()
    takes = ("features",) if own or classical else OF_NETWORKS
    model = what["model"] if own or classical else without_weights(what["model"])
    mistakes = find_mistakes(model, "model", given=given) + list(groups_not_taken(what, takes))
    if classical:
        mistakes += classical_mistakes(what)
    if not isinstance(what["model"].get("weights"), str | None):
        mistakes.append(f"model.weights: found {what['model']['weights']!r}, expected a run, a file, or null")
    needed = [group for group in takes if what[group] or group != "features"]
    configs = {**what, "features": bare_features(what["features"])}
    return mistakes + [mistake for group in needed for mistake in find_mistakes(configs[group], group)]


def without_weights(model: Mapping[str, Any]) -> dict[str, Any]:
    """What the backbone itself is built from: every network can start from weights, which are no argument of it."""
    return {key: value for key, value in model.items() if key != "weights"}


def bare_features(features: Mapping[str, Any]) -> dict[str, Any]:
    """What features are built from: where they are those of a network, its weights are no argument of it either."""
    network = {"network": without_weights(features["network"])} if features.get("network") else {}
    return {**features, **network}


def classical_mistakes(what: What) -> Iterator[str]:
    """A sentence for features that are missing, and for seeds that would all give the same."""
    name, seed = name_of(what["model"]), what.get("seed")
    if not what["features"]:
        yield f"features: {name} learns from features; found none, expected features=hog or the like"
    draws = target_of(what["model"]).random or what.get("train_images") is not None  # which images, the seed decides
    if isinstance(seed, list | tuple) and len(seed) > 1 and not draws:
        yield f"seed: {name} draws nothing at random, so that every seed gives the same; found {list(seed)}, expected one seed"


def groups_not_taken(what: What, takes: tuple[str, ...]) -> Iterator[str]:
    """A sentence for each group that is chosen although nothing of it would have an effect."""
    for group in GROUPS:
        if group not in takes and not is_nothing(what[group]):
            found, model = name_of(what[group]), name_of(what["model"])
            yield f"{group}: {model} has no use for it; found {found}, expected {group}=none"


def is_nothing(config: Mapping[str, Any]) -> bool:
    """Whether the configuration of a group is that of its choice `none`."""
    return not config or (config.get("transforms") == [] and not config.get("mix"))


def names_a(contract: type, config: Mapping[str, Any]) -> bool:
    """Whether the `_target_` of a configuration is a class of this kind; raises ConfigError where there is no such target."""
    target = target_of(config)
    return isinstance(target, type) and issubclass(target, contract)


def target_of(config: Mapping[str, Any]) -> Any:
    """What the `_target_` of a configuration names; raises ConfigError where there is no such thing."""
    return locate(str(config.get("_target_")), (*ALLOWED, *plugin_prefixes()))


def name_of(config: Mapping[str, Any]) -> str:
    """The name of the class that a configuration describes; its keys where it names none."""
    return str(config["_target_"]).rpartition(".")[2] if "_target_" in config else ", ".join(config)
