"""This file defines TrainerSettings, how long and on what a network is trained, and what `auto` means on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fer.data.sampling import Sampling
from fer.errors import ConfigError
from fer.training.ranks import Ranks, gpus, started_together

Monitor = Literal["macro_f1", "accuracy"]

#: What of Lightning's works with a learner that is trained, kept and gone on with by several processes.
Strategy = Literal["auto", "ddp", "ddp_find_unused_parameters_true", "fsdp", "fsdp_cpu_offload"]


@dataclass(frozen=True)
class TrainerSettings:
    """What `conf/trainer` describes; all of it is part of a run's fingerprint, after `auto` was replaced.

    `batch_size` is that of a step, which `devices` on each of `nodes` machines share out among them; a rate that suits it
    needs no change for more of them. `monitor` is measured on the validation part and chooses the epoch; `patience` epochs
    without improvement stop the training, None never does. `accumulate` batches make one step; `clip` bounds the norm of the
    gradient. `sampling` draws the faces of an epoch: all of them, or every label equally often, with which a loss has no
    class weights. `orders` trainings of a fold differ in the order of the training faces alone, and the best on the
    validation part is kept (Lopes et al. 2017).
    """

    epochs: int
    batch_size: int = 128
    accelerator: Literal["auto", "cpu", "cuda", "gpu", "mps"] = "auto"
    devices: int = 1
    nodes: int = 1
    strategy: Strategy = "auto"
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed", "bf16-true", "16-true", "64-true"] = "auto"
    channels_last: bool | Literal["auto"] = "auto"
    accumulate: int = 1
    clip: float | None = None
    monitor: Monitor = "macro_f1"
    patience: int | None = None
    sampling: Sampling = "natural"
    orders: int = 1
    deterministic: bool = True

    def __post_init__(self) -> None:
        least = {"epochs": 1, "batch_size": 2, "devices": 1, "nodes": 1, "accumulate": 1, "orders": 1}
        for name, minimum in least.items():
            if getattr(self, name) < minimum:
                raise ConfigError(f"trainer.{name}: found {getattr(self, name)}, expected at least {minimum}")
        if self.batch_size % self.ranks or self.batch_size < 2 * self.ranks:
            raise ConfigError(
                f"trainer.batch_size: found {self.batch_size}, expected a multiple of {self.ranks} of at least {2 * self.ranks}: "
                f"it is shared out among {self.ranks} devices"
            )
        if self.strategy.startswith("fsdp") and self.accelerator in ("cpu", "mps"):
            raise ConfigError(f"trainer.strategy: found {self.strategy}, which needs GPUs of CUDA; expected ddp or auto here")

    @property
    def ranks(self) -> int:
        """How many processes train a fold together."""
        return self.devices * self.nodes


def resolve_auto(trainer: Mapping[str, Any]) -> dict[str, Any]:
    """The trainer's configuration with every `auto` replaced by what this machine gains from.

    bf16 where processor or GPU computes in it; elsewhere it is emulated and slower than float32. channels_last
    everywhere but on Apple's GPUs. Empty, for a model that is not trained in epochs, it stays empty. Raises ConfigError
    where this machine has no accelerator of the kind that is asked for.
    """
    if not trainer:
        return {}
    import torch

    resolved = dict(trainer)
    if resolved.get("accelerator", "auto") == "auto":
        mps = torch.backends.mps.is_available()
        resolved["accelerator"] = "cuda" if torch.cuda.is_available() else "mps" if mps else "cpu"
    require_here(resolved["accelerator"])
    together = started_together()
    if resolved.get("devices") == "auto":
        resolved["devices"] = together.local if together.ranks > 1 else max(1, gpus())
    if resolved.get("nodes") == "auto":
        resolved["nodes"] = together.nodes
    if resolved.get("precision", "auto") == "auto":
        resolved["precision"] = "bf16-mixed" if computes_in_bf16(resolved["accelerator"]) else "32-true"
    if resolved.get("channels_last", "auto") == "auto":
        resolved["channels_last"] = resolved["accelerator"] != "mps"
    return resolved


def require_here(accelerator: object) -> None:
    """Raise ConfigError where a kind of GPU is asked for that this machine has not; other names are mistakes of their own."""
    import torch

    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if {"cuda": cuda, "gpu": cuda, "mps": mps}.get(str(accelerator), True):
        return
    here = [name for name, found in (("cpu", True), ("cuda", cuda), ("mps", mps)) if found]
    raise ConfigError(f"trainer.accelerator: found {accelerator}, expected {' or '.join(here)}, which is what this machine has")


def require_started(together: Ranks, trainer: Mapping[str, Any]) -> None:
    """Raise ConfigError where what was started can never be the devices of `trainer`; what is no number is said elsewhere."""
    devices, nodes = trainer.get("devices", 1), trainer.get("nodes", 1)
    if not trainer or not isinstance(devices, int) or not isinstance(nodes, int):
        return
    asked = f"trainer.devices={devices} and trainer.nodes={nodes}"
    if together.by is None and nodes > 1:
        raise ConfigError(
            f"{asked}: found one process, started by itself, expected {devices} on each of {nodes} machines. "
            f"Start them by torchrun or srun, or set trainer.nodes=1."
        )
    if together.by is not None and (devices, nodes) != (together.local, together.nodes):
        raise ConfigError(
            f"{asked}: found {together.ranks} started by {together.by}, {together.local} on each machine. Let it start as many "
            f"as that, or set trainer=ddp trainer.devices={together.local} trainer.nodes={together.nodes}."
        )


def computes_in_bf16(accelerator: str) -> bool:
    """Whether bf16 has instructions of its own on this machine."""
    import torch

    if accelerator in ("cuda", "gpu"):
        return torch.cuda.is_available() and torch.cuda.get_device_capability() >= (8, 0)
    if accelerator == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return False
