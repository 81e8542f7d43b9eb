import pickle
from pathlib import Path

import numpy as np
import pytest
from planted import Planted

from fer.data.database import Image, Points
from fer.data.databases.fer2013 import Fer2013
from fer.data.digest import cache_folder
from fer.data.faces import FaceArray, Faces, FaceStack
from fer.data.prepare import PreparedFaces, prepare
from fer.data.preprocessing.base import NotFound, Preprocess
from fer.data.preprocessing.resizing import resize, with_channels
from fer.data.preprocessing.whole_image import WholeImage
from fer.errors import DatabaseDamaged, ProtocolError
from fer.records import FaceRecord


def prepared(database: Planted | Fer2013, size: int = 24, channels: int = 1) -> PreparedFaces:
    return prepare(database, database.records(), preprocess=WholeImage(), spec={}, size=size, channels=channels)


def test_prepared_faces_are_the_images_in_the_order_of_the_records() -> None:
    database = Planted()
    records = database.records()
    taken = prepared(database).array.take(np.array([3, 0, 3]))
    for face, i in zip(taken, (3, 0, 3), strict=True):
        np.testing.assert_array_equal(face, database.read(records[i]))


def test_faces_are_prepared_once_and_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(Planted())
    monkeypatch.setattr(Planted, "read", None)  # nothing is read again
    assert len(prepared(Planted()).array) == 72


def test_another_size_or_preprocessing_is_another_array() -> None:
    database = Planted()
    paths = {
        prepare(database, database.records(), preprocess=WholeImage(), spec=spec, size=size, channels=c).array.path
        for spec, size, c in (({}, 24, 1), ({}, 32, 1), ({"margin": 0.1}, 24, 1), ({}, 24, 3))
    }
    assert len(paths) == 4


def test_a_changed_source_is_prepared_again(tmp_path: Path) -> None:
    Fer2013.write_sample(tmp_path)
    before = prepared(Fer2013(str(tmp_path)), 48).array
    csv = tmp_path / "fer2013.csv"
    lines = csv.read_text().splitlines()
    emotion, _, usage = lines[1].split(",")
    lines[1] = f"{emotion},{' '.join(['7'] * 2304)},{usage}"
    csv.write_text("\n".join(lines) + "\n")
    after = prepared(Fer2013(str(tmp_path)), 48).array
    assert after.path != before.path
    assert (after.take(np.array([0])) == 7).all()
    assert not (before.take(np.array([0])) == 7).all()


class Unreadable(Planted):
    def read(self, record: FaceRecord) -> Image:
        if record.source == "p05_anger_0":
            raise DatabaseDamaged(f"{record.id} cannot be read")
        return super().read(record)


def test_an_interrupted_preparation_leaves_nothing_behind() -> None:
    with pytest.raises(DatabaseDamaged):
        prepared(Unreadable())
    assert list((cache_folder() / "faces").iterdir()) == []


class Wide(Planted):
    def read(self, record: FaceRecord) -> Image:
        return np.zeros((4, 4, 2), np.uint8)


def test_an_image_of_the_wrong_shape_is_named() -> None:
    with pytest.raises(DatabaseDamaged, match=r"planted/p00_anger_0: found uint8 pixels in shape \(4, 4, 2\)"):
        prepared(Wide())


def test_copies_have_equal_digests_and_mirrors_the_others_mirror() -> None:
    for leak, column in (("exact", 0), ("mirrored", 1)):
        copies = prepared(Planted(leak=leak)).copies
        assert copies[-1, 0] == copies[0, column]
        assert len(np.unique(copies[:-1, 0])) == len(copies) - 1


def test_memory_maps_are_given_back_and_pickled_by_path(monkeypatch: pytest.MonkeyPatch) -> None:
    array = prepared(Planted()).array
    monkeypatch.setattr("fer.data.faces.RESIDENT_BYTES", 1000)
    first = array.take(np.arange(72))
    np.testing.assert_array_equal(array.take(np.arange(72)), first)
    copy = pickle.loads(pickle.dumps(array))
    assert isinstance(copy, FaceArray)
    np.testing.assert_array_equal(copy.take(np.array([5])), first[5:6])


