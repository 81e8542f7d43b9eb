"""This file tests the database affectnet: both releases, their landmarks, and their damage."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer.data.databases.affectnet import AffectNet
from fer.data.databases.affectnet_layout import LABELS, NO_EXPRESSION
from fer.data.databases.affectnet_sample import EMPTY, MARGIN, SIZE, write_numbered, write_sample
from fer.errors import ConfigError, DatabaseDamaged, DatabaseNotFound

WHOLE = SIZE + 2 * MARGIN


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both releases with the same faces, drawn once."""
    folder = tmp_path_factory.mktemp("samples")
    write_sample(folder / "complete", subjects=2, seed=0)
    write_numbered(folder / "small", subjects=2, seed=0)
    return folder


@pytest.fixture
def complete(samples: Path, tmp_path: Path) -> Path:
    """A copy of the complete release that a test may change."""
    return Path(shutil.copytree(samples / "complete", tmp_path / "affectnet"))


@pytest.fixture
def small(samples: Path, tmp_path: Path) -> Path:
    """A copy of the smaller release that a test may change."""
    return Path(shutil.copytree(samples / "small", tmp_path / "affectnet"))


def at(root: Path, **options: object) -> AffectNet:
    """The database as configured: without the empty picture."""
    return AffectNet(root, **{"omit": [EMPTY], **options})  # type: ignore[arg-type]


def list_of(root: Path, name: str = "training") -> Path:
    """One of the lists of the complete release."""
    return root / "Manually_Annotated_file_lists" / f"{name}.csv"


def change_line(path: Path, line: int, change: Callable[[str], str]) -> None:
    """Change one line of a file, counted from 1."""
    lines = path.read_text().splitlines()
    lines[line - 1] = change(lines[line - 1])
    path.write_text("\n".join(lines) + "\n")


def damage(root: Path) -> str:
    """The one message that the damaged database gives."""
    with pytest.raises(DatabaseDamaged) as raised:
        at(root).records()
    return str(raised.value)


def test_labels_0_to_10_are_the_published_ones() -> None:
    assert LABELS == ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
    assert NO_EXPRESSION == ("none", "uncertain", "no_face")


def test_a_row_of_a_list_is_a_record(complete: Path) -> None:
    cells = list_of(complete, "validation").read_text().splitlines()[1].split(",")
    record = next(r for r in at(complete).records() if r.source.endswith(cells[0]))
    assert record.id == f"affectnet/{Path(cells[0]).with_suffix('')}"
    assert record.source == f"Manually_Annotated/Manually_Annotated_Images/{cells[0]}"
    assert (record.expression, record.split) == (LABELS[int(cells[6])], "validation")


def test_both_releases_have_the_same_labels_splits_and_faces(samples: Path) -> None:
    first, second = at(samples / "complete"), at(samples / "small")
    one = sorted((r.split, r.expression, first.read(r).mean().round(-1)) for r in first.records())
    other = sorted((r.split, r.expression, second.read(r).mean().round(-1)) for r in second.records())
    assert [key[:2] for key in one] == [key[:2] for key in other]
    assert len(one) == 2 * 8 * 2


def test_images_without_an_expression_are_counted_and_are_no_records(complete: Path) -> None:
    database = at(complete)
    records = database.records()
    counts = {"images": 32, "train": 16, "validation": 16, "no_face": 1, "none": 1, "omitted": 1, "uncertain": 1}
    assert database.count(records) == counts
    assert not any("/8/" in record.source for record in records)


def test_the_empty_picture_is_named_unless_it_is_omitted(complete: Path) -> None:
    database = at(complete, omit=[])
    (record,) = (r for r in database.records() if r.source.endswith(EMPTY))
    with pytest.raises(DatabaseDamaged, match=r"29a31ebf.*found no readable image(.|\n)*data\.affectnet\.omit"):
        database.read(record)
    assert record.id not in {r.id for r in at(complete).records()}


def test_the_face_box_is_read(complete: Path) -> None:
    database = at(complete)
    record = database.records()[0]
    assert database.read(record).shape == (SIZE, SIZE, 3)
    whole = np.asarray(Image.open(complete / record.source).convert("RGB"))
    np.testing.assert_array_equal(database.read(record), whole[MARGIN : MARGIN + SIZE, MARGIN : MARGIN + SIZE])


