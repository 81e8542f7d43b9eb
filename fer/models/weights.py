"""This file reads the weights that a network starts from, executing nothing of the file, and says what of them fitted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from fer.build import build, plugin_prefixes
from fer.errors import WeightsError
from fer.files import METADATA
from fer.models.backbone import Backbone
from fer.models.classifier import ExpressionClassifier

#: How many names a sentence gives before it only counts.
NAMED = 3


@dataclass(frozen=True)
class Weights:
    """The tensors of a file, by name, with what a file of this project says of itself."""

    path: Path
    state: Mapping[str, Tensor]
    described: Mapping[str, Any]

    @property
    def own(self) -> bool:
        """Whether this project wrote them: then they are those of a backbone and its head."""
        return "labels" in self.described


@dataclass(frozen=True)
class Match:
    """What of a file's weights went into a network: names of the network's tensors, and of the file's that had no place."""

    path: Path
    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    reshaped: tuple[str, ...]
    unused: tuple[str, ...]

    def __str__(self) -> str:
        wanted = len(self.loaded) + len(self.missing) + len(self.reshaped)
        return "; ".join([f"{len(self.loaded)} of {wanted} tensors start from {self.path}", *self.differing])

    @property
    def differing(self) -> list[str]:
        """What did not match, a phrase each."""
        kinds = {"are not in it": self.missing, "have another shape": self.reshaped, "of the file are not used": self.unused}
        return [f"{len(names)} {what} ({some(names)})" for what, names in kinds.items() if names]

    def as_json(self) -> dict[str, Any]:
        """The same for a card."""
        differences = {key: list(names) for key, names in (("missing", self.missing), ("reshaped", self.reshaped))}
        return {"file": str(self.path), "loaded": len(self.loaded), **differences, "unused": list(self.unused)}


def some(names: tuple[str, ...]) -> str:
    """The first of several names."""
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")


def read_weights(path: Path) -> Weights:
    """The tensors of a .safetensors file or of a state dict of torch's; raises WeightsError for anything else."""
    if not path.is_file():
        raise WeightsError(f"there is no file {path}. Expected a .safetensors file, a .pth state dict, or the folder of a run.")
    if path.suffix == ".safetensors":
        return read_safetensors(path)
    return Weights(path, state_in(unpickled(path), path), {})


def unpickled(path: Path) -> Any:
    """What torch.save has written to a file; raises WeightsError for anything else."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch interprets any bytes as instructions, which fail in a dozen ways: flipped bytes tell
        said = ": ".join([type(error).__name__, *str(error).splitlines()[:1]])
        raise WeightsError(
            f"{path} is no state dict ({said}); expected what torch.save writes, or a .safetensors file"
        ) from error


def read_safetensors(path: Path) -> Weights:
    """The tensors of a .safetensors file with its description."""
    try:
        with safe_open(path, framework="pt") as file:
            described = json.loads((file.metadata() or {}).get(METADATA, "{}"))
            found = Weights(path, {name: file.get_tensor(name) for name in file.keys()}, described)  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, RecursionError) as error:
        raise WeightsError(f"{path} is no safetensors file: {error}") from error
    if described:
        require_own(found)
    return found


def require_own(weights: Weights) -> None:
    """Raise WeightsError unless a file that says it is this project's has labels, a head for them if any, and finite numbers."""
    said, head = weights.described, weights.state.get("head.weight")
    labels = said.get("labels") if isinstance(said, dict) else None
    if not isinstance(labels, list) or not all(isinstance(name, str) for name in labels):
        raise WeightsError(f"{weights.path} is damaged: it does not say which labels its network knows")
    is_network = any(name.startswith("backbone.") for name in weights.state)
    if is_network and (head is None or len(head) != len(labels)):
        raise WeightsError(f"{weights.path} is damaged: found no head for its {len(labels)} labels")
    if wrong := [name for name, tensor in weights.state.items() if not torch.isfinite(tensor).all()]:
        raise WeightsError(f"{weights.path} is damaged: found numbers in {some(tuple(wrong))} that are not finite")


def state_in(found: Any, path: Path) -> dict[str, Tensor]:
    """The state dict in a checkpoint, at its top or under one of the names that trainers use."""
    for key in ("state_dict_ema", "state_dict", "model_ema", "model"):
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
            break
    tensors = {str(k): v for k, v in found.items() if isinstance(v, Tensor)} if isinstance(found, Mapping) else {}
    if not tensors:
        raise WeightsError(f"{path} holds no tensors by name, expected a state dict")
    return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}


