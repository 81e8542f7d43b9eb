"""This file tests the page of `fer demo` as it is sent: the note, the model's card, and nothing from elsewhere."""

import re
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="pip install 'ferlab[serve]'")

from bright_network import Made, network

from fer.serve.card import card
from fer.serve.demo import FILES, demo
from fer.serve.limits import Limits

Client = Callable[..., Any]


@pytest.fixture
def page(client: Client, predictor: Made) -> str:
    answer = client(demo(predictor(), Limits(bytes=12345))).get("/")
    assert answer.headers["Permissions-Policy"].startswith("camera=(self)")
    return answer.text


def test_the_page_has_the_note_the_labels_and_the_card(page: str) -> None:
    for words in (
        "stored nowhere",
        "do not say what anybody feels",
        "Not for decisions about people",
        "I agree, start the camera",
    ):
        assert words in page
    assert 'data-labels="dark bright"' in page
    assert 'data-bytes="12345"' in page
    assert "Nobody&#39;s faces." in page
    assert "hiring, teaching, policing" in page


def test_the_page_loads_nothing_but_its_own_files_and_has_no_script_within(page: str, client: Client, predictor: Made) -> None:
    asked = client(demo(predictor(), Limits()))
    loaded = re.findall(r'(?:src|href)="(?!data:|#|/docs)([^"]*)"', page)
    assert sorted(loaded) == ["/demo.css", "/demo.js"]
    assert re.findall(r"<script[^>]*>(.+?)</script>", page) == []
    for name, kind in FILES.items():
        answer = asked.get(f"/{name}")
        assert answer.headers["content-type"].startswith(kind)
        assert "http" not in answer.text.replace("https alone", "")
        assert set(re.findall(r'from "/([^"]*)"', answer.text)) <= set(FILES)


def test_the_card_has_scores_with_their_intervals_where_a_model_knows_them() -> None:
    plain = network()
    assert set(card(plain)) == {"Says", "Sees", "Learned from", "For", "Not for", "Unknown"}
    score = {"value": 0.5, "low": 0.4, "high": 0.6}
    scored = network(scores={"private": {"n": 1234, "accuracy": score}}, run="drawn-cnn", train_images=5678)
    found = card(scored)
    assert found["Scores"] == "private: accuracy 50.0 % (40.0 to 60.0 %), n = 1,234"
    assert found["Learned from"] == "drawn: 5,678 images\nNobody's faces."
    assert found["Run"] == "drawn-cnn"
