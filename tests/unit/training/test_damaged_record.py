"""This file tests that a damaged record of what weights have seen is refused, and never taken for an empty one."""

from pathlib import Path

import numpy as np
import pytest

from fer.errors import WeightsError
from fer.training.seen import SEEN, Seen

WHOLE = Seen(frozenset({"a/1", "a/2"}), frozenset({"a/anna"}), frozenset({7, 2**63 + 1}))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    WHOLE.write(tmp_path)
    assert Seen.beside(tmp_path / "model.safetensors") == WHOLE


@pytest.mark.parametrize("damage", ["cut", "numbers", "objects", "missing"])
def test_a_damaged_record_is_one_message(tmp_path: Path, damage: str) -> None:
    WHOLE.write(tmp_path)
    record = tmp_path / SEEN
    arrays = dict(np.load(record))
    if damage == "cut":
        record.write_bytes(record.read_bytes()[:200])
    elif damage == "missing":
        np.savez(record, ids=arrays["ids"])
    else:
        wrong = np.arange(2) if damage == "numbers" else np.array([print, None])
        np.savez(record, **{**arrays, "ids": wrong})
    with pytest.raises(WeightsError, match=r"seen\.npz is damaged"):
        Seen.beside(tmp_path / "model.safetensors")
