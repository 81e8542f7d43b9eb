"""This file keeps tests from one another and from the user: each has a cache, data and output of its own."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"  # tests run beside one another; torch's threads would only be in the way


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prepared faces and digests of a test lie in its temporary folder."""
    monkeypatch.setenv("FER_CACHE", str(tmp_path / "cache"))
