"""This file tests the database fer2013: every form in which it is handed on, its votes, and its damage."""

import csv
import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer.data.databases.fer2013 import MD5, Fer2013
from fer.data.databases.fer2013_csv import LABELS
from fer.errors import DatabaseDamaged, DatabaseNotFound
from fer.labels import LabelSpace
from fer.records import EXPRESSIONS, FaceRecord

FOLDERS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up fer2013.csv with its fer2013new.csv, drawn once."""
    folder = tmp_path_factory.mktemp("sample")
    Fer2013.write_sample(folder)
    return folder


@pytest.fixture
def root(sample: Path, tmp_path: Path) -> Path:
    """A copy of the sample that a test may change."""
    shutil.copytree(sample, tmp_path / "fer2013")
    return tmp_path / "fer2013"


def rows_of(root: Path) -> list[list[str]]:
    """The rows of fer2013.csv: emotion, pixels, Usage."""
    with (root / "fer2013.csv").open(newline="") as file:
        return list(csv.reader(file))[1:]


def pixels_of(text: str) -> np.ndarray:
    """A row's pixels by the plainest means there are."""
    return np.array([int(pixel) for pixel in text.split(" ")], np.uint8).reshape(48, 48)


def as_icml(root: Path) -> None:
    """The same rows as icml_face_data.csv: another order of columns, blanks before their names."""
    lines = ["emotion, Usage, pixels", *(f"{emotion},{usage},{pixels}" for emotion, pixels, usage in rows_of(root))]
    (root / "icml_face_data.csv").write_text("\n".join(lines) + "\n")
    (root / "fer2013.csv").unlink()


def as_kaggle_pair(root: Path) -> None:
    """The same rows as train.csv and test.csv: pixels in quotes, no Usage, no labels in test.csv."""
    rows = rows_of(root)
    train = [f'{emotion},"{pixels}"' for emotion, pixels, usage in rows if usage == "Training"]
    test = [f'"{pixels}"' for _, pixels, usage in rows if usage != "Training"]
    (root / "train.csv").write_text("\r\n".join(["emotion,pixels", *train]) + "\r\n")
    (root / "test.csv").write_text("\r\n".join(["pixels", *test]) + "\r\n")
    (root / "fer2013.csv").unlink()


def as_folders(root: Path, *, suffix: str = ".png") -> None:
    """The same images in Kaggle's folders; the two test splits lie together, and a stray file beside them."""
    for i, (emotion, pixels, usage) in enumerate(rows_of(root)):
        folder = root / ("train" if usage == "Training" else "test") / FOLDERS[int(emotion)]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels_of(pixels)).save(folder / f"{usage}_{i * 7919}{suffix}")
    (root / "train" / "angry" / "Thumbs.db").touch()
    (root / "fer2013.csv").unlink()


def change_line(path: Path, line: int, change: Callable[[str], str]) -> None:
    """Change one line of a file, counted from 1."""
    lines = path.read_text().splitlines()
    lines[line - 1] = change(lines[line - 1])
    path.write_text("\n".join(lines) + "\n")


def faces_of(database: Fer2013, records: Sequence[FaceRecord]) -> list[tuple[str, str | None, bytes]]:
    """Label, split and pixels of every face, without the ids, which differ between csv and folders."""
    faces = zip(records, database.read_many(records), strict=True)
    return sorted((record.expression, record.split, image.tobytes()) for record, image in faces)


def damage(root: Path) -> str:
    """The one message that the damaged database gives."""
    with pytest.raises(DatabaseDamaged) as raised:
        Fer2013(root).records()
    return str(raised.value)


def test_a_record_says_row_line_label_and_split(root: Path) -> None:
    records = Fer2013(root).records()
    rows = rows_of(root)
    assert [record.id for record in records] == [f"fer2013/{i:05d}" for i in range(len(rows))]
    assert records[6].source == "fer2013.csv:8"
    assert [record.expression for record in records] == [LABELS[int(emotion)] for emotion, _, _ in rows]
    assert [record.split for record in records] == [usage for _, _, usage in rows]


