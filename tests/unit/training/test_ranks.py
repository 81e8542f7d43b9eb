"""This file tests what is read from the environment of torchrun and srun, and how settings are shared out among ranks."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from composing import composed
from lightning.pytorch.strategies import FSDPStrategy
from planted import planted_cohort

from fer.build import build
from fer.data.augment import Augmentation
from fer.data.datamodule import FaceDataModule
from fer.errors import ConfigError
from fer.results.store import RunStore
from fer.training import ranks, run
from fer.training.experiment import RunSettings
from fer.training.how import recorded_threads, threads_line
from fer.training.learner import FoldContext
from fer.training.optimisation import require_averaging_works
from fer.training.ranks import Ranks, require_srun, started_together
from fer.training.settings import TrainerSettings, require_started, resolve_auto
from fer.training.together import require_as_many
from fer.training.trainer import make_trainer

TORCHRUN = {"TORCHELASTIC_RUN_ID": "x", "RANK": "3", "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "2", "LOCAL_RANK": "1"}
BATCH_SCRIPT = {"SLURM_NTASKS": "8", "SLURM_NNODES": "2", "SLURM_PROCID": "5", "SLURM_JOB_NAME": "train"}
SRUN = {**BATCH_SCRIPT, "SLURM_STEP_ID": "0", "SLURM_NTASKS_PER_NODE": "4"}


@pytest.mark.parametrize(
    ("environment", "expected", "nodes"),
    [
        ({}, Ranks(), 1),
        (TORCHRUN, Ranks(3, 4, 2, "torchrun"), 2),
        (SRUN, Ranks(5, 8, 4, "srun"), 2),
        ({**SRUN, "SLURM_JOB_NAME": "interactive"}, Ranks(), 1),
        ({"SLURM_NTASKS": "1", "SLURM_JOB_NAME": "one fold of an array"}, Ranks(by="srun"), 1),
        ({"LOCAL_RANK": "1"}, Ranks(), 1),  # Lightning's own, which it starts from a worker
    ],
)
def test_processes_that_were_started_together_know_it(environment: Mapping[str, str], expected: Ranks, nodes: int) -> None:
    found = started_together(environment)
    assert found == expected
    assert found.nodes == nodes
    assert found.is_first == (found.rank == 0)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (BATCH_SCRIPT, "found 8 tasks, but a batch script starts its command once. Put srun before the command, or ask for --nt"),
        ({**BATCH_SCRIPT, "SLURM_STEP_ID": "0"}, "Give srun --ntasks-per-node=4 in place of --ntasks"),
    ],
)
def test_a_slurm_job_that_would_wait_for_ever_says_how_to_start_it(environment: Mapping[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        require_srun(environment)
    for fine in ({}, SRUN, TORCHRUN, {**BATCH_SCRIPT, "SLURM_NTASKS": "1"}, {**BATCH_SCRIPT, "SLURM_JOB_NAME": "bash"}):
        require_srun(fine)


@pytest.mark.parametrize(
    ("together", "trainer", "said"),
    [
        (Ranks(), {"devices": 1, "nodes": 2}, "found one process, started by itself, expected 1 on each of 2 machines"),
        (Ranks(0, 2, 2, "torchrun"), {"devices": 1, "nodes": 1}, "found 2 started by torchrun, 2 on each machine"),
        (Ranks(0, 2, 2, "torchrun"), {"devices": 1, "nodes": 2}, "trainer.devices=2 trainer.nodes=1"),
        (Ranks(by="srun"), {"devices": 4, "nodes": 1}, "found 1 started by srun"),
    ],
)
def test_devices_that_nobody_started_are_refused(together: Ranks, trainer: Mapping[str, int], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        require_started(together, trainer)


def test_devices_that_were_started_or_that_lightning_will_start_pass() -> None:
    require_started(Ranks(), {"devices": 2, "nodes": 1})
    require_started(Ranks(3, 4, 2, "torchrun"), {"devices": 2, "nodes": 2})
    require_started(Ranks(3, 4, 2, "torchrun"), {})  # a model that is not trained in epochs is refused by what it learns in


def test_auto_devices_are_those_that_were_started(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = composed("trainer=ddp")["trainer"]
    alone = resolve_auto({**trainer, "accelerator": "cpu"})
    assert (alone["devices"], alone["nodes"]) == (1, 1)
    for name, value in TORCHRUN.items():
        monkeypatch.setenv(name, value)
    shared = resolve_auto({**trainer, "accelerator": "cpu"})
    assert (shared["devices"], shared["nodes"], shared["strategy"]) == (2, 2, "ddp")
    assert build(shared, "trainer").ranks == 4


def test_more_processes_than_a_model_learns_in_are_refused() -> None:
    require_as_many(Ranks(0, 2, 2), devices=2)
    with pytest.raises(ConfigError, match="it learns in 1 process, but 2 were started together"):
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
        loader.batch_sampler.sampler.set_epoch(2)  # type: ignore[attr-defined]
        return [set(np.asarray(batch.positions).tolist()) for batch in loader]

    alone, first, second = steps(0, 1), steps(0, 2), steps(1, 2)
    assert len(alone) == len(first) == len(second) == len(faces) // 10
    assert [a | b for a, b in zip(first, second, strict=True)] == alone


def fsdp(accelerator: str) -> TrainerSettings:
    """The settings of trainer=fsdp on a machine with two such devices."""
    devices = {"accelerator": accelerator, "devices": 2, "nodes": 1, "precision": "32-true", "channels_last": True}
    settings: TrainerSettings = build({**composed("trainer=fsdp")["trainer"], **devices}, "trainer")
    return settings


@pytest.mark.parametrize("accelerator", ["cpu", "mps"])
def test_fsdp_is_refused_where_there_are_no_gpus_of_cuda(accelerator: str) -> None:
    with pytest.raises(ConfigError, match="found fsdp, which needs GPUs of CUDA"):
        fsdp(accelerator)


def test_lightning_makes_fsdp_of_its_configuration_where_there_are_gpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("torch.cuda.device_count", "lightning.fabric.accelerators.cuda.num_cuda_devices"):
        monkeypatch.setattr(name, lambda: 2)
    monkeypatch.setattr("lightning.fabric.accelerators.cuda._get_all_visible_cuda_devices", lambda: [0, 1])
    fold = FoldContext(name="00", folder=tmp_path, seed=0, threads=1)
    trainer = make_trainer(fsdp("cuda"), fold, [], epochs=1)
    assert isinstance(trainer.strategy, FSDPStrategy)
    assert trainer.world_size == 2


@pytest.mark.parametrize("average", [{"average": 0.99}, {"average_after": 0.5}])
def test_weights_in_pieces_are_not_averaged(average: Mapping[str, float]) -> None:
    optim = composed("optim=adamw_cosine")["optim"]
    require_averaging_works(build(optim, "optim"), fsdp("cuda"))
    averaged = build({**optim, **average}, "optim")
    require_averaging_works(averaged, TrainerSettings(epochs=1, devices=2, strategy="ddp"))
    with pytest.raises(ConfigError, match=r"trainer\.strategy=fsdp prevents\. Set optim\.average=null, or trainer=ddp"):
        require_averaging_works(averaged, fsdp("cuda"))


def test_every_process_goes_on_with_the_threads_that_the_run_began_with(tmp_path: Path) -> None:
    store, asked = RunStore(tmp_path / "run"), RunSettings(threads=3)
    assert recorded_threads(store, asked) == 3
    store.create(what={}, provenance={"threads": 2}, folds={"folds": []})
    assert recorded_threads(store, asked) == 2
    assert threads_line(asked, 2) == "This run began with 2 threads a fold; it goes on with them rather than with 3."
    assert threads_line(RunSettings(), 2) is None


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
