"""This file holds every database of conf/data/ against the contract of Database."""

import importlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from fer.data.database import Database
from fer.errors import DatabaseNotFound
from fer.records import EXPRESSIONS, FaceRecord

CONF = Path(__file__).parents[2] / "conf" / "data"


@dataclass(frozen=True)
class Plugin:
    """A database as configured: its class, its arguments, and whether it lies on the disk."""

    cls: type[Database]
    arguments: Mapping[str, Any]

    @property
    def on_disk(self) -> bool:
        return "root" in self.arguments

    def at(self, root: Path) -> Database:
        """The database with its files in `root`."""
        return self.cls(**{**self.arguments, "root": str(root)}) if self.on_disk else self.cls(**self.arguments)

    def sample(self, root: Path) -> Database:
        """The database with a sample of its own written to `root`."""
        if self.on_disk:
            self.cls.write_sample(root)
        return self.at(root)


def load(path: Path) -> Plugin | None:
    """The database that a YAML configures; None for one that only gathers others."""
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "_target_" not in config:
        return None
    module, _, name = config["_target_"].rpartition(".")
    arguments = {key: value for key, value in config.items() if key not in ("_target_", "defaults")}
    return Plugin(getattr(importlib.import_module(module), name), arguments)


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Digests are remembered in a folder of the test's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


PATHS = sorted(path for path in CONF.glob("*.yaml") if "_target_" in path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=PATHS, ids=lambda path: path.stem)
def plugin(request: pytest.FixtureRequest) -> Plugin:
    """Each database in turn."""
    found = load(request.param)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def root(plugin: Plugin, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the sample lies that most tests share; they leave it as it is."""
    folder = tmp_path_factory.mktemp("sample") / "below"
    plugin.sample(folder)
    return folder


@pytest.fixture
def database(plugin: Plugin, root: Path) -> Database:
    """The database with its sample."""
    return plugin.at(root)


def some(records: Sequence[FaceRecord]) -> Sequence[FaceRecord]:
    """About 30 records from all over a database: computed faces take milliseconds each."""
    return records[:: max(1, len(records) // 30)]


def test_there_are_databases() -> None:
    assert PATHS


def test_records_are_sorted_by_unique_ids_that_begin_with_the_name(database: Database) -> None:
    ids = [record.id for record in database.records()]
    assert ids
    assert ids == sorted(set(ids))
    assert all(id.startswith(f"{database.name}/") for id in ids)


def test_expressions_are_canonical(database: Database) -> None:
    assert {record.expression for record in database.records()} <= set(EXPRESSIONS)


def test_the_sample_has_several_expressions(database: Database) -> None:
    assert len({record.expression for record in database.records()}) > 1


def test_two_calls_give_the_same_records(plugin: Plugin, root: Path) -> None:
    database = plugin.at(root)
    first = database.records()
    assert database.records() == first == plugin.at(root).records()


def test_records_and_digest_are_the_same_in_another_folder(plugin: Plugin, database: Database, tmp_path: Path) -> None:
    elsewhere = plugin.sample(tmp_path / "another" / "place")
    assert elsewhere.records() == database.records()
    assert elsewhere.digest() == database.digest()


def test_records_do_not_depend_on_the_order_of_writing(plugin: Plugin, database: Database, root: Path, tmp_path: Path) -> None:
    if not plugin.on_disk:
        pytest.skip("the faces of this database are computed")
    for path in sorted((path for path in root.rglob("*") if path.is_file()), reverse=True):
        copy = tmp_path / "copy" / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    assert plugin.at(tmp_path / "copy").records() == database.records()


def test_images_are_bytes_grey_or_rgb(database: Database) -> None:
    for record in some(database.records()):
        image = database.read(record)
        assert image.dtype == np.uint8
        assert image.ndim == 2 or (database.colour and image.ndim == 3 and image.shape[2] == 3)
        assert min(image.shape[:2]) > 1


def test_landmarks_are_68_points_or_none_and_mostly_in_the_image(database: Database) -> None:
    for record in some(database.records()):
        points = database.landmarks(record)
        if points is not None:
            assert points.shape == (68, 2)
            assert points.dtype == np.float64
            height, width = database.read(record).shape[:2]
            assert ((points >= 0) & (points <= (width, height))).all(axis=1).mean() > 0.5  # a chin may lie below the edge


def test_whether_faces_are_cropped_is_known_and_the_same_every_time(plugin: Plugin, root: Path) -> None:
    assert isinstance(plugin.at(root).cropped, bool)
    assert plugin.at(root).cropped == plugin.at(root).cropped


def test_reading_many_is_reading_one_by_one(database: Database) -> None:
    records = list(reversed(some(database.records())))
    for record, image in zip(records, database.read_many(records), strict=True):
        np.testing.assert_array_equal(image, database.read(record))


def test_files_are_files_below_the_root(plugin: Plugin, database: Database, root: Path) -> None:
    files = database.files()
    assert bool(files) == plugin.on_disk
    assert all(path.is_file() and path.is_relative_to(root) for path in files)
    assert len(set(files)) == len(files)


def test_the_digest_changes_with_a_file(plugin: Plugin, tmp_path: Path) -> None:
    database = plugin.sample(tmp_path / "sample")
    if not plugin.on_disk:
        pytest.skip("the faces of this database are computed")
    before = database.digest()
    for path in {database.files()[0], database.files()[-1]}:
        content = path.read_bytes()
        path.write_bytes(content + b" ")
        assert plugin.at(tmp_path / "sample").digest() != before
        path.write_bytes(content)
    assert plugin.at(tmp_path / "sample").digest() == before


def test_missing_data_say_where_how_to_obtain_and_what_to_set(plugin: Plugin, tmp_path: Path) -> None:
    if not plugin.on_disk:
        pytest.skip("the faces of this database are computed")
    for root in (tmp_path / "nothing", tmp_path):
        database = plugin.at(root)
        with pytest.raises(DatabaseNotFound) as raised:
            database.records()
        message = str(raised.value)
        for part in (str(root), "looked for", database.obtain, f"data.{database.name}.root", "FER_DATA"):
            assert part in message


def test_counts_have_the_names_of_the_published_ones(database: Database) -> None:
    records = database.records()
    counts = database.count(records)
    assert counts["images"] == len(records)
    assert set(database.published) <= set(counts)
    checks = database.checks(records)
    assert {name: checks[name] for name in database.published} == {n: (counts[n], p) for n, p in database.published.items()}


def test_the_data_sheet_is_complete(plugin: Plugin) -> None:
    assert plugin.cls.__doc__
    assert len(plugin.cls.__doc__) > 100
    for text in (plugin.cls.licence, plugin.cls.citation, plugin.cls.obtain):
        assert text.strip()
