"""This file decides what learns: a network of conf/model, a classical classifier on features, or a learner of its own."""

from collections.abc import Iterator, Mapping
from typing import Any

from fer.build import ALLOWED, build, find_mistakes, locate, plugin_prefixes
from fer.errors import ConfigError
from fer.labels import LabelSpace
from fer.models.classical.classifier import Classifier
from fer.training.learner import Learner

#: The groups of the configuration that a learner may be made of besides conf/model, and which of them a network is.
GROUPS = ("features", "augment", "optim", "trainer")
OF_NETWORKS = ("augment", "optim", "trainer")

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
    mistakes = find_mistakes(what["model"], "model", given=given) + list(groups_not_taken(what, takes))
    if classical and not what["features"]:
        mistakes.append(f"features: {name_of(what['model'])} learns from features; found none, expected features=hog or the like")
    needed = [group for group in takes if what[group] or group != "features"]
    return mistakes + [mistake for group in needed for mistake in find_mistakes(what[group], group)]


def groups_not_taken(what: What, takes: tuple[str, ...]) -> Iterator[str]:
    """A sentence for each group that is chosen although nothing of it would have an effect."""
    for group in GROUPS:
        if group not in takes and not is_nothing(what[group]):
            found, model = name_of(what[group]), name_of(what["model"])
            yield f"{group}: {model} has no use for it; found {found}, expected {group}=none"


def is_nothing(config: Mapping[str, Any]) -> bool:
    """Whether the configuration of a group is that of its choice `none`."""
    return not config or config.get("transforms") == []


def names_a(contract: type, config: Mapping[str, Any]) -> bool:
    """Whether the `_target_` of a configuration is a class of this kind; raises ConfigError where there is no such target."""
    target = locate(str(config.get("_target_")), (*ALLOWED, *plugin_prefixes()))
    return isinstance(target, type) and issubclass(target, contract)


def name_of(config: Mapping[str, Any]) -> str:
    """The name of the class that a configuration describes; its keys where it names none."""
    return str(config["_target_"]).rpartition(".")[2] if "_target_" in config else ", ".join(config)
