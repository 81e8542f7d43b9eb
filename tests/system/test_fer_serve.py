"""This file tests `fer serve` end to end: its answers, its end, what it warns of and refuses, and how it bears a load."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from portrait import portrait

pytest.importorskip("fastapi", reason="pip install 'ferlab[serve]'")

from fer.cli.main import main
from fer.deploy.model import USE

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Server:
    """A process that serves, and where."""

    process: subprocess.Popen[str]
    address: str

    def ask(self, path: str, body: bytes | None = None) -> dict[str, object]:
        with urllib.request.urlopen(self.address + path, body, timeout=90) as answer:
            return dict(json.load(answer))

    @property
    def memory(self) -> float:
        """MiB that the process has in memory, and not in a file."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


@contextmanager
def serving(*arguments: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "fer", "serve", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield Server(process, process.stdout.readline().split()[1])
        finally:
            process.kill()


@pytest.fixture(scope="module")
def photo() -> bytes:
    """The portrait in 320 × 320 pixels, as JPEG."""
    file = BytesIO()
    Image.fromarray(portrait()).resize((320, 320), Image.Resampling.LANCZOS).save(file, "JPEG", quality=85)
    return file.getvalue()


@pytest.mark.slow
def test_what_was_accepted_is_answered_when_the_server_is_ended_and_other_machines_are_warned_of(photo: bytes) -> None:
    with serving("--host", "0.0.0.0") as server, ThreadPoolExecutor(8) as pool:
        port = server.address.rpartition(":")[2]
        local = Server(server.process, f"http://127.0.0.1:{port}")
        assert local.ask("health")["model"] == "fer2013_small"
        answers = [pool.submit(local.ask, "predict", photo) for _ in range(8)]
        while int(str(local.ask("health")["waiting"])) < 4:
            time.sleep(0.005)
        server.process.send_signal(signal.SIGTERM)
        assert {len(answer.result()["faces"]) for answer in answers} == {1}  # type: ignore[arg-type]
        _, said = server.process.communicate(timeout=30)
    assert USE in said
    assert "Warning: --host 0.0.0.0 lets other machines send pictures" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ["serve", "demo"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "70000"], "--port: found 70000"),
        (["--threads", "0"], "--threads: found 0"),
        (["--rate", "0"], "--rate: found 0, expected a number above 0"),
        (["--max-mib", "-1"], "--max-mib: found -1"),
        (["--max-megapixels", "nan"], "--max-megapixels: found nan"),
        (["--run", "nowhere"], "nowhere: found no such run"),
        (["--detector", "eyes"], "expected haar or yunet"),
    ],
)
def test_what_cannot_be_served_is_one_message_and_status_2(
    capsys: pytest.CaptureFixture[str], command: str, arguments: list[str], said: str
) -> None:
    assert main([command, *arguments]) == 2
    shown, errors = capsys.readouterr()
    assert shown == ""
    assert said in errors
    assert len(errors.splitlines()) == 1


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("fer.listening.find_spec", lambda name: None)
    assert main(["serve"]) == 2
    assert "pip install 'ferlab[serve]'" in capsys.readouterr().err


@pytest.mark.slow
def test_two_hundred_requests_at_once_are_all_answered_and_memory_stays(
    photo: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photo.jpg").write_bytes(photo)

    def load(seconds: int) -> str:
        sent = ["http://127.0.0.1:" + server.address.rsplit(":", 1)[1] + "predict", str(tmp_path / "photo.jpg")]
        command = [sys.executable, "-m", "fer.serve.load", *sent, "--requests", "200", "--seconds", str(seconds)]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout.strip()

    with serving() as server:
        load(5)
        before = server.memory
        found = load(60)
        after = server.memory
    with capsys.disabled():
        print(
            f"\n200 requests at once for 60 s: {found}; {before:.0f} MiB before, {after:.0f} after; load {os.getloadavg()[0]:.1f}"
        )
    assert after < before + 100
