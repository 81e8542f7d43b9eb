"""This file sends the servers what no browser sends: they answer in words, with what they should, and to this machine alone."""

import os
import runpy
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="pip install 'ferlab[serve]'")

from starlette.testclient import TestClient

from fer.dashboard.app import application as dashboard
from fer.data.preprocessing.frame import Frame
from fer.deploy.detector import Detector, Found
from fer.deploy.model import model
from fer.deploy.predictor import Predictor
from fer.listening import HOSTS, bound, listening
from fer.serve.app import application as server
from fer.serve.limits import Limits

MADE_UP = runpy.run_path(str(Path(__file__).parents[1] / "unit" / "results" / "made_up_run.py"))


class Nothing(Detector):
    """Finds no face."""

    def find(self, image: np.ndarray) -> tuple[Found, ...]:
        assert Frame.of(image)
        return ()


@pytest.fixture
def serving() -> Iterator[TestClient]:
    """The server of a network, on loopback."""
    described = {
        "preprocess": {"_target_": "fer.data.preprocessing.face_crop.FaceCrop"},
        "labels": ["dark", "bright"],
        "size": 8,
        "channels": 1,
    }
    one = model("brightness", described, lambda faces: np.full((len(faces), 2), 0.5, np.float32), Path("brightness"))
    with TestClient(server(Predictor(one, Nothing()), Limits(bytes=2**20), hosts=HOSTS), base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def board(tmp_path: Path) -> TestClient:
    """The dashboard of a run, beside which lies a secret."""
    MADE_UP["write_run"](tmp_path / "outputs" / "run", MADE_UP["made_up_folds"](2, n=40))
    (tmp_path / "secret.json").write_text('{"secret": 1}')
    return TestClient(dashboard(tmp_path / "outputs"), base_url="http://127.0.0.1", raise_server_exceptions=True)


WRONG_HOSTS = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil:80",
    "[",
    "[::1",
    "a@127.0.0.1:x",
    "",
    "\x7f",
    "127.0.0.1, evil",
]


@pytest.mark.parametrize("host", WRONG_HOSTS)
def test_a_request_under_another_name_is_refused_in_words(host: str, serving: TestClient, board: TestClient) -> None:
    assert serving.get("/health", headers={"host": host}).status_code in (200, 403)
    if "evil" in host or host in ("", "[", "[::1"):
        answer = serving.post("/predict", headers={"host": host}, content=b"x")
        assert answer.status_code == 403
        assert "found host" in answer.json()["error"]
        assert board.get("/", headers={"host": host}).status_code == 400


@pytest.mark.parametrize(
    "origin", ["null", "http://evil.example", "http://[", "https://127.0.0.1.evil.example", "file://", "x" * 9000]
)
def test_a_page_of_another_origin_is_refused_in_words(origin: str, serving: TestClient) -> None:
    answer = serving.post("/predict", headers={"origin": origin}, content=b"x")
    assert answer.status_code == 403
    assert "found a page of" in answer.json()["error"]


@pytest.mark.parametrize("length", ["9" * 5000, "9" * 30, "2000000", "-1", "1e9", "0x10", ""])
def test_no_announced_length_is_believed_beyond_the_limit(length: str, serving: TestClient) -> None:
    answer = serving.post("/predict", headers={"content-length": length}, content=b"no picture")
    assert answer.status_code == (413 if length.startswith(("9", "2000000")) else 415)


@pytest.mark.parametrize(
    "query",
    [
        "?name=" + "x" * 300,
        "?camera=" + "x" * 100,
        "?name=%00",
        "?name=%1b[31m",
        "?name=<script>",
        "?camera=%ff",
        "?x[]=1&name=a&name=b",
    ],
)
def test_strange_words_in_an_address_are_answered_in_json(query: str, serving: TestClient) -> None:
    answer = serving.post(f"/predict{query}", content=b"no picture")
    assert answer.status_code in (400, 415)
    assert answer.headers["content-type"] == "application/json"
    assert "\x1b" not in answer.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_can_be_changed(method: str, serving: TestClient, board: TestClient) -> None:
    assert serving.request(method, "/predict").status_code == 405
    assert board.request(method, "/run/").status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        *("/../secret.json", "/run/../../secret.json", "/%2e%2e/secret.json", "/run/%2e%2e/%2e%2e/secret.json", "//etc/passwd"),
        *(
            "/..%2fsecret.json",
            "/run/..%5c..%5csecret.json",
            "/%00",
            "/run/%00.json",
            "/" + "a" * 5000,
            "/" + "a/" * 2000,
            "/run/\\",
        ),
        *(
            "/compare?run=../..",
            "/compare?run=%00&run=run",
            "/compare?run=run&run=%2e%2e",
            "/sweeps/../../x-1",
            "/run/index.html%00.png",
        ),
    ],
)
def test_the_dashboard_leaves_its_folder_by_no_address(path: str, board: TestClient) -> None:
    answer = board.get(path)
    assert answer.status_code in (200, 400, 404)
    assert "secret" not in answer.text.replace("secret.json", "")
    assert "root:" not in answer.text


def test_a_name_in_an_address_is_text_on_the_page(board: TestClient) -> None:
    answer = board.get("/<script>alert(1)</script>")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    assert "script-src 'self' 'unsafe-inline'" in answer.headers["content-security-policy"]


def test_a_file_that_may_not_be_read_is_a_page_that_says_so(board: TestClient, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        plan = tmp_path / "outputs" / "run" / "folds.json"
        plan.unlink()
        plan.symlink_to("folds.json")  # what nobody can read, root neither
    else:
        (tmp_path / "outputs" / "run" / "folds.json").chmod(0)
    assert board.get("/run/").status_code in (200, 404)
    assert board.get("/").status_code == 200


def test_servers_listen_on_loopback_unless_they_are_told() -> None:
    for made in (bound(0), listening(None, usual=0)):
        with made:
            assert made.getsockname()[0] == "127.0.0.1"
            assert made.family is socket.AF_INET
