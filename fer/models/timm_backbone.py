"""This file defines TimmBackbone, any network of timm by its name, with pretrained weights from the hub or a local file."""

import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

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

    Input (B, channels, size, size) in [0, 1]; output (B, the network's own number of features). Mean and deviation come
    from the `pretrained_cfg` of timm's weights, and so does the size where it starts from weights; otherwise a network that
    takes any size is given 64 pixels. `pretrained` loads the weights that timm names, once they are asked for. One channel
    sums the pretrained RGB filters, as timm does. `options` go to timm.create_model.
    """

    source: ClassVar[str] = "Wightman, timm, 2019, who names each network's own source"

    def __init__(
        self,
        name: str = "resnet18",
        pretrained: bool = True,
        size: int | None = None,
        channels: int = 3,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        config = pretrained_config(name)
        if size is None:
            size = config.input_size[-1] if config.fixed_input_size or pretrained else SIZE_FROM_SCRATCH
        mean, std = config.mean, config.std
        if channels == 1:
            mean, std = (sum(mean) / 3,), (sum(std) / 3,)
        spec = InputSpec(size, channels, tuple(mean), tuple(std))
        arguments = dict(options or {}, num_classes=0, in_chans=channels)
        if config.fixed_input_size and size != config.input_size[-1]:
            arguments["img_size"] = size
        network = untrained(name, arguments)
        super().__init__(spec, numbers_of(network))
        self.network, self.name, self.pretrained, self.arguments = network, name, pretrained, arguments

    def features(self, faces: Tensor) -> Tensor:
        """Features (B, num_features) of normalised faces."""
        return self.network(faces)  # type: ignore[no-any-return]

    def load_pretrained(self) -> str | None:
        """Load timm's weights from the hub or its cache, where `pretrained` asks for them."""
        if not self.pretrained:
            return None
        require_reachable(self.name)
        self.network.load_state_dict(trained_state(self.name, self.arguments))
        return f"timm's {self.name}.{pretrained_config(self.name).tag}"

    def from_foreign(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The tensors of a file of timm's or of the network's authors, renamed and resized as timm does for this network."""
        convert = getattr(sys.modules[type(self.network).__module__], "checkpoint_filter_fn", None)
        try:
            converted = convert(dict(state), self.network) if convert else state
        except (LookupError, AttributeError, TypeError, ValueError, RuntimeError):
            converted = state  # another network's names: the caller compares them, and says so
        return {f"network.{name}": tensor for name, tensor in converted.items()}

    def from_own(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The tensors of a run of this project, resized as timm does for this network."""
        return self.from_foreign({name.removeprefix("network."): tensor for name, tensor in state.items()})

    def stages(self) -> Sequence[Sequence[nn.Parameter]]:
        """Its parameters in timm's own groups, from the stem to the last stage."""
        from timm.models import group_parameters

        groups = group_parameters(self.network, self.network.group_matcher(coarse=True))  # type: ignore[operator]
        parameters = dict(self.network.named_parameters())
        return [[parameters[name] for name in groups[depth]] for depth in sorted(groups)]

    def explained_layer(self) -> nn.Module | None:
        """The last of the stages that timm says features can be taken of."""
        stages = getattr(self.network, "feature_info", None)
        named = dict(self.network.named_modules())
        return named.get(stages[-1]["module"]) if stages else None


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


def numbers_of(network: nn.Module) -> int:
    """How many numbers forward gives for a face; a MetaFormer of timm before 1.0.31 does not say it without a classifier."""
    return int(getattr(network, "head_hidden_size", network.num_features))  # type: ignore[arg-type]


def untrained(name: str, arguments: Mapping[str, Any]) -> nn.Module:
    """The network with random weights."""
    import timm

    try:
        return timm.create_model(name, pretrained=False, **arguments)
    except TypeError as error:
        raise ConfigError(f"model.options: {name} does not take them: {error}") from error
    except (RuntimeError, AssertionError, ValueError) as error:
        raise ConfigError(f"model: timm cannot make {name}: {error}") from error


def trained_state(name: str, arguments: Mapping[str, Any]) -> Mapping[str, Tensor]:
    """The tensors of the network with weights, adapted by timm to its input; raises WeightsError where they do not fit."""
    import timm

    try:
        state: Mapping[str, Tensor] = timm.create_model(name, pretrained=True, **arguments).state_dict()
    except (RuntimeError, OSError, KeyError, ValueError) as error:
        raise WeightsError(f"the weights of {name} cannot be loaded: {error}\n    {WAYS_OUT}") from error
    return state


WAYS_OUT = "Pass model.weights=FILE (a .safetensors or .pth state dict of this network) or model.pretrained=false."


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