@pytest.mark.parametrize(("margin", "size"), [(0.1, SIZE + 20), (0.5, WHOLE)])
def test_the_margin_widens_the_box_up_to_the_edges(complete: Path, margin: float, size: int) -> None:
    database = at(complete, margin=margin)
    assert database.read(database.records()[0]).shape == (size, size, 3)
    assert database.digest() != at(complete).digest()


@pytest.mark.parametrize("margin", [-0.1, 3])
def test_a_margin_out_of_range_is_refused(tmp_path: Path, margin: float) -> None:
    with pytest.raises(ConfigError, match=r"data\.affectnet\.margin: found .* expected a share of the face box from 0 to 2"):
        AffectNet(tmp_path, margin=margin)


@pytest.mark.parametrize(("margin", "corner"), [(0.0, 0), (0.1, 10), (0.5, MARGIN)])
def test_landmarks_move_with_the_box(complete: Path, margin: float, corner: int) -> None:
    database = at(complete, margin=margin)
    points = database.landmarks(database.records()[0])
    assert points is not None
    assert points.shape == (68, 2)
    assert points[:2].tolist() == [[corner, corner], [corner + SIZE, corner + SIZE]]


def test_landmarks_of_the_smaller_release_are_those_of_the_image(small: Path) -> None:
    database = at(small)
    points = database.landmarks(database.records()[0])
    assert points is not None
    assert points[:2].tolist() == [[0, 0], [SIZE, SIZE]]
    for path in small.rglob("*_lnd.npy"):
        path.unlink()
    assert at(small).landmarks(database.records()[0]) is None


def test_without_a_box_the_whole_picture_is_read(complete: Path) -> None:
    change_line(list_of(complete), 2, lambda line: line.replace(",14,14,96,96,", ",NULL,NULL,NULL,NULL,"))
    path = list_of(complete).read_text().splitlines()[1].split(",")[0]
    database = at(complete)
    record = next(r for r in database.records() if r.source.endswith(path))
    assert database.read(record).shape == (WHOLE, WHOLE, 3)
    points = database.landmarks(record)
    assert points is not None
    assert points[0].tolist() == [MARGIN, MARGIN]


def test_a_box_outside_of_the_picture_is_damage(complete: Path) -> None:
    change_line(list_of(complete), 2, lambda line: line.replace(",14,14,96,96,", ",500,14,96,96,"))
    database = at(complete)
    with pytest.raises(DatabaseDamaged, match=r"found no part of FaceBox\(left=500.* in the picture of 124×124 pixels"):
        list(database.read_many(database.records()))


def test_a_list_without_a_header_is_read_too(complete: Path) -> None:
    records = at(complete).records()
    path = list_of(complete, "validation")
    path.write_text("\n".join(path.read_text().splitlines()[1:]))
    assert at(complete).records() == records


def test_validation_alone_may_be_missing(complete: Path) -> None:
    list_of(complete, "validation").unlink()
    assert {record.split for record in at(complete).records()} == {"train"}


def test_a_row_that_is_repeated_is_counted(complete: Path) -> None:
    ids = [record.id for record in at(complete).records()]
    change_line(list_of(complete), 2, lambda line: f"{line}\n{line}")
    database = at(complete)
    assert [record.id for record in database.records()] == ids
    assert database.count(database.records())["repeated"] == 1


def test_a_picture_with_two_labels_is_damage(complete: Path) -> None:
    change_line(list_of(complete), 2, lambda line: f"{line}\n{line.rsplit(',', 3)[0]},7,0,0")
    assert "in training.csv and contempt in training.csv, expected one row a picture" in damage(complete)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda line: line.rsplit(",", 3)[0] + ",11,0,0", "expression '11', expected 0 to 10"),
        (lambda line: line.rsplit(",", 3)[0] + ",happy,0,0", "expression 'happy', expected 0 to 10"),
        (lambda line: line[:90], "expected 9 columns: subDirectory_filePath, face_x"),
        (lambda line: "," + line.partition(",")[2], "expected 9 columns: subDirectory_filePath, face_x"),
    ],
)
def test_a_damaged_row_is_named_by_line(complete: Path, change: Callable[[str], str], message: str) -> None:
    change_line(list_of(complete), 3, change)
    found = damage(complete)
    assert found.startswith(f"DatabaseDamaged: {list_of(complete)} line 3: ")
    assert message in found


