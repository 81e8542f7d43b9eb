"""This file tests where commands that answer a browser listen: on loopback, on the usual port, or on a free one."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fer.errors import ConfigError
from fer.listening import HOST, address, listening


@contextmanager
def taken() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_that_is_taken_is_refused_where_it_was_named() -> None:
    with taken() as port, pytest.raises(ConfigError, match=rf"{port} cannot be had .* leave --port out"):
        listening(port, usual=8427)


def test_another_port_is_found_where_none_was_named() -> None:
    with taken() as port, listening(None, usual=port) as found:
        assert address(found) != f"http://{HOST}:{port}/"


def test_it_listens_to_this_machine_alone_unless_told_otherwise() -> None:
    with taken() as port, listening(None, usual=port) as found:
        assert found.getsockname()[0] == "127.0.0.1"


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"--host: found '192\.0\.2\.1', expected an address of this machine"):
        listening(None, usual=8427, host="192.0.2.1")


def test_asyncio_will_send_small_answers_at_once() -> None:
    with taken() as port, listening(None, usual=port) as found:
        assert found.proto == socket.IPPROTO_TCP
