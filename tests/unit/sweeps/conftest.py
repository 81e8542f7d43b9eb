"""This file gives the tests of sweeps a program and a sweep of it, and skips them where Optuna is not installed."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
pytest.importorskip("optuna", reason="pip install 'ferlab[sweep]'")


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs of milliseconds are looked at more often than trainings."""
    monkeypatch.setattr("fer.sweeps.trial.LOOK", 0.02)
    monkeypatch.setattr("fer.sweeps.worker.PATIENCE", 0.05)


@pytest.fixture(scope="session")
def empty_storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with Optuna's tables, which take a second to make."""
    from fer.sweeps.storage import open_storage, sqlite_file

    path = tmp_path_factory.mktemp("storage") / "empty.db"
    open_storage(sqlite_file(path))
    return path


@pytest.fixture(autouse=True)
def storages(empty_storage: Path, tmp_path: Path) -> None:
    """A storage of its own for each test, made beforehand."""
    for path in (tmp_path / "sweep.db", tmp_path / "out" / "sweeps" / "small.db"):
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(empty_storage, path)
