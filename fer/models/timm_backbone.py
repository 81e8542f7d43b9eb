"""This file defines TimmBackbone, any network of timm by its name, with pretrained weights from the hub or a local file."""

import pickle
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from fer.build import did_you_mean
from fer.errors import ConfigError, WeightsError
from fer.models.backbone import Backbone
from fer.models.input_spec import InputSpec

#: Without weights no size is given by training; a multiple of 32, the stride of most networks, near the faces' own 48.
SIZE_FROM_SCRATCH = 64

#: How long to wait for the hub; timm itself would retry for most of a minute.
REACH_SECONDS = 5


class TimmBackbone(Backbone):
    """A network of timm (Wightman 2019) without its classifier.

    Input (B, channels, size, size) in [0, 1]; output (B, the network's own number of features). Mean, deviation and
    size come from the weights' `pretrained_cfg`; `size` overrides the size. Without weights a network that takes any
    size is given 64 pixels. One channel sums the pretrained RGB filters, as timm does. `weights` is a local .safetensors
    or .pth state dict, read without unpickling objects; `options` go to timm.create_model.
    """

    def __init__(
        self,
        name: str = "resnet18",
        pretrained: bool = True,
        weights: str | None = None,
        size: int | None = None,
        channels: int = 3,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        config = pretrained_config(name)
        if size is None:
            fixed = config.fixed_input_size or pretrained or weights is not None
            size = config.input_size[-1] if fixed else SIZE_FROM_SCRATCH
        mean, std = config.mean, config.std
        if channels == 1:
            mean, std = (sum(mean) / 3,), (sum(std) / 3,)
        spec = InputSpec(size, channels, tuple(mean), tuple(std))
        arguments = dict(options or {}, num_classes=0, in_chans=channels)
        if config.fixed_input_size and size != config.input_size[-1]:
            arguments["img_size"] = size
        network = create(name, arguments, pretrained=pretrained, weights=weights)
        super().__init__(spec, int(network.head_hidden_size))  # type: ignore[arg-type]  # what forward gives without a classifier
        self.network = network

    def features(self, faces: Tensor) -> Tensor:
        """Features (B, num_features) of normalised faces."""
        return self.network(faces)  # type: ignore[no-any-return]


def pretrained_config(name: str) -> Any:
    """timm's own record of a network's weights: size, mean, deviation and where they lie."""
    import timm
    from timm.models import get_pretrained_cfg, is_model

    if not is_model(name):
        raise ConfigError(f"model.name: timm has no network {name!r}{did_you_mean(name.split('.')[0], timm.list_models())}")
    try:
        return get_pretrained_cfg(name, allow_unregistered=True)
    except RuntimeError as error:
        known = ", ".join(timm.list_pretrained(f"{name.split('.')[0]}.*")) or "none"
        raise ConfigError(f"model.name: timm has no weights {name!r}; it has {known}") from error


def create(name: str, arguments: Mapping[str, Any], *, pretrained: bool, weights: str | None) -> nn.Module:
    """The network with the weights that were asked for; raises WeightsError where they cannot be had."""
    import timm

    if weights is not None:
        state = read_state(Path(weights))
        require_fit(state, timm.create_model(name, pretrained=False, **arguments), Path(weights), name)
        arguments = {**arguments, "pretrained_cfg_overlay": {"state_dict": state}}
    elif pretrained:
        require_reachable(name)
    try:
        return timm.create_model(name, pretrained=pretrained or weights is not None, **arguments)
    except TypeError as error:
        raise ConfigError(f"model.options: {name} does not take them: {error}") from error
    except (RuntimeError, OSError) as error:
        if weights is None and not pretrained:
            raise ConfigError(f"model: timm cannot make {name}: {error}") from error
        raise WeightsError(f"the weights of {name} cannot be loaded: {error}\n    {WAYS_OUT}") from error


WAYS_OUT = "Pass model.weights=FILE (a .safetensors or .pth state dict of this network) or model.pretrained=false."


def read_state(path: Path) -> dict[str, Tensor]:
    """The state dict in a file; nothing in the file is executed."""
    from timm.models import load_state_dict

    if not path.is_file():
        raise WeightsError(f"model.weights: there is no file {path}. {WAYS_OUT}")
    try:
        state: dict[str, Tensor] = load_state_dict(str(path), weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, OSError) as error:
        raise WeightsError(f"model.weights: {path} is no state dict: {str(error).splitlines()[0]}") from error
    except Exception as error:  # safetensors' error derives from Exception alone
        if type(error).__module__.startswith("safetensors"):
            raise WeightsError(f"model.weights: {path} is no safetensors file: {error}") from error
        raise
    return state


def require_fit(state: Mapping[str, Tensor], network: nn.Module, path: Path, name: str) -> None:
    """Raise WeightsError where a file holds another network's weights: more than half of the tensors are missing."""
    wanted = network.state_dict().keys()
    missing = [key for key in wanted if key not in state]
    if len(missing) > len(wanted) / 2:
        raise WeightsError(f"{path} has {len(wanted) - len(missing)} of the {len(wanted)} tensors of {name}; "
                           f"the first missing is {missing[0]!r}. Is it another network's file?")  # fmt: skip


def require_reachable(name: str) -> None:
    """Raise WeightsError within seconds where the weights are neither cached here nor to be fetched."""
    from huggingface_hub import constants, try_to_load_from_cache

    config = pretrained_config(name)
    if not config.has_weights:
        raise WeightsError(f"timm has no pretrained weights for {name}. {WAYS_OUT}")
    if config.hf_hub_id and any(
        isinstance(try_to_load_from_cache(config.hf_hub_id, file), str) for file in ("model.safetensors", "pytorch_model.bin")
    ):
        return
    source = constants.ENDPOINT if config.hf_hub_id else config.url
    try:
        urllib.request.urlopen(urllib.request.Request(source, method="HEAD"), timeout=REACH_SECONDS).close()
    except urllib.error.HTTPError:
        return  # it answered
    except OSError as error:
        raise WeightsError(f"the pretrained weights of {name} cannot be fetched ({source}: {error}).\n    {WAYS_OUT}") from error
