"""This file tests the database ckplus: the layout of its authors, CK+48, their labels and their damage."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer.data.databases.ckplus import SEQUENCES, CkPlus
from fer.data.databases.ckplus_48 import FOLDERS
from fer.data.databases.ckplus_original import LABELS
from fer.data.databases.ckplus_sample import LEFT, TOP
from fer.errors import ConfigError, DatabaseDamaged, DatabaseNotFound, FerError

IMAGES = "cohn-kanade-images"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both forms of a made-up copy, drawn once."""
    folder = tmp_path_factory.mktemp("samples")
    CkPlus.write_sample(folder / "original", subjects=2)
    CkPlus.write_sample_48(folder / "48", subjects=2)
    return folder


@pytest.fixture
def root(samples: Path, tmp_path: Path) -> Path:
    """A copy of the layout of the authors that a test may change."""
    return Path(shutil.copytree(samples / "original", tmp_path / "data"))


@pytest.fixture
def root_48(samples: Path, tmp_path: Path) -> Path:
    """A copy of CK+48 that a test may change."""
    return Path(shutil.copytree(samples / "48", tmp_path / "data48"))


def ids(root: Path) -> list[str]:
    return [record.id for record in CkPlus(root).records()]


def damage(database: CkPlus, error: type[FerError] = DatabaseDamaged) -> str:
    """The one message that a database gives."""
    with pytest.raises(error) as raised:
        database.records()
    return str(raised.value)


def test_the_last_three_frames_of_a_sequence_bear_the_label_of_its_file(root: Path) -> None:
    records = CkPlus(root).records()
    assert [record.id for record in records[:3]] == [f"ckplus/S005_001_{i:08d}" for i in (2, 3, 4)]
    assert records[0].source == f"{IMAGES}/S005/001/S005_001_00000002.png"
    assert {record.expression for record in records[:3]} == {"anger"}
    assert {(record.subject, record.group) for record in records[:3]} == {("S005", "S005_001")}
    assert (root / "Emotion/S005/001/S005_001_00000004_emotion.txt").read_text() == "   1.0000000e+00\n"


def test_labels_are_0_neutral_to_7_surprise(root: Path) -> None:
    path = root / "Emotion/S005/001/S005_001_00000004_emotion.txt"
    for label, expression in enumerate(("neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")):
        path.write_text(f"   {label:.7e}\n")
        assert CkPlus(root).records()[0].expression == expression == LABELS[label]


@pytest.mark.parametrize("text", ["   9.0000000e+00\n", "happy", "", "3.5", "1 2", "nan", "-1", "inf"])
def test_a_label_that_is_none_is_refused_by_the_name_of_its_file(root: Path, text: str) -> None:
    path = root / "Emotion/S005/001/S005_001_00000004_emotion.txt"
    path.write_text(text)
    assert f"{path}: found the label {text.strip()!r}, expected one number from 0 to 7" in damage(CkPlus(root))


def test_a_sequence_without_a_label_file_is_no_record_and_is_counted(root: Path) -> None:
    before = CkPlus(root).count(CkPlus(root).records())
    assert before["unlabelled sequences"] == 8  # of the sample's last subject, and S005_008
    (root / "Emotion/S005/001/S005_001_00000004_emotion.txt").unlink()
    database = CkPlus(root)
    assert not any(record.group == "S005_001" for record in database.records())
    assert database.count(database.records())["unlabelled sequences"] == 9


def test_one_last_frame_is_the_one_of_the_highest_number(root: Path, root_48: Path) -> None:
    label = root / "Emotion/S005/001/S005_001_00000004_emotion.txt"
    label.rename(label.with_name("S005_001_00000010_emotion.txt"))
    for folder in (root / IMAGES / "S005/001", root_48 / "CK+48/anger"):
        (folder / "S005_001_00000004.png").rename(folder / "S005_001_00000010.png")
        assert (
            CkPlus(folder.parents[2 if folder.name == "001" else 1], last_frames=1).records()[0].id == "ckplus/S005_001_00000010"
        )


def test_neutral_adds_the_first_frame_of_each_labelled_sequence(root: Path) -> None:
    without, database = CkPlus(root).records(), CkPlus(root, neutral=True)
    added = set(database.records()) - set(without)
    assert {record.expression for record in added} == {"neutral"}
    assert {record.id for record in added} == {f"ckplus/{group}_00000001" for group in {record.group for record in without}}


def test_contempt_can_be_left_out_and_what_is_left_out_is_counted(root: Path) -> None:
    everything, database = CkPlus(root).records(), CkPlus(root, contempt=False)
    assert list(database.records()) == [record for record in everything if record.expression != "contempt"]
    assert database.count(database.records())["contempt images left out"] == 6


def test_frames_in_colour_are_read_as_grey(root: Path) -> None:
    database, modes = CkPlus(root), set()
    for record in database.records():
        with Image.open(root / record.source) as image:
            modes.add(image.mode)
        assert database.read(record).shape == (490, 640)
    assert modes == {"L", "RGB"}