def test_an_empty_list_is_damage(complete: Path) -> None:
    list_of(complete).write_text("")
    assert f"{list_of(complete)}: found an empty file" in damage(complete)


def test_damaged_landmarks_are_named_by_image(complete: Path) -> None:
    change_line(list_of(complete), 2, lambda line: line.replace("14.00;14.00;", "14.00;", 1))
    database = at(complete)
    with pytest.raises(DatabaseDamaged, match=r"landmarks of affectnet/.*expected 136 numbers"):
        [database.landmarks(record) for record in database.records()]


def test_missing_pictures_are_counted_and_named(complete: Path) -> None:
    for path in (complete / "Manually_Annotated" / "Manually_Annotated_Images" / "3").iterdir():
        path.unlink()
    assert "5 of 32 listed images are not in" in (message := damage(complete))
    assert "Manually_Annotated_Images: 3/" in message
    assert "data.affectnet.omit" in message


@pytest.mark.parametrize("label", ["3", 3, 3.0])
def test_a_label_file_may_hold_text_or_a_number(small: Path, label: object) -> None:
    np.save(small / "train_set" / "annotations" / "0_exp.npy", np.array(label))
    record = next(r for r in at(small).records() if r.id == "affectnet/train_set/0")
    assert (record.expression, record.source) == ("surprise", "train_set/images/0.jpg")


@pytest.mark.parametrize("label", ["11", "happy", "nan", [1, 2], {"a": 1}])
def test_a_label_file_that_holds_something_else_is_damage(small: Path, label: object) -> None:
    path = small / "train_set" / "annotations" / "0_exp.npy"
    np.save(path, np.array(label, dtype=object if isinstance(label, dict) else None), allow_pickle=True)
    assert f"{path}: found no label, expected a number from 0 to 10" in damage(small)


@pytest.mark.parametrize("content", [b"", b"no array"])
def test_a_broken_label_file_is_damage(small: Path, content: bytes) -> None:
    path = small / "val_set" / "annotations" / "1_exp.npy"
    path.write_bytes(content)
    assert f"{path}: found no label" in damage(small)


def test_labels_without_images_and_images_without_labels_are_damage(small: Path) -> None:
    (small / "train_set" / "images" / "4.jpg").unlink()
    assert f"1 of 16 listed images is not in {small / 'train_set' / 'images'}: 4.jpg." in damage(small)
    (small / "train_set" / "annotations" / "4_exp.npy").unlink()
    (small / "train_set" / "annotations" / "5_exp.npy").unlink()
    assert f"{small / 'train_set' / 'images'}: 1 images have no label" in damage(small)


def test_images_of_the_smaller_release_can_be_omitted(small: Path) -> None:
    database = at(small, omit=["train_set/images/0.jpg"])
    assert "affectnet/train_set/0" not in {record.id for record in database.records()}
    assert database.count(database.records())["omitted"] == 1


def test_a_release_one_folder_down_is_found(small: Path) -> None:
    ids = [record.id for record in at(small).records()]
    records = at(small.parent).records()
    assert [record.id for record in records] == ids
    assert records[0].source.startswith("affectnet/train_set/images/")


def test_damaged_landmarks_of_the_smaller_release_are_named(small: Path) -> None:
    path = small / "train_set" / "annotations" / "0_lnd.npy"
    np.save(path, np.zeros(5))
    database = at(small)
    with pytest.raises(DatabaseDamaged, match=r"0_lnd\.npy: found no 136 numbers"):
        database.landmarks(next(r for r in database.records() if r.id == "affectnet/train_set/0"))


def test_missing_files_are_said_with_where_and_how(tmp_path: Path) -> None:
    with pytest.raises(DatabaseNotFound, match=r"affectnet is not in .*looked for training\.csv and Manually_Annotated_Images/"):
        AffectNet(tmp_path).records()
