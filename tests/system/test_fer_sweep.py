"""This file tests `fer sweep` as a user calls it: workers in processes of their own, killed, stopped, and on PostgreSQL."""

import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fer.cli.main import main

pytest.importorskip("optuna", reason="pip install 'ferlab[sweep]'")

ROOT = Path(__file__).parents[2]
SMALL = str(ROOT / "tests" / "unit" / "sweeps" / "small_sweep.py")

MADE_UP = str(ROOT / "tests" / "unit" / "results" / "made_up_run.py")

#: Leaves a run with made-up scores where train.py would leave its own: seed 7 has the best ones on validation.
PROGRAM = """
import json, shutil, sys, time
from pathlib import Path

seed = dict(word.split("=", 1) for word in sys.argv[1:])["seed"]
here = Path(__file__).parent
with (here / "starts").open("a") as file:
    file.write(f"{seed}\\n")
time.sleep(0.3)
folder = Path(json.loads((here / "folders.json").read_text())[seed])
shutil.copytree(here / "made_up", folder, dirs_exist_ok=True)
card = folder / "folds" / "00" / "card.json"
content = json.loads(card.read_text())
content["selection"]["value"] = 1 - abs(int(seed) - 7) / 20
card.write_text(json.dumps(content))
"""

QUICK = ["model=nearest_neighbour", "features=pixels", "preprocess=none", "data.synthetic.subjects=6", "data.synthetic.size=24"]


def write_sweep(folder: Path, **changed: Any) -> Path:
    """A sweep over the seeds 0 to 11 of the program."""
    (folder / "program.py").write_text(PROGRAM)
    content = {
        "program": "program.py",
        "method": "grid",
        "metric": {"name": "val_macro_f1", "goal": "maximize"},
        "parameters": {"seed": {"min": 0, "max": 11}},
        "command": ["${env}", "${interpreter}", "${program}", *QUICK, "${args_no_hyphens}"],
        **changed,
    }
    path = folder / "seeds.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def write_made_up(folder: Path) -> None:
    """What the program leaves, and where."""
    from fer.cli.foreseen import foresee

    made_up = runpy.run_path(MADE_UP)
    made_up["write_run"](folder / "made_up", [made_up["made_up_predictions"](60, subjects=10, fold="00")])
    folders = {str(seed): str(foresee([*QUICK, f"seed={seed}"]).folder) for seed in range(12)}
    (folder / "folders.json").write_text(json.dumps(folders))