def test_the_labels_of_the_file_are_0_anger_to_6_neutral() -> None:
    assert LABELS == ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")


def test_pixels_are_those_of_the_row(root: Path) -> None:
    database = Fer2013(root)
    records = database.records()
    expected = [pixels_of(pixels) for _, pixels, _ in rows_of(root)]
    np.testing.assert_array_equal(list(database.read_many(records)), expected)
    np.testing.assert_array_equal(database.read(records[17]), expected[17])


def test_pixels_come_in_the_order_that_is_asked_for(root: Path) -> None:
    database = Fer2013(root)
    some = [database.records()[i] for i in (90, 3, 41)]
    np.testing.assert_array_equal(list(database.read_many(some)), [pixels_of(rows_of(root)[i][1]) for i in (90, 3, 41)])


def test_pixels_are_read_without_records_having_been_called(root: Path) -> None:
    record = Fer2013(root).records()[9]
    np.testing.assert_array_equal(Fer2013(root).read(record), pixels_of(rows_of(root)[9][1]))


@pytest.mark.parametrize("form", [as_icml, as_kaggle_pair, as_folders])
def test_every_form_gives_the_same_faces(root: Path, form: Callable[[Path], None]) -> None:
    database = Fer2013(root)
    splits = ("Training",) if form is as_kaggle_pair else ("Training", "PublicTest", "PrivateTest")
    records = [record for record in database.records() if record.split in splits]
    expected = faces_of(database, records)
    form(root)
    found = Fer2013(root)
    assert faces_of(found, found.records()) == expected


@pytest.mark.parametrize("form", [as_icml, as_kaggle_pair])
def test_csv_forms_give_the_same_ids(root: Path, form: Callable[[Path], None]) -> None:
    ids = [record.id for record in Fer2013(root).records()]
    form(root)
    found = [record.id for record in Fer2013(root).records()]
    assert found == ids[: len(found)]


def test_folders_give_ids_that_stay_apart_where_a_number_stands_twice(root: Path) -> None:
    as_folders(root)
    (path,) = (root / "train" / "angry").glob("Training_0.png")
    (root / "train" / "happy" / "Training_0.png").write_bytes(path.read_bytes())
    ids = {record.id for record in Fer2013(root).records()}
    assert {"fer2013/train/angry/Training_0", "fer2013/train/happy/Training_0"} <= ids


def test_jpeg_images_are_read_as_grey(root: Path) -> None:
    as_folders(root, suffix=".jpg")
    database = Fer2013(root)
    record = database.records()[0]
    assert record.source == f"{record.id.removeprefix('fer2013/')}.jpg"
    assert database.read(record).shape == (48, 48)


def test_images_without_labels_are_counted_and_are_no_records(root: Path) -> None:
    usages = [usage for _, _, usage in rows_of(root)]
    as_kaggle_pair(root)
    database = Fer2013(root)
    counts = database.count(database.records())
    assert counts["images"] == counts["Training"] == usages.count("Training")
    assert counts["PublicTest"] == counts["PrivateTest"] == 0
    assert counts["unlabelled"] == len(usages) - usages.count("Training")


def test_train_csv_alone_is_enough(root: Path) -> None:
    as_kaggle_pair(root)
    (root / "test.csv").unlink()
    database = Fer2013(root)
    assert "unlabelled" not in database.count(database.records())


def test_an_archive_unpacked_into_a_folder_is_found(root: Path) -> None:
    outer = root.parent
    assert Fer2013(outer).records()[0].source == "fer2013/fer2013.csv:2"
    assert [r.id for r in Fer2013(outer).records()] == [r.id for r in Fer2013(root).records()]
    as_folders(root)
    assert Fer2013(outer).records()[0].id.startswith("fer2013/test/angry/")