def test_landmarks_are_68_points_on_the_face(root: Path) -> None:
    database = CkPlus(root)
    points = database.landmarks(database.records()[-1])
    assert points is not None
    assert points.shape == (68, 2)
    assert points.dtype == np.float64
    assert (points.min(axis=0) >= (LEFT, TOP)).all()
    left_eye, right_eye, mouth = points[36:42].mean(0), points[42:48].mean(0), points[48:].mean(0)
    assert left_eye[0] < mouth[0] < right_eye[0]
    assert max(left_eye[1], right_eye[1]) < mouth[1]


def test_a_frame_without_a_landmark_file_has_no_landmarks(root: Path, root_48: Path) -> None:
    database = CkPlus(root)
    assert database.landmarks(database.records()[0]) is None  # the sample has none for the second frame
    assert not any(CkPlus(root_48).landmarks(record) is not None for record in CkPlus(root_48).records())


@pytest.mark.parametrize("text", ["1 2\n" * 67, "1 2 3\n" * 68, "1 x\n" * 68, "1 nan\n" * 68, ""])
def test_landmarks_that_are_not_68_points_are_refused_by_the_name_of_their_file(root: Path, text: str) -> None:
    path = root / "Landmarks/S005/001/S005_001_00000004_landmarks.txt"
    path.write_text(text)
    with pytest.raises(DatabaseDamaged, match=r"S005_001_00000004_landmarks\.txt: found"):
        CkPlus(root).landmarks(CkPlus(root).records()[2])


def test_the_digest_covers_images_labels_and_landmarks(root: Path) -> None:
    before = CkPlus(root).digest()
    for name in (f"{IMAGES}/S005/001/S005_001_00000004.png", "Emotion/S005/001/S005_001_00000004_emotion.txt"):
        (root / name).write_bytes((root / name).read_bytes() + b" ")
        changed = CkPlus(root).digest()
        assert changed != before
        before = changed
    (root / "Landmarks/S005/001/S005_001_00000004_landmarks.txt").unlink()
    assert CkPlus(root).digest() != before


def test_folders_may_be_nested_as_their_archives_unpack(root: Path) -> None:
    before = ids(root)
    for inner, outer in ((IMAGES, "extended-cohn-kanade-images"), ("Emotion", "Emotion_labels"), ("Landmarks", "a/b")):
        (root / outer).mkdir(parents=True)
        (root / inner).rename(root / outer / inner)
    database = CkPlus(root)
    assert ids(root) == before == ids(root.parent)
    assert database.landmarks(database.records()[2]) is not None


def test_names_in_any_case_give_the_same_ids(root: Path) -> None:
    before = ids(root)
    for path in sorted(root.rglob("*.*")):
        if path.is_file():
            path.rename(path.with_name(path.name.swapcase()))
    assert ids(root) == before


def test_labelled_sequences_without_images_are_named(root: Path) -> None:
    shutil.rmtree(root / IMAGES / "S005" / "001")
    assert "1 of 14 labels have no images: S005_001" in damage(CkPlus(root))


def test_a_label_whose_own_frame_is_gone_is_refused_and_not_given_to_the_frames_before(root: Path) -> None:
    (root / IMAGES / "S005/001/S005_001_00000004.png").unlink()
    assert "S005_001_00000004_emotion.txt: found no image S005_001_00000004" in damage(CkPlus(root))


def test_images_without_any_label_are_refused(root: Path) -> None:
    shutil.rmtree(root / "Emotion")
    assert "found 86 images without a label, expected Emotion/" in damage(CkPlus(root))


def test_two_label_files_that_disagree_are_refused(root: Path) -> None:
    shutil.copytree(root / "Emotion", root / "labels")
    assert ids(root)
    (root / "labels/S005/001/S005_001_00000004_emotion.txt").write_text("2")
    assert "found another label than in" in damage(CkPlus(root))


def test_more_frames_than_the_shortest_sequence_has_are_refused(root: Path) -> None:
    assert len(CkPlus(root, last_frames=4).records()) == 14 * 4
    assert "data.ckplus.last_frames: found 5, but the sequence S005_001 has only 4 images; expected at most 4" in damage(
        CkPlus(root, last_frames=5), ConfigError
    )
    assert "only 3 images beside its first one" in damage(CkPlus(root, last_frames=4, neutral=True), ConfigError)


def test_no_frame_at_all_is_refused(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"data\.ckplus\.last_frames: found 0, expected 1 or more"):
        CkPlus(root, last_frames=0)


def test_both_forms_have_the_same_records_with_the_defaults(root: Path, root_48: Path) -> None:
    original, rendering = CkPlus(root), CkPlus(root_48)
    columns = [[(r.id, r.expression, r.subject, r.group) for r in database.records()] for database in (original, rendering)]
    assert columns[0] == columns[1]
    assert {record.expression for record in rendering.records()} == set(FOLDERS.values()) == set(SEQUENCES)
    assert rendering.read(rendering.records()[0]).shape == (48, 48)


