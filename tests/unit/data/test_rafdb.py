"""This file tests the database rafdb: both of its forms, and its damage."""

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer.data.databases.rafdb import RafDb
from fer.data.databases.rafdb_layouts import LABELS
from fer.data.databases.rafdb_sample import HEIGHT, LEFT, TOP, WIDTH, write_folders, write_sample
from fer.errors import ConfigError, DatabaseDamaged, DatabaseNotFound


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both forms with the same faces, drawn once."""
    folder = tmp_path_factory.mktemp("samples")
    write_sample(folder / "official", subjects=3, seed=0)
    write_folders(folder / "kaggle", subjects=3, seed=0)
    return folder


@pytest.fixture
def official(samples: Path, tmp_path: Path) -> Path:
    """A copy of the official form that a test may change."""
    return Path(shutil.copytree(samples / "official", tmp_path / "rafdb"))


@pytest.fixture
def kaggle(samples: Path, tmp_path: Path) -> Path:
    """A copy of Kaggle's form that a test may change."""
    return Path(shutil.copytree(samples / "kaggle", tmp_path / "rafdb"))


def damage(root: Path) -> str:
    """The one message that the damaged database gives."""
    with pytest.raises(DatabaseDamaged) as raised:
        RafDb(root).records()
    return str(raised.value)


def test_a_line_of_the_list_is_a_record(official: Path) -> None:
    (official / "basic" / "EmoLabel" / "list_patition_label.txt").write_text("train_00001.jpg 5\ntest_0001.jpg 1\n")
    train, test = sorted(RafDb(official).records(), key=lambda record: record.id, reverse=True)
    assert (train.id, train.expression, train.split) == ("rafdb/train_00001", "sadness", "train")
    assert train.source == "basic/Image/aligned/train_00001_aligned.jpg"
    assert (test.id, test.expression, test.split, test.subject) == ("rafdb/test_0001", "surprise", "test", None)


def test_labels_1_to_7_are_surprise_to_neutral() -> None:
    assert LABELS == ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")


def test_both_forms_have_the_same_ids_labels_splits_and_pixels(samples: Path) -> None:
    first, second = RafDb(samples / "official"), RafDb(samples / "kaggle")
    assert {r.split for r in first.records()} == {"train", "test"}
    for one, other in zip(first.records(), second.records(), strict=True):
        assert (one.id, one.expression, one.split) == (other.id, other.expression, other.split)
        np.testing.assert_array_equal(first.read(one), second.read(other))


def test_images_are_in_colour(samples: Path) -> None:
    database = RafDb(samples / "official")
    assert database.read(database.records()[0]).shape == (100, 100, 3)


def test_original_images_are_the_photographs_of_the_same_faces(samples: Path) -> None:
    aligned, original = RafDb(samples / "official"), RafDb(samples / "official", images="original")
    assert aligned.cropped
    assert not original.cropped
    assert [r.id for r in aligned.records()] == [r.id for r in original.records()]
    photograph = original.read(original.records()[0])
    assert photograph.shape == (HEIGHT, WIDTH, 3)
    face = aligned.read(aligned.records()[0]).astype(int)
    assert np.abs(photograph[TOP : TOP + 100, LEFT : LEFT + 100] - face).mean() < 5
    assert aligned.digest() != original.digest()


def test_original_images_are_not_in_kaggles_form(kaggle: Path) -> None:
    with pytest.raises(ConfigError, match=r"data\.rafdb\.images: found 'original', but .* aligned images only"):
        RafDb(kaggle, images="original").records()


@pytest.mark.parametrize("nest", ["", "RAF-DB", "RAF-DB/inner"])
def test_the_list_is_found_where_archives_unpack_to(official: Path, nest: str) -> None:
    ids = [record.id for record in RafDb(official).records()]
    outer = official.parent / "outer"
    (outer / nest).mkdir(parents=True)
    shutil.move(official / "basic" / "EmoLabel", outer / nest / "EmoLabel")
    shutil.move(official / "basic" / "Image", outer / nest / "Image")
    assert [record.id for record in RafDb(outer).records()] == ids


def test_counts_stand_beside_the_published_ones(official: Path) -> None:
    database = RafDb(official)
    records = database.records()
    splits = Counter(record.split for record in records)
    assert database.checks(records) == {
        "images": (len(records), 15339),
        "train": (splits["train"], 12271),
        "test": (splits["test"], 3068),
    }


