"""This file defines OwnProcess, a way of a measurement that is a program of its own, as it would be where it is used."""

import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import torch

from fer.bench.measurement import now
from fer.errors import MachineError
from fer.orphans import end_with_parent


class OwnProcess:
    """Makes a way in a process that begins with this one, and has its turns there: its memory is not what others set up.

    `make` and its arguments are pickled. While others have their turns the process waits.
    """

    def __init__(self, make: Callable[..., Callable[[], int]], *given: Any, threads: int, **named: Any) -> None:
        spawned = multiprocessing.get_context("spawn")
        self._turns, theirs = spawned.Pipe()
        self._process = spawned.Process(target=take_turns, args=(theirs, threads, make, given, named))
        self._process.start()
        theirs.close()

    def __call__(self) -> int:
        """Have one turn there; gives how many images that were."""
        try:
            self._turns.send(None)
            images: int = self._turns.recv()
        except (EOFError, OSError) as error:
            raise MachineError("fer bench: a process that is measured has ended; what it said stands above.") from error
        return images

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._turns.close()
        self._process.join()


def take_turns(
    turns: Connection, threads: int, make: Callable[..., Callable[[], int]], given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    """Make the way, and have a turn whenever the other side asks for one, until it is gone."""
    end_with_parent()
    torch.set_num_threads(threads)
    way = make(*given, **named)
    with suppress(EOFError, ConnectionError, KeyboardInterrupt):  # the other side is done, gone, or stopped as this one is
        while True:
            turns.recv()
            images = way()
            now()
            turns.send(images)
