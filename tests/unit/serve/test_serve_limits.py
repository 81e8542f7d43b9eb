"""This file tests how much a server takes at once, and from one address."""

import pytest

from fer.serve.limits import Limits, Rates, Refused, Room


def test_an_address_may_send_so_many_a_second_and_others_are_free_to_send(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("fer.serve.limits.time.monotonic", lambda: now)
    rates = Rates(3)
    for _ in range(3):
        rates.take("here")
    with pytest.raises(Refused, match="more than 3 pictures a second") as refused:
        rates.take("here")
    assert (refused.value.status, refused.value.after) == (429, 1)
    rates.take("there")
    now += 0.4
    rates.take("here")
    with pytest.raises(Refused):
        rates.take("here")


def test_addresses_that_were_silent_long_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fer.serve.limits.ADDRESSES", 10)
    rates = Rates(1)
    for number in range(100):
        rates.take(str(number))
    assert list(rates.left) == [str(number) for number in range(90, 100)]


def test_there_is_room_for_so_many_pictures_and_so_many_bytes() -> None:
    room = Room(Limits(waiting=2, waiting_bytes=100))
    room.enter(60)
    with pytest.raises(Refused) as refused:
        room.enter(60)
    assert (refused.value.status, refused.value.after) == (503, 2)
    room.enter(10)
    with pytest.raises(Refused):
        room.enter(10)
    room.leave(60)
    room.enter(90)
    assert room.refused == 2
