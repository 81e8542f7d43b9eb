"""This test runs six folds in four ways, and by Ray where it is installed: the same bytes are left (make check-slow)."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from tiny_run import ROOT, TINY, predictions

SIX_FOLDS = [*TINY, "protocol.folds=6", "trainer.epochs=3"]


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    folder.mkdir(exist_ok=True)
    return subprocess.Popen([sys.executable, str(ROOT / "train.py"), *arguments, *SIX_FOLDS], cwd=folder)


@pytest.mark.slow
def test_four_ways_to_run_six_folds_leave_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="needs pip install 'ferlab[slurm]'")
    shards = ["run.shard=1/2", "run.shard=2/2"]
    ways = {
        "serial": [[]],
        "workers": [["run.workers=2"]],
        "shards": [[shard] for shard in shards],
        "submitit": [["-m", "hydra/launcher=submitit_local", "run.shard=1/2,2/2"]],
    }
    if find_spec("ray"):
        ways["ray"] = [["-m", "hydra/launcher=ray", "run.shard=1/2,2/2"]]
    for name, commands in ways.items():
        processes = [start(tmp_path / name, *arguments) for arguments in commands]
        assert [process.wait() for process in processes] == [0] * len(processes)
    serial = predictions(tmp_path / "serial" / "outputs")
    assert len(serial) == 6
    for name in ways:
        assert predictions(tmp_path / name / "outputs") == serial, name
