"""This file tests what the dashboard finds below a folder, and what it keeps to itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fer.dashboard.outputs import Outputs, look_through, stamp_of_run
from fer.files import write_json


def make_run(folder: Path) -> Path:
    for name in ("config.json", "folds.json"):
        write_json(folder / name, {})
    (folder / "folds" / "00").mkdir(parents=True)
    return folder


def test_runs_are_found_at_any_depth_and_the_insides_of_runs_and_hidden_folders_are_not_searched(tmp_path: Path) -> None:
    for name in ("a", "deep/er/b", "a/inside", ".hidden/c"):
        make_run(tmp_path / name)
    assert list(look_through(tmp_path).runs) == ["a", "deep/er/b"]


def test_a_folder_that_is_a_run_itself_has_the_name_of_a_dot(tmp_path: Path) -> None:
    assert list(look_through(make_run(tmp_path)).runs) == ["."]


def test_a_sweep_has_the_storage_of_its_file_whatever_its_digest(tmp_path: Path) -> None:
    (tmp_path / "models" / "sweeps").mkdir(parents=True)
    (tmp_path / "models" / "sweeps" / "rate-fast.db").touch()
    outputs = Outputs(tmp_path)
    assert outputs.storage_of("models/sweeps/rate-fast-0a1b2c3d") == tmp_path / "models" / "sweeps" / "rate-fast.db"
    assert outputs.storage_of("models/sweeps/rate-0a1b2c3d") is None
    assert outputs.storage_of("") is None


@pytest.fixture
def served(tmp_path: Path) -> Outputs:
    run = make_run(tmp_path / "outputs" / "run")
    (tmp_path / "secret.json").write_text("{}")
    for name in ("report.json", "leak.json.bak", "model.safetensors", ".hidden.json", "folds/00/predictions.csv"):
        (run / name).write_text("")
    (run / "out.json").symlink_to(tmp_path / "secret.json")
    (run / "in.json").symlink_to(run / "report.json")
    return Outputs(tmp_path / "outputs")


@pytest.mark.parametrize("name", ["run/report.json", "run/folds/00/predictions.csv", "run/in.json"])
def test_what_a_page_needs_is_served(served: Outputs, name: str) -> None:
    assert served.file(name) is not None


@pytest.mark.parametrize(
    "name",
    [
        *("../secret.json", "run/../../secret.json", "/etc/hosts.json", "run/out.json", "run/.hidden.json", "run/\0.json"),
        *("run/model.safetensors", "run/leak.json.bak", "run", "run/nothing.json", ""),
    ],
)
def test_nothing_else_is_served(served: Outputs, name: str) -> None:
    assert served.file(name) is None


def grow_history(run: Path) -> None:
    (run / "folds" / ".01.working").mkdir()
    (run / "folds" / ".01.working" / "history.csv").write_text("epoch\n0\n")


def grow_order(run: Path) -> None:
    (run / "folds" / ".01.working" / "orders" / "2").mkdir(parents=True)
    (run / "folds" / ".01.working" / "orders" / "2" / "history.csv").write_text("epoch\n0\n")


def finish_fold(run: Path) -> None:
    (run / "folds" / "00" / "predictions.csv").write_text("fold\n")


def write_page(run: Path) -> None:
    (run / "index.html").write_text("")


@pytest.mark.parametrize("change", [grow_history, grow_order, finish_fold, write_page])
def test_the_stamp_of_a_run_changes_with_what_its_page_shows(tmp_path: Path, change: Callable[[Path], None]) -> None:
    run = make_run(tmp_path)
    before = stamp_of_run(run)
    assert stamp_of_run(run) == before
    change(run)
    assert stamp_of_run(run) != before


def test_the_stamp_of_a_run_does_not_change_with_checkpoints(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    before = stamp_of_run(run)
    (run / "folds" / "00" / "last.ckpt").write_text("")
    assert stamp_of_run(run) == before
