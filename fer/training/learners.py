"""This file decides what learns: a network of conf/model, a classical classifier on features, or a learner of its own."""

from collections.abc import Iterator, Mapping
from typing import Any

from fer.build import build, find_mistakes
from fer.errors import ConfigError
from fer.labels import LabelSpace
from fer.models.classical.classifier import Classifier
from fer.training.contradictions import contradictions, random_features
from fer.training.learner import Learner
from fer.training.targets import name_of, names_a, target_of

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
    """Every mistake in the groups that a learner is made of, a sentence each; contradictions where all else is right."""
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
    mistakes += [mistake for group in needed for mistake in find_mistakes(configs[group], group)]
    return mistakes or list(random_features(what["features"]) if own or classical else contradictions(what))


def without_weights(model: Mapping[str, Any]) -> dict[str, Any]:
    """What the backbone itself is built from: every network can start from weights, which are no argument of it."""
    return {key: value for key, value in model.items() if key != "weights"}


def bare_features(features: Mapping[str, Any]) -> dict[str, Any]:
    """What features are built from: where they are those of a network, its weights are no argument of it either."""
    network = {"network": without_weights(features["network"])} if features.get("network") else {}
    return {**features, **network}


def classical_mistakes(what: What) -> Iterator[str]:
    """A sentence for features that are missing, for labels that would be used in secret, and for seeds that change nothing."""
    name, seed, images = name_of(what["model"]), what.get("seed"), what.get("train_images")
    if not what["features"]:
        yield f"features: {name} learns from features; found none, expected features=hog or the like"
    if what["model"].get("refit") is True and images is not None:
        learns = f"learns from the labels of the validation part besides train_images={images}"
        yield f"model.refit: found true, which {learns}, expected null or false"
    draws = target_of(what["model"]).random or images is not None  # which images, the seed decides
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
    return not config or (config.get("transforms") == [] and not (config.get("batched") or config.get("mix")))