def load_backbone(backbone: Backbone, weights: Weights) -> Match:
    """Load what fits of a file into a backbone; raises WeightsError where it is another network's."""
    if weights.own:
        prefix = "backbone."
        own = {name.removeprefix(prefix): t for name, t in weights.state.items() if name.startswith(prefix)}
        state = backbone.from_own(own)
    else:
        state = backbone.from_foreign(weights.state)
    return require_match(load(backbone, state, weights.path), backbone)


def stored_classifier(weights: Weights) -> ExpressionClassifier:
    """The whole network in a file of this project, to predict with; raises WeightsError for any other file."""
    if not weights.own:
        raise WeightsError(
            f"{weights.path} was not written by a training of this project; expected the model.safetensors of a run"
        )
    if target_of(weights).startswith("fer.models."):
        with torch.device("meta"):  # where a network takes no memory, however large a file says it is
            require_same_tensors(described_classifier(weights), weights)
    classifier = described_classifier(weights)
    require_same_tensors(classifier, weights)
    classifier.load_state_dict(weights.state, strict=False)
    return classifier.eval()


def target_of(weights: Weights) -> str:
    """What a file says that its network is built from."""
    model = weights.described.get("model")
    return str(model.get("_target_")) if isinstance(model, Mapping) else ""


def described_classifier(weights: Weights) -> ExpressionClassifier:
    """The network that a file says it is of, with random weights; raises WeightsError where it names something else."""
    allowed = ("fer.models.", *plugin_prefixes())  # networks, and nothing else that a file could name
    backbone = build(weights.described.get("model", {}), f"{weights.path}: model", allowed=allowed)
    if not isinstance(backbone, Backbone):
        raise WeightsError(f"{weights.path} is of {type(backbone).__name__}, which is no network; expected the run of a network")
    return ExpressionClassifier(backbone, len(weights.described["labels"]))


def require_same_tensors(classifier: ExpressionClassifier, weights: Weights) -> None:
    """Raise WeightsError unless a file has every tensor of the network that it says it is of."""
    wanted = {name: tensor for name, tensor in classifier.state_dict().items() if not name.startswith(("val_", "loss."))}
    if other := [name for name in wanted if name not in weights.state or weights.state[name].shape != wanted[name].shape]:
        raise WeightsError(
            f"{weights.path} is damaged: {len(other)} of the {len(wanted)} tensors of its {type(classifier.backbone).__name__} "
            f"are missing, or of another shape ({some(tuple(other))})"
        )


def load_head(head: nn.Linear, labels: tuple[str, ...], weights: Weights) -> bool:
    """Load the head where a file of this project has one for the same labels of the same features; says whether."""
    state = {name.removeprefix("head."): t for name, t in weights.state.items() if name.startswith("head.")}
    if not weights.own or tuple(weights.described["labels"]) != labels or state["weight"].shape != head.weight.shape:
        return False
    head.load_state_dict(state)
    return True


def load(network: nn.Module, state: Mapping[str, Tensor], path: Path) -> Match:
    """Load the tensors whose name and shape fit; the filters of a first convolution are adapted to the channels."""
    wanted = network.state_dict()
    given = {name: fit_channels(tensor, wanted[name]) for name, tensor in state.items() if name in wanted}
    loaded = {name: tensor for name, tensor in given.items() if tensor.shape == wanted[name].shape}
    network.load_state_dict(loaded, strict=False)
    missing = tuple(name for name in wanted if name not in given)
    reshaped = tuple(name for name in given if name not in loaded)
    return Match(path, tuple(loaded), missing, reshaped, tuple(name for name in state if name not in wanted))


def fit_channels(tensor: Tensor, wanted: Tensor) -> Tensor:
    """Filters for the wanted number of channels that answer a grey face as before: RGB summed into one, or one shared by RGB."""
    if tensor.ndim != 4 or tensor.shape[:1] + tensor.shape[2:] != wanted.shape[:1] + wanted.shape[2:]:
        return tensor
    if (tensor.shape[1], wanted.shape[1]) == (3, 1):
        return tensor.sum(1, keepdim=True)
    if (tensor.shape[1], wanted.shape[1]) == (1, 3):
        return tensor.expand(-1, 3, -1, -1) / 3
    return tensor


def require_match(match: Match, network: nn.Module) -> Match:
    """The match; raises WeightsError where it is another network's file: most of the parameters found nothing in it."""
    sizes = {name: parameter.numel() for name, parameter in network.named_parameters()}
    found = sum(sizes.get(name, 0) for name in match.loaded)
    if 2 * found < sum(sizes.values()):
        raise WeightsError(
            f"{match.path} has {found:,} of the {sum(sizes.values()):,} parameters of {type(network).__name__}; "
            f"its tensors: {'; '.join(match.differing)}. Is it another network's file?"
        )
    return match
