import os
from collections.abc import Callable

import pytest
import torch

from fer.bench.own_process import OwnProcess
from fer.errors import MachineError


def counting(first: int, *, most: int) -> Callable[[], int]:
    """A way that does one image more in every turn, and fails when it has done the most."""
    turns = iter(range(first, most))
    return lambda: next(turns) + 1000 * (torch.get_num_threads() == 1) + 10_000 * (os.getppid() != int(os.environ["PARENT"]))


@pytest.mark.slow
def test_a_way_has_its_turns_in_a_process_that_ends_with_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARENT", str(os.getpid()))
    with OwnProcess(counting, 5, most=7, threads=1) as way:
        assert [way(), way()] == [1005, 1006]
        with pytest.raises(MachineError, match="has ended; what it said stands above"):
            way()
    with OwnProcess(counting, 5, most=7, threads=1) as way:
        process = way._process
        assert process.is_alive()
    assert process.exitcode == 0
