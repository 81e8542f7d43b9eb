"""This file tests who is next: visitors take turns, and a camera is shown what it sees now."""

from threading import Thread

import pytest

from fer.serve.turns import Overtaken, Request, Turns


def names(turns: Turns) -> str:
    found = ""
    while request := turns.take(patience=0):
        found += request.name
    return found


def test_visitors_take_turns_however_much_one_of_them_sends() -> None:
    turns = Turns()
    for name in "aaaa":
        turns.put("one", Request(name, b""))
    for visitor in "bc":
        turns.put(visitor, Request(visitor, b""))
    turns.put("b", Request("b", b""))
    assert names(turns) == "abcabaa"


def test_a_newer_picture_of_a_camera_replaces_the_one_that_waits() -> None:
    turns = Turns()
    older, newer, other = (Request(name, b"", camera) for name, camera in (("old", "x"), ("new", "x"), ("other", "y")))
    for request in (older, other, newer):
        turns.put(request.camera, request)
    with pytest.raises(Overtaken):
        older.answer.result(timeout=0)
    assert sorted([turns.take().name, turns.take().name]) == ["new", "other"]
    assert turns.take(patience=0) is None


def test_an_older_picture_that_nobody_waits_for_any_more_is_replaced_too() -> None:
    turns = Turns()
    older = Request("old", b"", "x")
    turns.put("x", older)
    older.answer.cancel()
    turns.put("x", Request("new", b"", "x"))
    assert names(turns) == "new"


def test_what_waits_at_the_end_is_still_taken() -> None:
    turns = Turns()
    for name in "ab":
        turns.put("one", Request(name, b""))
    turns.close()
    assert [found and found.name for found in (turns.take(), turns.take(), turns.take())] == ["a", "b", None]


def test_who_waits_for_a_request_wakes_up_at_the_end() -> None:
    turns = Turns()
    waiting = Thread(target=turns.take)
    waiting.start()
    turns.close()
    waiting.join(timeout=5)
    assert not waiting.is_alive()
