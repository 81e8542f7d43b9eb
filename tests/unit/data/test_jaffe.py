"""This file tests the database jaffe: names, folders and files as they are found in the wild."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer.data.databases.jaffe import Jaffe
from fer.data.databases.jaffe_names import EXPRESSION_OF
from fer.data.databases.jaffe_sample import LEFT, TOP, drawn
from fer.errors import DatabaseDamaged, DatabaseNotFound


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up copy, drawn once."""
    folder = tmp_path_factory.mktemp("sample")
    Jaffe.write_sample(folder, subjects=3)
    return folder


@pytest.fixture
def root(sample: Path, tmp_path: Path) -> Path:
    """A copy of the sample that a test may change."""
    shutil.copytree(sample, tmp_path / "data")
    return tmp_path / "data"


def ids(root: Path) -> list[str]:
    return [record.id for record in Jaffe(root).records()]


def test_the_name_says_who_shows_what(root: Path) -> None:
    record = Jaffe(root).records()[0]
    assert record.id == "jaffe/KA.AN1.1"
    assert record.source == "jaffe/KA.AN1.1.tiff"
    assert (record.subject, record.expression) == ("KA", "anger")
    codes = {(r.id.split(".")[1][:2], r.expression) for r in Jaffe(root).records()}
    assert codes == set(EXPRESSION_OF.items())


def test_grey_palette_and_rgb_files_are_read_as_the_same_grey(root: Path) -> None:
    database = Jaffe(root)
    record_of = {record.id.rpartition(".")[2]: record for record in database.records()}
    modes = set()
    for serial, face in enumerate(drawn(3, 0)[:20], start=1):
        record = record_of[str(serial)]
        with Image.open(root / record.source) as image:
            modes.add(image.mode)
        picture = database.read(record)
        assert picture.shape == (256, 256)
        np.testing.assert_array_equal(picture[TOP : TOP + 128, LEFT : LEFT + 128], face.image)
    assert modes == {"L", "P", "RGB"}


def test_every_subject_shows_every_expression_two_to_four_times(root: Path) -> None:
    records = Jaffe(root).records()
    takes = [
        sum((r.subject, r.expression) == (subject, expression) for r in records)
        for subject in ("KA", "KL", "KM")
        for expression in EXPRESSION_OF.values()
    ]
    assert set(takes) == {2, 3, 4}


@pytest.mark.parametrize(
    "rename",
    [
        str.lower,
        str.upper,
        lambda name: name.replace(".tiff", ".tif"),
        lambda name: name.replace(".tiff", "").replace(".", "") + ".tiff",
        lambda name: name.replace(".tiff", "").replace(".", "_") + ".TIFF",
        lambda name: name.replace(".tiff", "..tiff"),
    ],
)
def test_ids_do_not_depend_on_case_suffix_or_lost_dots(root: Path, rename: Callable[[str], str]) -> None:
    before = ids(root)
    for path in list((root / "jaffe").glob("*.tiff")):
        path.rename(path.with_name(rename(path.name)))
    assert ids(root) == before


def test_the_root_may_be_the_folder_or_lie_above_it(root: Path) -> None:
    assert ids(root / "jaffe") == ids(root) == ids(root.parent)


@pytest.mark.parametrize("name", ["jaffedbase", "JAFFE", "jaffe_db", "JAFFE-Database"])
def test_a_missing_root_stands_for_a_folder_beside_it_that_bears_another_name(root: Path, name: str) -> None:
    before = ids(root)
    (root / "jaffe").rename(root / name)
    assert ids(root / "jaffe") == before
    assert ids(root / name / "jaffe") == before  # FER_DATA is the database's own folder


def test_a_folder_of_another_name_does_not_stand_in_for_a_missing_root(root: Path) -> None:
    (root / "jaffe").rename(root / "photographs")
    with pytest.raises(DatabaseNotFound, match="jaffe is not in"):
        ids(root / "jaffe")


def test_a_tree_that_was_unpacked_twice_counts_once(root: Path) -> None:
    before = ids(root)
    shutil.copytree(root / "jaffe", root / "jaffe" / "jaffe")
    database = Jaffe(root)
    assert ids(root) == before
    assert database.count(database.records())["copies"] == len(before)
    assert database.records()[0].source == "jaffe/KA.AN1.1.tiff"


def test_two_different_images_of_one_name_are_refused(root: Path) -> None:
    Image.new("L", (256, 256)).save(root / "KA.AN1.1.tiff")
    with pytest.raises(
        DatabaseDamaged, match=r"(?s)jaffe/KA\.AN1\.1\.tiff: found another image than in .*data\.jaffe\.root"
    ) as raised:
        Jaffe(root).records()
    assert str(root / "KA.AN1.1.tiff") in str(raised.value)


def test_files_that_are_none_of_the_database_are_ignored_and_other_images_counted(root: Path) -> None:
    before = Jaffe(root).count(Jaffe(root).records())
    assert before["other images"] == 1  # the contact sheet
    assert "copies" not in before
    for name in ("IMG_0001.png", "page12.png", "ratings.tif"):
        Image.new("L", (8, 8)).save(root / name)
    (root / "notes.txt").write_text("KA.AN1.39.tiff")
    assert Jaffe(root).count(Jaffe(root).records()) == {**before, "other images": 4}


def test_an_expression_that_there_is_not_is_refused(root: Path) -> None:
    (root / "jaffe" / "KA.AN1.1.tiff").rename(root / "jaffe" / "KA.XX1.1.tiff")
    with pytest.raises(DatabaseDamaged, match=r"KA\.XX1\.1\.tiff: found the expression 'XX' in the name, expected AN, DI"):
        Jaffe(root).records()


def test_an_image_that_cannot_be_read_is_named(root: Path) -> None:
    (root / "jaffe" / "KA.AN1.1.tiff").write_bytes(b"II*\0 and no more")
    database = Jaffe(root)
    with pytest.raises(DatabaseDamaged, match=r"KA\.AN1\.1\.tiff: found no readable image"):
        database.read(database.records()[0])


def test_a_copy_as_published_has_the_published_counts(tmp_path: Path) -> None:
    published = Jaffe.published
    women = [name for name in published if name.isupper() for _ in range(published[name])]
    codes = [code for code, expression in EXPRESSION_OF.items() for _ in range(published[expression])]
    assert len(women) == len(codes) == published["images"] == 213
    for serial, (woman, code) in enumerate(zip(women, codes, strict=True), start=1):
        (tmp_path / f"{woman}.{code}{serial % 4 + 1}.{serial}.tiff").touch()
    database = Jaffe(tmp_path)
    assert all(found == expected for found, expected in database.checks(database.records()).values())


def test_a_missing_image_shows_in_the_counts(root: Path) -> None:
    before = Jaffe(root).count(Jaffe(root).records())
    (root / "jaffe" / "KA.AN1.1.tiff").unlink()
    after = Jaffe(root).count(Jaffe(root).records())
    assert {name for name in before if before[name] != after[name]} == {"images", "anger", "KA"}
