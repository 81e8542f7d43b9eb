"""This test trains on a million drawn faces; it takes about a quarter of an hour and runs with make check-slow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGES = 1_000_160  # 17,860 people × 7 expressions × 8 takes
LIMIT_GIB = 4.0


@pytest.mark.slow
def test_a_million_faces_are_prepared_and_trained_in_four_gibibytes(tmp_path: Path) -> None:
    people = ["data.synthetic.subjects=17860", "data.synthetic.takes=8"]
    small = ["model.stem=4", "model.widths=[8]", "augment=none", "trainer.epochs=1", "trainer.batch_size=512"]
    one_fold = ["protocol.folds=2", "run.folds=[0]", f"run.output={tmp_path}/outputs"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "train.py"), *people, *small, *one_fold], cwd=tmp_path, stdout=log, stderr=log
        )
        _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, (tmp_path / "log").read_text()[-2000:]
    peak = usage.ru_maxrss / 2**20
    print(f"{IMAGES:,} faces: peak of {peak:.2f} GiB resident, {usage.ru_utime + usage.ru_stime:.0f} s of processor time")
    assert peak < LIMIT_GIB
