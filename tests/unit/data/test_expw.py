"""This file tests the database expw: its faces, its groups, and its damage."""

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer.data.databases.expw import ExpW
from fer.data.databases.expw_labels import LABELS
from fer.data.databases.expw_sample import HEIGHT, LEFT, SIZE, TOP
from fer.errors import ConfigError, DatabaseDamaged, DatabaseNotFound


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up copy, drawn once."""
    folder = tmp_path_factory.mktemp("sample")
    ExpW.write_sample(folder, subjects=3)
    return folder


@pytest.fixture
def root(sample: Path, tmp_path: Path) -> Path:
    """A copy of the sample that a test may change."""
    return Path(shutil.copytree(sample, tmp_path / "expw"))


def labels(root: Path) -> Path:
    return root / "data" / "label" / "label.lst"


def rows_of(root: Path) -> list[list[str]]:
    """The cells of every row, without the one that stands twice."""
    return [line.split(" ") for line in labels(root).read_text().splitlines()][:-1]


def damage(root: Path) -> str:
    """The one message that the damaged database gives."""
    with pytest.raises(DatabaseDamaged) as raised:
        ExpW(root).records()
    return str(raised.value)


def test_labels_0_to_6_are_the_published_ones() -> None:
    assert LABELS == ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")


def test_every_face_of_a_photograph_is_a_record_of_one_group(root: Path) -> None:
    records = {record.id: record for record in ExpW(root).records()}
    for name, face, *_, label in rows_of(root):
        record = records.pop(f"expw/{Path(name).stem}/{face}")
        assert (record.expression, record.group, record.split) == (LABELS[int(label)], name, None)
        assert record.source == f"data/image/origin/{name}"
    assert not records
    assert max(Counter(record.group for record in ExpW(root).records()).values()) == 2


def test_the_cells_of_a_box_are_top_left_right_bottom(root: Path) -> None:
    name = rows_of(root)[0][0]
    photograph = np.asarray(Image.open(root / "data" / "image" / "origin" / name).convert("RGB"))
    labels(root).write_text(f"{name} 0 10 20 60 50 22.9 3\n")
    database = ExpW(root)
    np.testing.assert_array_equal(database.read(database.records()[0]), photograph[10:50, 20:60])


def test_the_margin_widens_the_box_and_is_clipped_to_the_photograph(root: Path) -> None:
    assert {face.shape for face in faces(ExpW(root))} == {(SIZE, SIZE, 3)}
    wide = ExpW(root, margin=0.5)
    first = next(record for record in wide.records() if record.id.endswith("/0"))
    assert wide.read(first).shape == (HEIGHT, LEFT + SIZE + SIZE // 2, 3)
    assert min(TOP, LEFT) < SIZE / 2
    assert wide.digest() != ExpW(root).digest()


def faces(database: ExpW) -> list[np.ndarray]:
    return list(database.read_many(database.records()))


def test_faces_that_the_detector_was_less_sure_of_are_left_out_and_counted(root: Path) -> None:
    expected = sum(float(row[6]) >= 60 for row in rows_of(root))
    database = ExpW(root, min_confidence=60)
    counts = database.count(database.records())
    assert counts["images"] == expected
    assert counts["unsure"] == len(rows_of(root)) - expected > 0


def test_a_confidence_that_no_face_has_is_refused(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"data\.expw\.min_confidence: found 500, but no face has more than 93\.75"):
        ExpW(root, min_confidence=500).records()


def test_a_row_that_is_repeated_is_counted(root: Path) -> None:
    database = ExpW(root)
    records = database.records()
    assert database.count(records)["repeated"] == 1
    assert len(records) == len(rows_of(root))
    assert database.checks(records) == {"images": (len(records), 91793)}


def test_a_face_with_two_labels_is_damage(root: Path) -> None:
    rows = rows_of(root)
    rows[-1] = [*rows[0][:-1], str((int(rows[0][-1]) + 1) % 7)]
    labels(root).write_text("\n".join(map(" ".join, rows)))
    assert f"line {len(rows)}: {rows[0][0]} face 0 stands in line 1 with another box or label" in damage(root)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a.jpg 0 1 2 3 4 5", "found 7 cells, expected 8: image_name face_id_in_image"),
        ("a.jpg 0 1 2 3 4 5 7", "label '7', expected 0 to 6"),
        ("a.jpg 0 1 2 3 x 5 6", "the face box is not four whole numbers and a number"),
        ("a.jpg 0 1 2 3 4 high 6", "the face box is not four whole numbers and a number"),
    ],
)
def test_a_damaged_row_is_named_by_line(root: Path, row: str, message: str) -> None:
    lines = labels(root).read_text().splitlines()
    labels(root).write_text("\n".join([*lines[:4], row, *lines[4:]]))
    assert f"{labels(root)} line 5: {message}" in damage(root)


def test_an_empty_list_is_damage(root: Path) -> None:
    labels(root).write_text("\n")
    assert f"{labels(root)}: found an empty file" in damage(root)


def test_missing_photographs_are_counted_and_named(root: Path) -> None:
    photographs = sorted({row[0] for row in rows_of(root)})
    (root / "data" / "image" / "origin" / photographs[3]).unlink()
    expected = f"1 of {len(photographs)} listed images is not in {root / 'data' / 'image' / 'origin'}: {photographs[3]}."
    assert expected in damage(root)


def test_a_box_outside_of_the_photograph_is_named_by_line(root: Path) -> None:
    labels(root).write_text(f"{rows_of(root)[0][0]} 0 900 20 60 950 22.9 3\n")
    with pytest.raises(DatabaseDamaged, match=r"label\.lst line 1: found no part of FaceBox\(.*of 260×120 pixels"):
        faces(ExpW(root))


def test_an_unreadable_photograph_is_named(root: Path) -> None:
    (root / "data" / "image" / "origin" / rows_of(root)[0][0]).write_bytes(b"no image")
    with pytest.raises(DatabaseDamaged, match=r"\.jpg: found no readable image"):
        faces(ExpW(root))


def test_missing_files_are_said_with_where_and_how(tmp_path: Path) -> None:
    with pytest.raises(DatabaseNotFound, match=r"expw is not in .*looked for label/label\.lst beside image/origin/"):
        ExpW(tmp_path).records()
