"""This file finds settings that are each valid, and that together have no effect, or not the one that was meant."""

from collections.abc import Iterator, Mapping
from typing import Any

from fer.training.targets import name_of, target_of

Config = Mapping[str, Any]


def contradictions(what: Config) -> Iterator[str]:
    """A sentence for each contradiction in the configuration of a network and its training."""
    model, finetune = what["model"], what["optim"].get("finetune")
    yield from idle_unlabelled(model, withheld=what.get("train_images") is not None)
    if isinstance(finetune, Mapping):
        yield from idle_finetuning(model)
        yield from never_thawed(finetune.get("frozen"), what["trainer"].get("epochs"))
    if "teacher" in what["loss"] and not what["loss"]["teacher"]:
        yield "loss.teacher: found null, expected the run of a network with the same labels and protocol"
    yield from twice_balanced(what["trainer"].get("sampling"), what["loss"].get("class_weights"))


def idle_unlabelled(model: Config, *, withheld: bool) -> Iterator[str]:
    """A sentence where faces without labels are to be pre-trained on, and there are none or nothing is pre-trained."""
    if model.get("unlabelled") is not True:
        return
    if model.get("weights"):
        yield "model.unlabelled: found true, but model.weights are started from. Pass one of the two"
    elif model.get("pretrain") is False:
        yield "model.unlabelled: found true, but nothing is pre-trained. Pass model.pretrain=true, or model.unlabelled=false"
    elif not withheld:
        yield "model.unlabelled: found true, but no label is withheld. Pass train_images=N, or model.unlabelled=false"


def idle_finetuning(model: Config) -> Iterator[str]:
    """A sentence where a network that has learned nothing is fine-tuned."""
    if not (starts_from_weights(model) or pretrains(model)):
        switches = [f"model.{key}=true" for key in ("pretrained", "pretrain") if model.get(key) is False]
        yield (
            f"optim.finetune: {name_of(model)} starts from random weights, so that there is nothing to fine-tune. "
            f"Pass {', '.join(['model.weights=RUN', *switches])}, or optim.finetune=null"
        )


def never_thawed(frozen: object, epochs: object) -> Iterator[str]:
    """A sentence where the training ends before the first stage thaws."""
    if isinstance(frozen, int) and isinstance(epochs, int) and frozen >= epochs:
        yield (
            f"optim.finetune.frozen: found {frozen} of trainer.epochs={epochs}, so that only the head ever learns. "
            f"Pass fewer, or optim.finetune.frozen=null for a linear probe"
        )


def twice_balanced(sampling: object, class_weights: object) -> Iterator[str]:
    """A sentence where rare labels are drawn more often, and weigh more besides."""
    if sampling == "balanced" and class_weights:
        yield (
            f"trainer.sampling: found balanced, and loss.class_weights={class_weights}, which together make rare labels count "
            f"twice. Pass trainer.sampling=natural, or loss.class_weights=null"
        )


def random_features(features: Config) -> Iterator[str]:
    """A sentence where features are those of a network that has learned nothing."""
    network = features.get("network")
    if isinstance(network, Mapping) and not starts_from_weights(network):
        switch = ", or features.network.pretrained=true" if network.get("pretrained") is False else ""
        yield (
            f"features.network: {name_of(network)} has random weights, whose features nobody has learned. "
            f"Pass features.network.weights=RUN{switch}"
        )


def starts_from_weights(model: Config) -> bool:
    """Whether a network starts from a file, or from the weights of its publisher."""
    return bool(model.get("weights")) or (overrides(model, "load_pretrained") and model.get("pretrained") is not False)


def pretrains(model: Config) -> bool:
    """Whether a network learns without labels before it learns with them."""
    return overrides(model, "pretraining") and model.get("pretrain") is not False


def overrides(model: Config, method: str) -> bool:
    """Whether a backbone has its own kind of something that most have none of."""
    from fer.models.backbone import Backbone  # brings torch, which networks alone need

    return getattr(target_of(model), method, None) is not getattr(Backbone, method)
