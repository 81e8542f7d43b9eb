"""This file tests the count of near copies between databases."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer.data.database import Database, Image
from fer.data.databases.sample_faces import sample_faces
from fer.data.near_leaks import NearLeaks
from fer.protocols.base import Fold
from fer.records import FaceRecord


class Album(Database):
    """Eight drawn people with two expressions; the brightness of the prints is the album's own."""

    licence = citation = obtain = "made up"
    cropped = True

    def __init__(self, name: str, *, seed: int, brightness: float = 1.0) -> None:
        self.name, self.seed, self.brightness = name, seed, brightness
        faces = sample_faces(["anger", "surprise"], subjects=8, takes=1, size=64, seed=seed)
        self.images = {f"{face.subject}{face.expression[0]}": face for face in faces}

    def records(self) -> Sequence[FaceRecord]:
        return [FaceRecord(f"{self.name}/{i}", i, f.expression, str(f.subject)) for i, f in sorted(self.images.items())]

    def read(self, record: FaceRecord) -> Image:
        return np.clip(self.images[record.source].image * self.brightness, 0, 255).astype(np.uint8)

    def files(self) -> Sequence[Path]:
        return []

    def digest(self) -> str:
        return f"{self.seed} {self.brightness}"

    @classmethod
    def write_sample(cls, root: Path, *, subjects: int = 6, seed: int = 0) -> None:
        """Nothing to write."""


def ids(database: Database) -> tuple[str, ...]:
    return tuple(record.id for record in database.records())


def counted(*databases: Database) -> dict[str, int]:
    near = NearLeaks.across([(database, database.records()) for database in databases])
    assert near is not None
    train, *tests = databases
    return dict(near.count(Fold("00", ids(train), (), {database.name: ids(database) for database in tests})))


def test_the_same_photographs_in_another_print_are_counted() -> None:
    found = counted(Album("ours", seed=0), Album("dim", seed=0, brightness=0.8), Album("others", seed=9))
    assert found == {"near copy: train → test 'dim'": 16}


def test_exact_copies_are_the_leak_checks_business() -> None:
    assert counted(Album("ours", seed=0), Album("again", seed=0)) == {}


def test_one_database_is_left_to_the_audit() -> None:
    album = Album("ours", seed=0)
    assert NearLeaks.across([(album, album.records())]) is None
