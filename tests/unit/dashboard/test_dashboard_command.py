"""This file tests `fer dashboard` as a user calls it: where it listens, how it ends, and what it refuses."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="pip install 'ferlab[dashboard]'")

from fer.cli.main import main
from fer.listening import HOST

ROOT = Path(__file__).parents[3]


def test_ctrl_c_ends_it_at_once_and_without_a_traceback(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "fer", "dashboard", str(tmp_path), "--port", port]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert f"http://127.0.0.1:{port}/" in said
        assert b"There is no run here yet" in urllib.request.urlopen(said.split()[1], timeout=10).read()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=5)
    assert (process.returncode, errors) == (130, "Interrupted.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "RunError: nowhere does not exist yet"),
        (["file"], "RunError: file is a file"),
        ([".", "--port", "70000"], "ConfigError: --port: found 70000"),
    ],
)
def test_what_cannot_be_served_is_one_message_and_status_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    assert main(["dashboard", *arguments]) == 2
    shown, errors = capsys.readouterr()
    assert shown == ""
    assert errors.startswith(said)


def test_a_missing_library_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("fer.listening.find_spec", lambda name: None)
    assert main(["dashboard", str(tmp_path)]) == 2
    assert "pip install 'ferlab[dashboard]'" in capsys.readouterr().err


def test_the_leaderboard_needs_neither_torch_nor_hydra_nor_optuna() -> None:
    heavy = "('torch', 'lightning', 'hydra', 'optuna', 'vl_convert')"
    code = f"import sys; import fer.dashboard.server; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, env=os.environ)
    assert found.stdout.strip() == "[]", found.stderr