def test_the_fullest_form_is_taken(root: Path) -> None:
    text = (root / "fer2013.csv").read_text()
    as_kaggle_pair(root)
    (root / "fer2013.csv").write_text(text)
    assert {record.split for record in Fer2013(root).records()} == {"Training", "PublicTest", "PrivateTest"}


def test_counts_stand_beside_the_published_ones(root: Path) -> None:
    database = Fer2013(root)
    records = database.records()
    checks = database.checks(records)
    assert list(checks) == [*database.published, "md5"]
    assert checks["images"] == (len(records), 35887)
    assert checks["disgust"] == (sum(record.expression == "disgust" for record in records), 547)
    assert checks["md5"][0] != checks["md5"][1] == MD5


def test_a_form_without_a_published_checksum_is_checked_by_counts_alone(root: Path) -> None:
    as_icml(root)
    database = Fer2013(root)
    assert list(database.checks(database.records())) == list(database.published)


# Votes


def test_votes_stand_in_the_order_of_the_file(root: Path) -> None:
    with (root / "fer2013new.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    records = Fer2013(root).records()
    assert all(record.votes is not None for record in records)
    assert [list((record.votes or {}).values()) for record in records] == [[float(n) for n in row[2:]] for row in rows]
    assert list(records[0].votes or {}) == [
        *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"),
        *("unknown", "not_a_face"),
    ]


def test_votes_relabel_the_sample(root: Path) -> None:
    restriction = LabelSpace(EXPRESSIONS, votes="majority").restrict(Fer2013(root).records())
    assert set(restriction.dropped) == {"unknown", "no_majority", "not_a_face"}
    assert "contempt" in {record.expression for record in restriction.records}


def test_without_fer2013new_there_are_no_votes(root: Path) -> None:
    (root / "fer2013new.csv").unlink()
    assert all(record.votes is None for record in Fer2013(root).records())


def test_votes_serve_icml_face_data_too(root: Path) -> None:
    votes = [record.votes for record in Fer2013(root).records()]
    as_icml(root)
    assert [record.votes for record in Fer2013(root).records()] == votes


@pytest.mark.parametrize("form", [as_kaggle_pair, as_folders])
def test_votes_are_left_alone_where_rows_do_not_belong_to_them(root: Path, form: Callable[[Path], None]) -> None:
    form(root)
    database = Fer2013(root)
    assert all(record.votes is None for record in database.records())
    assert root / "fer2013new.csv" not in database.files()


def test_votes_of_another_number_of_rows_are_damage(root: Path) -> None:
    path, n = root / "fer2013new.csv", len(rows_of(root))
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-2]) + "\n")
    assert f"{path}: found {n - 2} rows, expected {n} as in {root / 'fer2013.csv'}." in damage(root)
    path.write_text("\n".join([*lines, lines[-1]]) + "\n")
    assert f"{path}: found more rows, expected {n} as in" in damage(root)


def test_votes_of_another_split_are_damage(root: Path) -> None:
    change_line(root / "fer2013new.csv", 30, lambda line: line.replace("Training", "PublicTest"))
    assert "fer2013new.csv line 30: Usage 'PublicTest', expected 'Training' as in" in damage(root)


@pytest.mark.parametrize(
    ("line", "change", "message"),
    [
        (1, lambda line: line.replace("NF", "not face"), "line 1: found the columns Usage, Image name, neutral"),
        (9, lambda line: line.rpartition(",")[0], "line 9: found 11 columns, expected 12"),
        (9, lambda line: line.rpartition(",")[0] + ",x", "line 9: found the vote count 'x', expected a whole number"),
    ],
)
def test_damaged_votes_are_named_by_line(root: Path, line: int, change: Callable[[str], str], message: str) -> None:
    change_line(root / "fer2013new.csv", line, change)
    assert f"{root / 'fer2013new.csv'} {message}" in damage(root)


# Damage