def test_several_databases_are_indexed_as_one() -> None:
    first, second = prepared(Planted()).array, prepared(Planted(name="other", leak="mirrored")).array
    stack = FaceStack([first, second])
    rows = np.array([0, 143, 72, 71])
    expected = np.concatenate([first.take(np.arange(72)), second.take(np.arange(72))])[rows]
    np.testing.assert_array_equal(stack.take(rows), expected)


def test_distributions_are_judged_by_their_most_probable_label() -> None:
    shares = np.array([[0.2, 0.8], [0.6, 0.4]], np.float32)
    faces = Faces(FaceStack([prepared(Planted()).array]), np.array([0, 1]), shares, ("anger", "fear"))
    assert faces.judged.targets.tolist() == [1, 0]


def test_a_wide_image_is_cut_to_its_middle_and_never_stretched() -> None:
    image = np.zeros((10, 30), np.uint8)
    image[:, 10:20] = 200
    assert (WholeImage().cut_face(image) == 200).all()


def test_channels_follow_what_the_network_wants() -> None:
    grey = np.full((4, 4), 90, np.uint8)
    assert with_channels(grey, 3).shape == (4, 4, 3)
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255
    assert (with_channels(red, 1) == 76).all()  # 0.299 × 255
    assert resize(grey, 8).shape == (8, 8)


class Sad(Preprocess):
    """Finds no face where the lower third is bright, which is where the planted pattern of sadness is."""

    def __init__(self, not_found: NotFound = "centre") -> None:
        self.not_found = not_found

    def cut_face(self, image: Image, *, landmarks: Points | None = None, cropped: bool = False) -> Image | None:
        return None if image[16:].mean() > image[:16].mean() else np.zeros((6, 6), np.uint8)

    def finish(self, face: Image) -> Image:
        assert face.shape == (24, 24)
        return 255 - face


def with_rule(not_found: NotFound) -> PreparedFaces:
    database = Planted()
    spec = {"not_found": not_found}
    return prepare(database, database.records(), preprocess=Sad(not_found), spec=spec, size=24, channels=1)


def test_where_no_face_is_found_the_image_stands_for_it_and_is_counted() -> None:
    database = Planted()
    found = with_rule("centre")
    sad = [record.id for record in database.records() if record.expression == "sadness"]
    assert list(found.not_found) == sad
    for face, record in zip(found.array.take(np.arange(72)), database.records(), strict=True):
        expected = 255 - database.read(record) if record.id in sad else np.full((24, 24), 255)
        np.testing.assert_array_equal(face, expected)


def test_the_count_of_faces_not_found_is_remembered_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    first = with_rule("centre").not_found
    monkeypatch.setattr(Planted, "read", None)  # nothing is read again
    assert with_rule("centre").not_found == first


def test_faces_not_found_can_be_refused_with_count_and_names() -> None:
    with pytest.raises(ProtocolError) as raised:
        with_rule("refuse")
    message = str(raised.value)
    assert "planted: no face was found in 24 of 72 images (planted/p00_sadness_0, planted/p00_sadness_1, " in message
    assert ", …)" in message
    assert "preprocess.not_found=centre" in message
    assert list((cache_folder() / "faces").iterdir()) == []


class Known(Planted):
    """A database that ships landmarks and says that its images are faces."""

    cropped = True

    def landmarks(self, record: FaceRecord) -> Points:
        return np.full((68, 2), float(self.records().index(record)))


class Told(Preprocess):
    """An image of the number that the landmarks hold."""

    def cut_face(self, image: Image, *, landmarks: Points | None = None, cropped: bool = False) -> Image | None:
        assert landmarks is not None
        return np.full((24, 24), landmarks[0, 0] + (100 if cropped else 0), np.uint8)


def test_the_preprocessing_is_told_the_landmarks_of_each_image_and_whether_it_is_cropped() -> None:
    database = Known()
    faces = prepare(database, database.records(), preprocess=Told(), spec={}, size=24, channels=1).array
    assert faces.take(np.arange(72))[:, 0, 0].tolist() == list(range(100, 172))