def test_only_ck48_is_cropped(root: Path, root_48: Path) -> None:
    assert CkPlus(root_48).cropped
    assert not CkPlus(root).cropped


def test_where_both_forms_lie_the_layout_of_the_authors_wins(root: Path, root_48: Path) -> None:
    shutil.copytree(root_48 / "CK+48", root / "CK+48")
    assert not CkPlus(root).cropped
    assert {record.source.split("/")[0] for record in CkPlus(root).records()} == {IMAGES}


def test_ck48_has_neither_more_frames_nor_neutral_ones(root_48: Path) -> None:
    assert "last_frames: found 4, expected at most 3" in damage(CkPlus(root_48, last_frames=4), ConfigError)
    assert "neutral: found true, expected false" in damage(CkPlus(root_48, neutral=True), ConfigError)


def test_ck48_with_a_missing_image_is_damaged(root_48: Path) -> None:
    (root_48 / "CK+48/anger/S005_001_00000004.png").unlink()
    assert "found fewer than 3 images of S005_001, expected 3" in damage(CkPlus(root_48))


def test_a_sequence_in_the_folders_of_two_expressions_is_refused(root_48: Path) -> None:
    shutil.move(root_48 / "CK+48/anger/S005_001_00000004.png", root_48 / "CK+48/fear")
    assert "found the sequence S005_001 also in the folder of anger" in damage(CkPlus(root_48))


@pytest.mark.parametrize("name", ["CK+", "CK+48", "ck-plus", "cohn-kanade", "Extended Cohn-Kanade"])
def test_a_missing_root_stands_for_a_folder_beside_it_that_bears_another_name(root: Path, root_48: Path, name: str) -> None:
    for folder in (root, root_48):
        before = ids(folder)
        other = folder.rename(folder.parent / name)
        assert ids(folder.parent / "ckplus") == before
        other.rename(folder)


def test_of_two_other_names_the_layout_of_the_authors_comes_first(root: Path, root_48: Path) -> None:
    root.rename(root.parent / "CK+")
    root_48.rename(root.parent / "CK+48")
    assert not CkPlus(root.parent / "ckplus").cropped


def test_an_empty_folder_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatabaseNotFound, match="ckplus is not in"):
        _ = CkPlus(tmp_path / "empty").cropped


def test_a_tree_that_was_unpacked_twice_counts_once_and_differing_images_are_refused(root: Path) -> None:
    before = ids(root)
    shutil.copytree(root / IMAGES, root / "again" / IMAGES)
    assert ids(root) == before
    Image.new("L", (640, 490)).save(root / "again" / IMAGES / "S005/001/S005_001_00000004.png")
    assert "found another image than in" in damage(CkPlus(root))


def spread(sequences: int, subjects: int) -> list[str]:
    """Names for this many sequences of this many subjects."""
    return [f"S{i % subjects + 1:03d}_{i // subjects + 1:03d}" for i in range(sequences)]


def test_a_ck48_as_published_has_the_published_counts(tmp_path: Path) -> None:
    folders = [folder for folder, expression in FOLDERS.items() for _ in range(SEQUENCES[expression])]
    for folder, sequence in zip(folders, spread(327, 118), strict=True):
        (tmp_path / "CK+48" / folder).mkdir(parents=True, exist_ok=True)
        for i in range(3):
            (tmp_path / "CK+48" / folder / f"{sequence}_{i + 9:08d}.png").touch()
    database = CkPlus(tmp_path)
    records = database.records()
    assert len(records) == 981
    assert all(found == expected for found, expected in database.checks(records).values())


def test_the_layout_of_the_authors_as_published_has_the_published_counts(tmp_path: Path) -> None:
    labels = [LABELS.index(expression) for expression, number in SEQUENCES.items() for _ in range(number)]
    labelled, unlabelled = spread(327, 118), [f"S{i % 123 + 1:03d}_{i // 123 + 20:03d}" for i in range(266)]
    for sequence in (*labelled, *unlabelled):
        (tmp_path / IMAGES / sequence).mkdir(parents=True)
        for i in range(4):
            (tmp_path / IMAGES / sequence / f"{sequence}_{i + 1:08d}.png").touch()
    for sequence, label in zip(labelled, labels, strict=True):
        (tmp_path / f"{sequence}_00000004_emotion.txt").write_text(f"   {label:.7e}\n")
    database = CkPlus(tmp_path)
    records = database.records()
    assert len(records) == 981
    assert database.count(records)["unlabelled sequences"] == 266
    checks = database.checks(records)
    assert checks["sequences with and without label"] == (593, 593)
    assert checks["images"] == (981, 981)
    assert checks["subjects with and without label"] == (123, 123)
    for options in ({}, {"last_frames": 1}, {"neutral": True}, {"contempt": False, "neutral": True}):
        database = CkPlus(tmp_path, **options)
        assert all(found == expected for found, expected in database.checks(database.records()).values())