def test_missing_files_are_said_with_where_and_how(tmp_path: Path) -> None:
    (tmp_path / "README.txt").touch()
    with pytest.raises(DatabaseNotFound, match=r"fer2013 is not in .*looked for fer2013\.csv, icml_face_data\.csv, train\.csv"):
        Fer2013(tmp_path).records()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda line: "9" + line[1:], "label '9', expected 0 to 6."),
        (lambda line: line.replace(" ", "", 1), "found 2303 pixels, expected 2304."),
        (lambda line: line.replace(" ", " 7 ", 1), "found 2305 pixels, expected 2304."),
        (lambda line: line.replace("Training", "Train"), "Usage 'Train', expected Training or PublicTest or PrivateTest."),
        (lambda line: line[:900], "found 2 columns, expected 3: emotion, pixels, usage."),
        (lambda line: "", "found 1 columns, expected 3: emotion, pixels, usage."),
    ],
)
def test_a_damaged_row_is_named_by_line(root: Path, change: Callable[[str], str], message: str) -> None:
    change_line(root / "fer2013.csv", 12, change)
    assert damage(root).startswith(f"DatabaseDamaged: {root / 'fer2013.csv'} line 12: {message}\n    Unpack or download it again")


@pytest.mark.parametrize("cut", [4, 20, 3000, 9000])
def test_a_truncated_csv_is_damage_in_its_last_row(root: Path, cut: int) -> None:
    path = root / "fer2013.csv"
    path.write_bytes(path.read_bytes()[:-cut])
    last = len(path.read_bytes().splitlines())
    assert f"{path} line {last}: " in damage(root)


def test_a_csv_that_lacks_whole_rows_is_counted_and_no_damage(root: Path) -> None:
    (root / "fer2013new.csv").unlink()
    path = root / "fer2013.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:50]))
    database = Fer2013(root)
    assert database.checks(database.records())["images"] == (49, 35887)


@pytest.mark.parametrize("pixel", ["256", "-1", "x", "1.5", "99999999999999999999"])
def test_a_pixel_out_of_range_is_named_by_line(root: Path, pixel: str) -> None:
    change_line(root / "fer2013.csv", 12, lambda line: re.sub(r",\d+ ", f",{pixel} ", line, count=1))
    database = Fer2013(root)
    records = database.records()
    with pytest.raises(DatabaseDamaged, match=r"fer2013\.csv line 12: the pixels are not 2304 whole numbers from 0 to 255"):
        list(database.read_many(records))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: found the header '', expected emotion, pixels, usage"),
        ("emotion,pixels,Usage\n", "line 1: found no row below the header"),
        ("<!DOCTYPE html>\n<html>\n", "line 1: found the header '<!doctype html>', expected emotion, pixels, usage"),
        ("emotion,pixels\n0,1 2\n", "line 1: found the header 'emotion, pixels', expected emotion, pixels, usage"),
    ],
)
def test_a_csv_that_is_something_else_is_damage(root: Path, text: str, message: str) -> None:
    (root / "fer2013.csv").write_text(text)
    assert f"{root / 'fer2013.csv'} {message}" in damage(root)


def test_a_damaged_row_of_kaggles_train_csv_is_named_by_line(root: Path) -> None:
    as_kaggle_pair(root)
    change_line(root / "train.csv", 5, lambda line: "7" + line[1:])
    assert f"{root / 'train.csv'} line 5: label '7', expected 0 to 6." in damage(root)


def test_empty_folders_are_named_in_one_message(root: Path) -> None:
    as_folders(root)
    for folder in ("fear", "sad"):
        for path in (root / "train" / folder).iterdir():
            path.unlink()
    assert f"{root / 'train'}: found no image in fear, sad, expected .jpg, .jpeg, .png." in damage(root)


