"""This file tests which of many faces stand for all of them, and how faces are read from the disk."""

import mmap
import sys
from pathlib import Path

import numpy as np
import pytest
from planted import planted_cohort

from fer.data.faces import RESIDENT_BYTES, FaceArray, FaceStack, evenly
from fer.data.prepare import write_header


class Asked:
    """Stands for a map of a file, and keeps what advice it was given."""

    def __init__(self) -> None:
        self.bytes: set[int] = set()

    def madvise(self, option: int, start: int, length: int) -> None:
        assert option == mmap.MADV_WILLNEED
        assert start % mmap.PAGESIZE == 0
        self.bytes.update(range(start, start + length))


class Refusing:
    """Stands for a map of a file on a file system that takes no advice."""

    def madvise(self, *advice: int) -> None:
        raise OSError("not supported")


def array_of(path: Path, faces: int, size: int) -> FaceArray:
    """So many black faces of a file that takes no room on the disk."""
    with path.open("wb") as file:
        write_header(file, (faces, size, size), np.uint8)
        file.truncate(file.tell() + faces * size * size)
    return FaceArray(path)


@pytest.mark.parametrize("size", [48, 300])
def test_all_of_the_faces_that_are_expected_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    arrays = [array_of(tmp_path / f"{i}.npy", 100, size) for i in range(2)]
    asked = [Asked(), Asked()]
    for array, its in zip(arrays, asked, strict=True):
        array.expect(np.arange(100))  # the system's own map takes it
        monkeypatch.setattr(array, "_map", its)
    FaceStack(arrays).expect(np.array([0, 99, 57, 58, 100, 157]))
    for its, rows in zip(asked, ([0, 57, 58, 99], [0, 57]), strict=True):
        for row in rows:
            start = 128 + row * size**2
            assert its.bytes.issuperset(range(start, start + size**2))
    assert len(asked[1].bytes) < 100 * size**2


def test_a_file_system_that_takes_no_advice_is_read_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array = array_of(tmp_path / "faces.npy", 10, 48)
    monkeypatch.setattr(array, "_map", Refusing())
    array.expect(np.arange(10))
    assert array.take(np.arange(10)).shape == (10, 48, 48)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux how much of the file is resident")
def test_no_more_of_a_file_stays_resident_than_is_said(tmp_path: Path) -> None:
    array = array_of(tmp_path / "faces.npy", 2 * RESIDENT_BYTES // 48**2, 48)
    most = 0
    for rows in np.random.default_rng(1).permutation(len(array))[:12800].reshape(100, 128):
        array.expect(rows)
        array.take(rows)
        most = max(most, resident(array.path))
    assert most <= RESIDENT_BYTES


def resident(file: Path) -> int:
    """How many bytes of a file are in this process's memory."""
    of_file, _, _ = Path("/proc/self/smaps").read_text().partition(str(file))[2].partition("VmFlags")
    return 1024 * int(of_file.partition("Rss:")[2].split()[0])


@pytest.mark.parametrize(
    ("count", "most", "expected"), [(5, 3, [0, 2, 4]), (3, 5, [0, 1, 2]), (7, 1, [0]), (1, 4, [0]), (0, 4, [])]
)
def test_some_of_many_are_spread_from_the_first_to_the_last(count: int, most: int, expected: list[int]) -> None:
    assert evenly(count, most).tolist() == expected


def test_some_of_many_faces_keep_their_pixels_and_targets() -> None:
    cohort = planted_cohort()
    faces = cohort.faces([record.id for record in cohort.records])
    some, which = faces.evenly(10), evenly(len(faces), 10)
    assert len(some) == 10
    np.testing.assert_array_equal(some.take(np.arange(10)), faces.take(which))
    np.testing.assert_array_equal(some.targets, faces.targets[which])
