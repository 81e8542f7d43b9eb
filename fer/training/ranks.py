"""This file tells whether torchrun or srun has started several processes that train together, and which one this is."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

#: Names of SLURM jobs in which a user types commands; what is started there is started once.
INTERACTIVE = ("bash", "interactive")


@dataclass(frozen=True)
class Ranks:
    """This process's number among `ranks` that were started together, `local` of them on this machine."""

    rank: int = 0
    ranks: int = 1
    local: int = 1

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
        return Ranks(*(int(environment[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")))
    if "SLURM_NTASKS" in environment and environment.get("SLURM_JOB_NAME") not in INTERACTIVE:
        ranks, nodes = int(environment["SLURM_NTASKS"]), int(environment.get("SLURM_NNODES", "1"))
        return Ranks(int(environment.get("SLURM_PROCID", "0")), ranks, max(1, ranks // nodes))
    return Ranks()


def gpus() -> int:
    """How many CUDA devices this process may use."""
    import torch

    return torch.cuda.device_count()