def test_a_train_folder_without_folders_is_damage(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    assert f"{tmp_path / 'train'}: found no folder, expected angry, disgust, fear, happy" in damage(tmp_path)


def test_a_folder_of_no_expression_is_damage(root: Path) -> None:
    as_folders(root)
    (root / "test" / "joy").mkdir()
    assert f"{root / 'test'}: found the folder 'joy', expected angry, disgust, fear, happy" in damage(root)


def test_an_image_whose_name_has_lost_its_split_is_damage(root: Path) -> None:
    as_folders(root)
    (root / "train" / "angry" / "Training_0.png").rename(root / "train" / "angry" / "im0.png")
    assert f"{root / 'train' / 'angry' / 'im0.png'}: found the name 'im0.png', expected one that begins with Training_" in damage(
        root
    )


def test_an_image_in_two_formats_is_damage(root: Path) -> None:
    as_folders(root)
    path = root / "train" / "angry" / "Training_0.png"
    path.with_suffix(".jpg").write_bytes(path.read_bytes())
    assert f"{path}: Training_0.jpg is the same image." in damage(root)


@pytest.mark.parametrize("content", [b"", b"no image"])
def test_an_unreadable_image_is_named(root: Path, content: bytes) -> None:
    as_folders(root)
    path = root / "train" / "angry" / "Training_0.png"
    path.write_bytes(content)
    database = Fer2013(root)
    with pytest.raises(DatabaseDamaged, match=r"Training_0\.png: found no readable image"):
        list(database.read_many(database.records()))


# The sample, and the real files


def test_the_sample_has_the_damage_of_the_published_file(root: Path) -> None:
    database = Fer2013(root)
    records = database.records()
    images = list(database.read_many(records))
    training = {image.tobytes() for record, image in zip(records, images, strict=True) if record.split == "Training"}
    private = [image for record, image in zip(records, images, strict=True) if record.split == "PrivateTest"]
    assert sum(image.tobytes() in training for image in private) == 4
    assert sum(image[:, ::-1].tobytes() in training for image in private) == 1
    assert sum(not image.any() for image in images) == 1
    assert {record.expression for record in records} == set(LABELS)


def test_the_sample_can_be_learned(root: Path) -> None:
    database = Fer2013(root)
    records = [record for record in database.records() if record.split != "PrivateTest"]
    faces = np.stack(list(database.read_many(records))).reshape(len(records), -1) / 255
    training = np.array([record.split == "Training" for record in records])
    targets = np.eye(7)[LabelSpace(LABELS).encode(record.expression for record in records)]
    weights = np.linalg.lstsq(faces[training], targets[training], rcond=None)[0]
    correct = (faces[~training] @ weights).argmax(1) == targets[~training].argmax(1)
    assert correct.mean() > 2 / 7


REAL = Path(os.environ.get("FER_DATA", "")) / "fer2013"


@pytest.mark.slow
@pytest.mark.skipif(
    not os.environ.get("FER_DATA") or not (REAL / "fer2013new.csv").is_file(),
    reason="FER_DATA points to no folder with fer2013/fer2013.csv and fer2013new.csv",
)
def test_the_published_files_give_the_published_numbers() -> None:
    database = Fer2013(REAL)
    records = database.records()
    assert {found for found, _ in database.checks(records).values()} == {*database.published.values(), MD5}
    assert kept(records, "majority") == (25060, 3199, 3153)
    assert kept(records, "argmax") == (28389, 3553, 3546)
    assert round(100 * agreement(records), 1) == 63.4
    images = {image.tobytes() for image in database.read_many(records)}
    assert len(images) == 34034


def kept(records: Sequence[FaceRecord], rule: str) -> tuple[int, ...]:
    """The images of each split that a rule keeps."""
    restriction = LabelSpace(EXPRESSIONS, votes=rule).restrict(records)  # type: ignore[arg-type]
    splits = [record.split for record in restriction.records]
    return tuple(splits.count(split) for split in ("Training", "PublicTest", "PrivateTest"))


def agreement(records: Sequence[FaceRecord]) -> float:
    """The share of images with the same label in FER and FER+, of those where most FER+ votes are for one of FER's seven."""
    own = {record.id: record.expression for record in records}
    relabelled = LabelSpace(LABELS, votes="argmax").restrict(records).records
    return sum(record.expression == own[record.id] for record in relabelled) / len(relabelled)
