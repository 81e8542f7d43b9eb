"""This file tests who is next: visitors take turns, and a camera is shown what it sees now."""

from threading import Thread

import pytest

from fer.serve.turns import Overtaken, Request, Turns


def names(turns: Turns, *, most: int = 100, **seconds: float) -> str:
    """What is taken, where a picture of each name takes so many seconds to look at, and 1 if nothing is said."""
    found = ""
    while len(found) < most and (request := turns.take(patience=0)):
        found += request.name
        turns.took(request, seconds.get(request.name, 1.0))
    return found


def test_visitors_take_turns_however_much_one_of_them_sends() -> None:
    turns = Turns()
    for visitor in "aaaabcb":
        turns.put(Request(visitor, visitor, b""))
    assert names(turns) == "abcabaa"


def test_visitors_get_the_same_time_and_not_as_many_pictures() -> None:
    turns = Turns()
    for visitor in "ab" * 10:
        turns.put(Request(visitor, visitor, b""))
    assert names(turns, a=3, b=1) == "abbbabbbabbb" + "abaaaaaa"


def test_a_camera_that_sends_one_picture_at_a_time_gets_as_much_time_as_a_crowd_and_no_more() -> None:
    turns = Turns()
    for _ in range(4):
        turns.put(Request("crowd", "c", b""))
    taken = ""
    for _ in range(12):
        turns.put(Request("camera", "k", b"", camera=True))
        taken += names(turns, most=1, c=4, k=1)
    assert taken == "ckkkkckkkkck"
    assert set(turns.seconds) == {"crowd", "camera"}


def test_who_was_silent_has_saved_nothing_up_and_is_forgotten() -> None:
    turns = Turns()
    turns.put(Request("early", "e", b""))
    names(turns, e=1)
    for _ in range(6):
        turns.put(Request("busy", "b", b""))
    names(turns, most=4, b=1)
    assert set(turns.seconds) == {"busy"}
    for _ in range(3):
        turns.put(Request("early", "e", b""))
    assert names(turns, e=1, b=1) == "ebebe"


def test_a_newer_picture_of_a_camera_replaces_the_one_that_waits() -> None:
    turns = Turns()
    older, newer, other = (Request(camera, name, b"", True) for name, camera in (("old", "x"), ("new", "x"), ("other", "y")))
    for request in (older, other, newer):
        turns.put(request)
    with pytest.raises(Overtaken):
        older.answer.result(timeout=0)
    assert sorted([turns.take().name, turns.take().name]) == ["new", "other"]
    assert turns.take(patience=0) is None


def test_an_older_picture_that_nobody_waits_for_any_more_is_replaced_too() -> None:
    turns = Turns()
    older = Request("x", "old", b"", True)
    turns.put(older)
    older.answer.cancel()
    turns.put(Request("x", "new", b"", True))
    assert names(turns) == "new"


def test_what_waits_at_the_end_is_still_taken() -> None:
    turns = Turns()
    for name in "ab":
        turns.put(Request("one", name, b""))
    turns.close()
    assert [found and found.name for found in (turns.take(), turns.take(), turns.take())] == ["a", "b", None]


def test_who_waits_for_a_request_wakes_up_at_the_end() -> None:
    turns = Turns()
    waiting = Thread(target=turns.take)
    waiting.start()
    turns.close()
    waiting.join(timeout=5)
    assert not waiting.is_alive()