def test_images_that_no_list_names_are_counted(official: Path) -> None:
    aligned = official / "basic" / "Image" / "aligned"
    shutil.copy(aligned / "train_00001_aligned.jpg", aligned / "train_99999_aligned.jpg")
    database = RafDb(official)
    assert database.count(database.records())["unlisted"] == 1


def test_missing_images_are_counted_and_named(official: Path) -> None:
    for number in range(1, 8):
        (official / "basic" / "Image" / "aligned" / f"train_0000{number}_aligned.jpg").unlink()
    message = damage(official)
    assert f"7 of {7 * 2 * 3} listed images are not in {official / 'basic' / 'Image' / 'aligned'}: train_00001, " in message
    assert "train_00005 and 2 more." in message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train_00001.jpg 8", "label '8', expected 1 to 7"),
        ("train_00001.jpg happy", "label 'happy', expected 1 to 7"),
        ("train_00001.jpg", "found 'train_00001.jpg', expected a name and a label"),
        ("<html>", "found '<html>', expected a name and a label"),
        ("train_00001.jpg 1", "train_00001 stands in the list twice"),
    ],
)
def test_a_damaged_list_is_named_by_line(official: Path, line: str, message: str) -> None:
    path = official / "basic" / "EmoLabel" / "list_patition_label.txt"
    path.write_text(f"train_00001.jpg 5\n{line}\n")
    assert f"{path} line 2: {message}" in damage(official)


def test_an_empty_list_is_damage(official: Path) -> None:
    path = official / "basic" / "EmoLabel" / "list_patition_label.txt"
    path.write_text("\n")
    assert f"{path}: found no line" in damage(official)


def test_an_unreadable_image_is_named(official: Path) -> None:
    (official / "basic" / "Image" / "aligned" / "train_00001_aligned.jpg").write_bytes(b"no image")
    database = RafDb(official)
    with pytest.raises(DatabaseDamaged, match=r"train_00001_aligned\.jpg: found no readable image"):
        list(database.read_many(database.records()))


def test_folders_without_lists_are_enough(kaggle: Path) -> None:
    records = RafDb(kaggle).records()
    for path in kaggle.glob("*.csv"):
        path.unlink()
    assert RafDb(kaggle).records() == records


def test_a_list_that_contradicts_the_folders_is_damage(kaggle: Path) -> None:
    path = kaggle / "train_labels.csv"
    lines = path.read_text().splitlines()
    name, _, label = lines[1].partition(",")
    path.write_text("\n".join([lines[0], f"{name},{int(label) % 7 + 1}", *lines[2:]]))
    expected = f"{path} line 2: {name.removesuffix('_aligned.jpg')} has label '{int(label) % 7 + 1}', but lies in folder {label}."
    assert expected in damage(kaggle)


def test_an_image_that_a_list_names_and_no_folder_has_is_damage(kaggle: Path) -> None:
    next((kaggle / "DATASET" / "test").rglob("*.jpg")).unlink()
    assert f"{kaggle / 'test_labels.csv'}: 1 of 14 listed images is not in {kaggle / 'DATASET'}: test_" in damage(kaggle)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("train/8/train_00001_aligned.jpg", "found an image outside of the folders train/1 to train/7"),
        ("train/stray.jpg", "found an image outside of the folders train/1 to train/7"),
        ("train/1/test_0001_aligned.jpg", "found the name 'test_0001_aligned.jpg', expected train_ and a number"),
        ("train/1/x.jpg", "found the name 'x.jpg', expected train_ and a number"),
    ],
)
def test_a_stray_image_among_the_folders_is_damage(kaggle: Path, name: str, message: str) -> None:
    path = kaggle / "DATASET" / name
    path.parent.mkdir(exist_ok=True)
    Image.new("L", (2, 2)).save(path)
    assert f"{path}: {message}" in damage(kaggle)


def test_an_image_in_two_folders_is_damage(kaggle: Path) -> None:
    path = next((kaggle / "DATASET" / "train" / "1").iterdir())
    shutil.copy(path, kaggle / "DATASET" / "train" / "2" / path.name)
    assert f"{path.name}: {path} is the same image" in damage(kaggle)


def test_missing_files_are_said_with_where_and_how(tmp_path: Path) -> None:
    with pytest.raises(DatabaseNotFound, match=r"rafdb is not in .*looked for EmoLabel/list_patition_label\.txt, or train/1/"):
        RafDb(tmp_path).records()
