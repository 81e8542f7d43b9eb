"""This file tells whether torchrun or srun has started processes that train together, how many, and which one this is."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fer.errors import ConfigError

#: Names of SLURM jobs in which a user types commands; what is started there is started once.
INTERACTIVE = ("bash", "interactive")


@dataclass(frozen=True)
class Ranks:
    """This process's number among `ranks` that were started together, `local` of them on this machine.

    `by` is what started them. Where nothing has, Lightning starts further ones on this machine itself.
    """

    rank: int = 0
    ranks: int = 1
    local: int = 1
    by: Literal["torchrun", "srun"] | None = None

    @property
    def is_first(self) -> bool:
        """Whether this is the process that locks, predicts and writes."""
        return self.rank == 0

    @property
    def nodes(self) -> int:
        """On how many machines they are."""
        return max(1, self.ranks // self.local)


def started_together(environment: Mapping[str, str] = os.environ) -> Ranks:
    """What the environment says of this process; alone where nothing has started several."""
    if "TORCHELASTIC_RUN_ID" in environment:
        rank, ranks, local = (int(environment[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"))
        return Ranks(rank, ranks, local, by="torchrun")
    if "SLURM_NTASKS" in environment and environment.get("SLURM_JOB_NAME") not in INTERACTIVE:
        ranks, nodes = int(environment["SLURM_NTASKS"]), int(environment.get("SLURM_NNODES", "1"))
        return Ranks(int(environment.get("SLURM_PROCID", "0")), ranks, max(1, ranks // nodes), by="srun")
    return Ranks()


def is_first_process(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this is the first of all processes that train a fold; Lightning numbers those that it starts by LOCAL_RANK."""
    return started_together(environment).is_first and environment.get("LOCAL_RANK", "0") == "0"


def require_srun(environment: Mapping[str, str] = os.environ) -> None:
    """Raise ConfigError where a SLURM job of several tasks would wait for ever, or be refused by Lightning in its own words.

    srun alone gives its processes a step; a batch script is one process, whatever number of tasks its job has.
    """
    together = started_together(environment)
    if together.by != "srun" or together.ranks == 1:
        return
    if "SLURM_STEP_ID" not in environment:
        raise ConfigError(
            f"SLURM_NTASKS: found {together.ranks} tasks, but a batch script starts its command once. "
            f"Put srun before the command, or ask for --ntasks=1."
        )
    if "SLURM_NTASKS_PER_NODE" not in environment:
        raise ConfigError(
            f"SLURM_NTASKS: found {together.ranks} tasks, and not how many on each machine, which Lightning asks for. "
            f"Give srun --ntasks-per-node={together.local} in place of --ntasks."
        )


def gpus() -> int:
    """How many CUDA devices this process may use."""
    import torch

    return torch.cuda.device_count()
