"""This file tests what is read from the environment of torchrun and srun, and how settings are shared out among ranks."""

from collections.abc import Mapping

import numpy as np
import pytest
from composing import composed
from planted import planted_cohort

from fer.build import build
from fer.data.augment import Augmentation
from fer.data.datamodule import FaceDataModule
from fer.errors import ConfigError
from fer.training import ranks, run
from fer.training.experiment import RunSettings
from fer.training.ranks import Ranks, started_together
from fer.training.settings import TrainerSettings, resolve_auto
from fer.training.together import require_as_many

TORCHRUN = {"TORCHELASTIC_RUN_ID": "x", "RANK": "3", "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "2", "LOCAL_RANK": "1"}
SRUN = {"SLURM_NTASKS": "8", "SLURM_NNODES": "2", "SLURM_PROCID": "5", "SLURM_JOB_NAME": "train"}


@pytest.mark.parametrize(
    ("environment", "expected", "nodes"),
    [
        ({}, Ranks(), 1),
        (TORCHRUN, Ranks(3, 4, 2), 2),
        (SRUN, Ranks(5, 8, 4), 2),
        ({**SRUN, "SLURM_JOB_NAME": "interactive"}, Ranks(), 1),
        ({"SLURM_NTASKS": "1", "SLURM_JOB_NAME": "one fold of an array"}, Ranks(), 1),
        ({"LOCAL_RANK": "1"}, Ranks(), 1),  # Lightning's own, which it starts from a worker
    ],
)
def test_processes_that_were_started_together_know_it(environment: Mapping[str, str], expected: Ranks, nodes: int) -> None:
    found = started_together(environment)
    assert found == expected
    assert found.nodes == nodes
    assert found.is_first == (found.rank == 0)


def test_auto_devices_are_those_that_were_started(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = composed("trainer=ddp")["trainer"]
    alone = resolve_auto({**trainer, "accelerator": "cpu"})
    assert (alone["devices"], alone["nodes"]) == (1, 1)
    for name, value in TORCHRUN.items():
        monkeypatch.setenv(name, value)
    shared = resolve_auto({**trainer, "accelerator": "cpu"})
    assert (shared["devices"], shared["nodes"], shared["strategy"]) == (2, 2, "ddp")
    assert build(shared, "trainer").ranks == 4


def test_more_or_fewer_processes_than_the_experiment_wants_are_refused() -> None:
    require_as_many(Ranks(0, 2, 2), devices=2)
    with pytest.raises(ConfigError, match="found 1, but 2 processes were started together"):
        require_as_many(Ranks(0, 2, 2), devices=1)


@pytest.mark.parametrize("batch_size", [33, 2])
def test_a_batch_that_cannot_be_shared_out_is_refused(batch_size: int) -> None:
    with pytest.raises(ConfigError, match=f"found {batch_size}, expected a multiple of 4 of at least 8"):
        TrainerSettings(epochs=1, batch_size=batch_size, devices=2, nodes=2)


@pytest.mark.parametrize("sampling", ["natural", "balanced"])
def test_two_ranks_take_the_steps_of_one_on_the_same_faces(monkeypatch: pytest.MonkeyPatch, sampling: str) -> None:
    cohort = planted_cohort()
    faces = cohort.faces([record.id for record in cohort.records])

    def steps(rank: int, of: int) -> list[set[int]]:
        monkeypatch.setattr(FaceDataModule, "rank", rank)
        monkeypatch.setattr(FaceDataModule, "ranks", of)
        data = FaceDataModule(faces, faces, augment=Augmentation(), batch_size=10, seed=5, sampling=sampling)  # type: ignore[arg-type]
        loader = data.train_dataloader()
        loader.sampler.set_epoch(2)  # type: ignore[attr-defined]
        return [set(np.asarray(batch.positions).tolist()) for batch in loader]

    alone, first, second = steps(0, 1), steps(0, 2), steps(1, 2)
    assert len(alone) == len(first) == len(second) == len(faces) // 10
    assert [a | b for a, b in zip(first, second, strict=True)] == alone


def test_fsdp_composes_and_is_refused_where_it_cannot_work() -> None:
    trainer = composed("trainer=fsdp")["trainer"]
    assert build({**trainer, "accelerator": "cuda", "devices": 2, "nodes": 1}, "trainer").strategy == "fsdp"
    with pytest.raises(ConfigError, match="needs GPUs"):
        build({**trainer, "accelerator": "cpu", "devices": 2, "nodes": 1}, "trainer")


def test_each_worker_has_gpus_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 4)
    assert RunSettings(workers="auto").at_a_time == ranks.gpus() == 4
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7")
    alone = [run.worker_environment(place, 1)["CUDA_VISIBLE_DEVICES"] for place in range(5)]
    assert alone == ["4", "5", "6", "7", "4"]
    assert [run.worker_environment(place, 2)["CUDA_VISIBLE_DEVICES"] for place in range(3)] == ["4,5", "6,7", "4,5"]
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    assert RunSettings(workers="auto").at_a_time == 1
    assert run.worker_environment(0, 1)["CUDA_VISIBLE_DEVICES"] == "4,5,6,7"
