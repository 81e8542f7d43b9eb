"""This file tests the answers of `fer serve`: what is found, what is refused and why, and that nobody starves."""

import json
import struct
import threading
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="pip install 'ferlab[serve]'")

from bright_network import Made, brightness

from fer.deploy.listing import JsonLines
from fer.deploy.pictures import picture_from
from fer.listening import HOSTS
from fer.serve.app import application
from fer.serve.limits import Limits

Client = Callable[..., Any]
Grey = Callable[..., bytes]


def png(width: int, height: int, body: bytes = b"") -> bytes:
    """A PNG whose header says this size."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(body)), (b"IEND", b"")]
    parts = [struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_the_answer_is_what_fer_predict_prints_as_json(client: Client, predictor: Made, grey: Grey, form: str) -> None:
    one, body = predictor(), grey(form=form)
    answer = client(application(one, Limits())).post("/predict?name=here", content=body)
    ((_, prediction),) = one.stream([picture_from("here", body)])
    assert answer.status_code == 200
    assert [answer.text] == list(JsonLines(one.labels).lines(prediction))
    (face,) = answer.json()["faces"]
    assert face["label"] == "bright"
    assert face["box"] == {"x": 10.0, "y": 6.0, "width": 12.0, "height": 12.0}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "empty request"),
        (b"GIF89a" + bytes(100), 415, "expected JPEG, PNG, WEBP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "no picture by its content"),
        (b"%PDF-1.7", 415, "no picture by its content"),
        (png(50_000, 50_000), 413, "24 million pixels"),
        (png(5_000, 5_000), 413, "24 million pixels"),
        (png(2**31 - 1, 2**31 - 1), 413, "24 million pixels"),
        (png(0, 0), 415, ""),
        (png(100, 100, b"short"), 422, "damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 50, 415, ""),
        (bytes(2 * 2**20), 413, "more than 1 MiB"),
    ],
    ids=["empty", "gif", "svg", "pdf", "bomb", "large", "largest", "no pixels", "short", "no header", "many bytes"],
)
def test_what_is_no_picture_or_too_large_is_refused(
    client: Client, predictor: Made, grey: Grey, body: bytes, status: int, words: str
) -> None:
    asked = client(application(predictor(), Limits(bytes=2**20)))
    answer = asked.post("/predict", content=body)
    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert asked.post("/predict", content=grey()).status_code == 200
    assert asked.get("/health").json()["waiting"] == 0


def test_no_more_than_the_limit_is_read_of_a_request_that_does_not_say_its_size(client: Client, predictor: Made) -> None:
    sent = 0

    def endless() -> Any:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield bytes(1000)

    answer = client(application(predictor(), Limits(bytes=10_000))).post("/predict", content=endless())
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Host": "evil.example"}, "found host 'evil.example', expected 127.0.0.1 or localhost"),
        ({"Origin": "https://evil.example"}, "found a page of https://evil.example"),
        ({"Origin": "http://127.0.0.1:9999"}, "found a page of http://127.0.0.1:9999"),
        ({"Origin": "null"}, "found a page of null"),
    ],
)
def test_pages_of_other_origins_are_refused(
    client: Client, predictor: Made, grey: Grey, headers: dict[str, str], words: str
) -> None:
    asked = client(application(predictor(), Limits(), hosts=HOSTS))
    answer = asked.post("/predict", content=grey(), headers=headers)
    assert (answer.status_code, asked.get("/health").json()["answered"]) == (403, 0)
    assert words in answer.json()["error"]
    assert asked.post("/predict", content=grey(), headers={"Origin": "http://127.0.0.1:8428"}).status_code == 200


def test_nothing_may_be_cached_framed_or_loaded_from_elsewhere(client: Client, predictor: Made, grey: Grey) -> None:
    asked = client(application(predictor(), Limits()))
    for answer in (asked.post("/predict", content=grey()), asked.get("/docs"), asked.post("/predict"), asked.get("/nothing")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "access-control-allow-origin" not in answer.headers


def test_who_sends_too_many_is_told_when_to_try_again(client: Client, predictor: Made, grey: Grey) -> None:
    asked = client(application(predictor(), Limits(rate=2)))
    answers = [asked.post("/predict", content=grey()) for _ in range(6)]
    assert [answers[0].status_code, answers[-1].status_code] == [200, 429]
    assert answers[-1].headers["Retry-After"] == "1"


class Gate:
    """Lets the detector look at nothing until a test opens it."""

    def __init__(self) -> None:
        self.reached, self.open = threading.Event(), threading.Event()
        self.seen: list[int] = []

    def __call__(self, image: np.ndarray) -> None:
        self.reached.set()
        assert self.open.wait(10)
        self.seen.append(int(image.flat[0]))


def test_where_there_is_no_room_a_picture_is_refused_and_what_was_accepted_is_answered(
    client: Client, predictor: Made, grey: Grey
) -> None:
    gate = Gate()
    asked = client(application(predictor(gate), Limits(waiting=3)))
    with ThreadPoolExecutor() as pool:
        accepted = [pool.submit(asked.post, "/predict", content=grey()) for _ in range(3)]
        while asked.get("/health").json()["waiting"] < 2:
            time.sleep(0.005)
        full = asked.post("/predict", content=grey())
        gate.open.set()
        assert [answer.result().status_code for answer in accepted] == [200] * 3
    assert (full.status_code, full.headers["Retry-After"]) == (503, "2")
    assert asked.get("/health").json()["refused"] == 1


def test_a_visitor_with_one_picture_is_next_after_one_with_many(client: Client, predictor: Made, grey: Grey) -> None:
    gate = Gate()
    asked = client(application(predictor(gate), Limits()))
    with ThreadPoolExecutor(32) as pool:
        many = [pool.submit(asked.post, "/predict", content=grey(10)) for _ in range(20)]
        while asked.get("/health").json()["waiting"] < 19:
            time.sleep(0.005)
        one = pool.submit(asked.post, "/predict?camera=another", content=grey(90))
        while asked.get("/health").json()["waiting"] < 20:
            time.sleep(0.005)
        gate.open.set()
        assert {answer.result().status_code for answer in [*many, one]} == {200}
    assert gate.seen.index(90) <= 2


def test_pictures_that_wait_go_through_the_network_together(client: Client, predictor: Made, grey: Grey) -> None:
    gate, sizes = Gate(), []

    def read(faces: np.ndarray) -> np.ndarray:
        sizes.append(len(faces))
        return brightness(faces)

    asked = client(application(predictor(gate, read), Limits()))
    with ThreadPoolExecutor(32) as pool:
        answers = [pool.submit(asked.post, f"/predict?name={number}", content=grey(10 * number)) for number in range(20)]
        while asked.get("/health").json()["waiting"] < 19:
            time.sleep(0.005)
        gate.open.set()
        found = [answer.result().json() for answer in answers]
    assert max(sizes) > 5
    for number, answer in enumerate(found):
        assert answer["picture"] == str(number)
        assert answer["faces"][0]["probabilities"]["bright"] == pytest.approx(10 * number / 255, abs=1e-4)


def test_an_answer_that_takes_too_long_is_given_up(client: Client, predictor: Made, grey: Grey) -> None:
    gate = Gate()
    asked = client(application(predictor(gate), Limits(answering=0.05)))
    answer = asked.post("/predict", content=grey())
    gate.open.set()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert asked.post("/predict", content=grey()).status_code in (200, 503)


def test_a_defect_is_told_to_whom_it_happens_and_the_next_one_is_answered(client: Client, predictor: Made, grey: Grey) -> None:
    def defective(image: np.ndarray) -> None:
        if image.flat[0] == 13:
            raise RuntimeError("a defect")

    asked = client(application(predictor(defective), Limits()), raise_server_exceptions=False)
    assert asked.post("/predict", content=grey(13)).status_code == 500
    assert asked.post("/predict", content=grey(14)).status_code == 200


def test_what_cannot_be_asked_is_refused_in_words(client: Client, predictor: Made, grey: Grey) -> None:
    answer = client(application(predictor(), Limits())).post(f"/predict?camera={'x' * 65}", content=grey())
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("camera: String should have at most 64 characters")


def test_health_says_which_model_answers_and_how_long_it_has(client: Client, predictor: Made, grey: Grey) -> None:
    asked = client(application(predictor(), Limits()))
    asked.post("/predict", content=grey())
    health = asked.get("/health").json()
    assert (health["status"], health["model"], health["labels"]) == ("ok", "brightness", ["dark", "bright"])
    assert (health["waiting"], health["answered"], health["refused"]) == (0, 1, 0)
    assert health["card"]["data"]["drawn"]["licence"] == "Nobody's faces."
    assert 0 <= health["uptime"] < 60


def test_the_interface_is_described_for_programs_and_on_a_page_without_scripts(client: Client, predictor: Made) -> None:
    asked = client(application(predictor(), Limits()))
    schema = asked.get("/openapi.json").json()
    assert set(schema["paths"]) == {"/predict", "/health"}
    assert set(schema["paths"]["/predict"]["post"]["requestBody"]["content"]) == {"image/jpeg", "image/png", "image/webp"}
    page = asked.get("/docs").text
    assert "<script" not in page
    for words in (
        "POST /predict",
        "camera",
        "Retry-After",
        "uncut",
        "curl --data-binary @photo.jpg http://127.0.0.1:8428/predict",
    ):
        assert words in page


def test_every_word_of_an_answer_is_described(client: Client, predictor: Made, grey: Grey) -> None:
    asked = client(application(predictor(), Limits()))
    described = asked.get("/openapi.json").json()["components"]["schemas"]
    answer = asked.post("/predict", content=grey()).json()
    assert set(described["PictureAnswer"]["properties"]) == set(answer)
    assert set(described["FaceAnswer"]["properties"]) == set(answer["faces"][0])
    assert set(described["Health"]["properties"]) == set(asked.get("/health").json())
    json.dumps(described)