def until(happened: Callable[[], bool], *, seconds: float = 120) -> None:
    """Wait, not forever."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def fer(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([*map(str, arguments)])
    return status, *capsys.readouterr()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to start sweeps in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.mark.slow
def test_of_twelve_trials_and_two_workers_of_which_one_is_killed_all_are_done_and_none_twice(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_sweep(here)
    write_made_up(here)
    command = [sys.executable, "-m", "fer", "sweep", str(path)]
    begun = here / "starts"
    killed = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    other = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    until(lambda: begun.exists() and len(begun.read_text().split()) >= 4)
    killed.send_signal(signal.SIGKILL)
    shown, _ = other.communicate(timeout=180)
    assert other.returncode == 0
    killed.wait()

    assert "12 trials: 12 done" in shown
    assert "was killed" in shown
    counted = Counter(begun.read_text().split())
    assert set(counted) == {str(seed) for seed in range(12)}
    assert counted.total() <= 13  # the killed worker's trial was begun again, unless it was between two
    assert len(list((here / "outputs").glob("synthetic-*"))) == 12

    status, found, _ = fer(capsys, "sweep", path, "--status")
    assert status == 0
    assert found.replace(" \n", "\n") in shown.replace(" \n", "\n")
    assert "Chosen   trial 7, val_macro_f1 1.0000 on validation" in found
    assert found.count("Accuracy %") == 1  # the test set is read once, for what is chosen


def test_a_dry_run_and_a_status_create_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_sweep(here)
    before = sorted(here.rglob("*"))
    status, shown, errors = fer(capsys, "sweep", path, "--dry-run", "--output", "elsewhere")
    assert (status, errors) == (0, "")
    lines = shown.splitlines()
    assert len(lines) == 12
    assert lines[3] == f"/usr/bin/env {sys.executable} program.py {' '.join(QUICK)} seed=3 run.output=elsewhere"
    assert "12 trials: 12 not started" in fer(capsys, "sweep", path, "--status")[1]
    assert [found for found in sorted(here.rglob("*")) if found.parent.name != "__pycache__"] == before


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"parameters": {"model.widht": {"values": [1, 2]}}}, "ConfigError: model.widht: "),
        ({"parameters": {"model": {"values": ["cnnn"]}}}, "did you mean 'cnn'"),
        ({"parameters": {"seed": {"values": ["one"]}}}, "seed: found 'one', expected a whole number"),
        ({"metric": {"name": "test_accuracy", "goal": "maximize"}}, "A test score never chooses"),
        ({"program": "nowhere.py"}, "there is no nowhere.py"),
        ({"early_terminate": {"type": "hyperband", "min_iter": 1}}, "the model is not trained in epochs"),
    ],
)
def test_what_is_wrong_is_one_message_and_nothing_is_created(
    here: Path, capsys: pytest.CaptureFixture[str], changed: dict[str, Any], said: str
) -> None:
    status, shown, errors = fer(capsys, "sweep", write_sweep(here, **changed))
    assert (status, shown) == (2, "")
    assert said in errors
    assert "Traceback" not in errors
    assert not (here / "outputs").exists()


def test_numbers_that_make_no_sense_and_storages_out_of_reach_are_one_message(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_sweep(here)
    for words in (["--workers", "0"], ["--trials", "0"], ["--retries", "-1"], ["--storage", "oracle://x"]):
        status, _, errors = fer(capsys, "sweep", path, *words)
        assert (status, errors.startswith("ConfigError: --")) == (2, True)
    status, _, errors = fer(capsys, "sweep", path, "--storage", "postgresql://me:secret@127.0.0.1:1/sweeps")
    assert (status, errors.startswith("OutputError: the sweep's storage postgresql")) == (2, True)
    assert "secret" not in errors


def test_without_optuna_the_message_says_what_to_install(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    status, _, errors = fer(capsys, "sweep", write_sweep(here))
    assert status == 2
    assert "pip install 'ferlab[sweep]'" in errors


@pytest.mark.slow
def test_trials_of_train_itself_cost_nothing_the_second_time(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = yaml.safe_load((ROOT / "sweeps" / "smoke.yaml").read_text())
    parameters = {"features.cell": {"values": [8, 12]}}
    path = write_sweep(here, **{**content, "program": str(ROOT / "train.py"), "parameters": parameters})
    status, shown, _ = fer(capsys, "sweep", path)
    assert status == 0
    assert "2 trials: 2 done" in shown
    status, again, news = fer(capsys, "sweep", path, "--storage", f"sqlite:///{here}/another.db")
    assert (status, again.splitlines()[3:]) == (0, shown.splitlines()[3:])
    assert "trial 1 is done" in news
    assert not list((here / "outputs" / "sweeps").rglob("*-02.log"))


@pytest.mark.slow
def test_hyperband_stops_a_training_of_train_itself(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = [
        "data.synthetic.subjects=12",
        "data.synthetic.takes=2",
        "data.synthetic.size=24",
        "protocol.folds=2",
        "run.threads=1",
    ]
    tiny = [*small, "model.size=24", "model.stem=4", "model.widths=[8]", "trainer.epochs=40", "trainer.batch_size=8"]
    path = write_sweep(
        here,
        program=str(ROOT / "train.py"),
        command=["${interpreter}", "${program}", *tiny, "${args_no_hyphens}"],
        metric={"name": "val_loss", "goal": "minimize"},
        parameters={"optim.optimizer.lr": {"values": [0.1, 1.0e-9]}},
        early_terminate={"type": "hyperband", "min_iter": 20},
    )
    status, shown, _ = fer(capsys, "sweep", path)
    assert status == 0
    assert "1 done, 1 pruned" in shown
    assert "Chosen   trial 0" in shown


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[str]:
    """The address of a real PostgreSQL server of this test's own, on loopback."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))  # Debian's place, which is not in PATH
    initdb = shutil.which("initdb", path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")]))
    if initdb is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    pytest.importorskip("psycopg", reason="pip install 'ferlab[sweep]'")
    yield from serve(Path(initdb).parent, tmp_path)


def serve(programs: Path, folder: Path) -> Iterator[str]:
    """Run a server whose data lie in `folder`, as another user where this one is root, which PostgreSQL refuses."""
    import getpass
    import socket
    import tempfile

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = getpass.getuser() == "root"
    user: dict[str, Any] = {"user": "postgres"} if root else {}
    data = Path(tempfile.mkdtemp(prefix="ferlab-postgres-"))
    if root:
        try:
            shutil.chown(data, "postgres")
        except LookupError:
            pytest.skip("PostgreSQL refuses to run as root, and there is no user postgres")
    quiet: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL, "cwd": data, **user}
    try:
        subprocess.run([programs / "initdb", "-D", data / "base", "-U", "fer", "-A", "trust", "--no-sync"], **quiet)
        options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories={data} -c fsync=off"
        control = [str(programs / "pg_ctl"), "-D", str(data / "base"), "-l", str(data / "log"), "-w"]
        subprocess.run([*control, "-o", options, "start"], **quiet)
        try:
            yield f"postgresql://fer@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **quiet)
    finally:
        shutil.rmtree(data, ignore_errors=True)


@pytest.mark.slow
def test_two_workers_share_a_sweep_in_postgresql(postgres: str, tmp_path: Path) -> None:
    small = runpy.run_path(SMALL)
    path = small["write_sweep"](tmp_path, parameters={"x": {"min": 1, "max": 6}}, words=["pause=0.05"])
    command = [sys.executable, SMALL, str(path), postgres]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    shown = [worker.communicate(timeout=120)[0] for worker in workers]
    assert all("{'done': 6}" in text for text in shown), shown
    begun = [line for text in shown for line in text.splitlines() if "begins" in line]
    assert len(begun) == len(set(begun)) == 6
    assert sorted((tmp_path / "out" / "starts").read_text().split()) == list("123456")
    standing = small["work_on"](path, url=postgres)
    assert standing.chosen.settings == {"x": "3"}
