"""This file tests the database folder: images of the user's own in folders, with the mistakes that users make."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer.data.databases.expression_words import WORDS
from fer.data.databases.folder import Folder
from fer.errors import ConfigError, DatabaseDamaged, DatabaseNotFound, FerError
from fer.records import EXPRESSIONS


def make(root: Path, *names: str, mode: str = "RGB") -> Path:
    """A root with small images of these names."""
    for i, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new(mode, (6, 4), (10 * i, 20, 30) if mode == "RGB" else 10 * i).save(root / name)
    return root


def complaint(database: Folder, kind: type[FerError]) -> str:
    """The one message that the database gives."""
    with pytest.raises(kind) as raised:
        database.records()
    return str(raised.value)


def test_the_folder_is_the_expression(tmp_path: Path) -> None:
    root = make(tmp_path, "happy/b.png", "Sadness/deep/er/a.JPG", "ANGRY/1.bmp")
    records = Folder(root).records()
    assert [(r.id, r.source, r.expression, r.split, r.subject) for r in records] == [
        ("folder/ANGRY/1", "ANGRY/1.bmp", "anger", None, None),
        ("folder/Sadness/deep/er/a", "Sadness/deep/er/a.JPG", "sadness", None, None),
        ("folder/happy/b", "happy/b.png", "happiness", None, None),
    ]


@pytest.mark.parametrize(
    ("folder", "split"), [("train", "train"), ("Val", "val"), ("valid", "val"), ("validation", "val"), ("test", "test")]
)
def test_the_outer_folder_is_the_split(tmp_path: Path, folder: str, split: str) -> None:
    (record,) = Folder(make(tmp_path, f"{folder}/fear/1.png")).records()
    assert (record.id, record.expression, record.split) == (f"folder/{folder}/fear/1", "fear", split)


def test_every_word_of_the_table_stands_for_an_expression() -> None:
    assert set(WORDS.values()) == set(EXPRESSIONS)
    assert {WORDS[word] for word in ("angry", "anger")} == {"anger"}
    assert WORDS["happy"] == WORDS["joy"] == "happiness"


def test_words_of_ones_own_are_mapped(tmp_path: Path) -> None:
    root = make(tmp_path, "Glücklich/1.png", "1/2.png", "happy/3.png")
    records = Folder(root, expressions={"glücklich": "happy", "1": "surprise", "happy": "contempt"}).records()
    assert [record.expression for record in records] == ["surprise", "happiness", "contempt"]


def test_mapping_to_no_expression_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"data\.folder\.expressions\.joie: 'hapiness' is no expression; did you mean 'happiness'"
    ):
        Folder(tmp_path, expressions={"joie": "hapiness"})


def test_unknown_folders_are_all_named_with_what_to_do(tmp_path: Path) -> None:
    message = complaint(Folder(make(tmp_path, "train/hapy/1.png", "train/xyz/1.png", "train/sad/1.png")), ConfigError)
    assert f"{tmp_path}: the folder 'hapy' is no expression; did you mean 'happy'?" in message
    assert "the folder 'xyz' is no expression" in message
    assert "'data.folder.expressions={hapy: …, xyz: …}'" in message


def test_images_in_no_expressions_folder_are_damage(tmp_path: Path) -> None:
    message = complaint(Folder(make(tmp_path, "1.png", "sad/2.png")), DatabaseDamaged)
    assert f"{tmp_path}: 1 images are in no expression's folder: 1.png." in message
    message = complaint(Folder(make(tmp_path / "split", "test/7.png", "test/sad/2.png")), DatabaseDamaged)
    assert "1 images are in no expression's folder: 7.png." in message


def test_images_beside_the_splits_are_damage(tmp_path: Path) -> None:
    message = complaint(Folder(make(tmp_path, "train/sad/1.png", "sad/2.png")), DatabaseDamaged)
    assert "found train, val or test folders, and 1 images beside them: sad/2.png." in message


def test_subjects_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    root = make(tmp_path, "sad/anna_1.png", "happy/anna_x_2.png", "sad/IMG_0001.png")
    assert {record.subject for record in Folder(root).records()} == {None}
    assert [record.subject for record in Folder(root, subjects=True).records()] == ["anna", "IMG", "anna"]


@pytest.mark.parametrize("name", ["0001.png", "_0001.png"])
def test_a_name_without_a_subject_is_damage_where_subjects_are_asked_for(tmp_path: Path, name: str) -> None:
    message = complaint(Folder(make(tmp_path, f"sad/{name}"), subjects=True), DatabaseDamaged)
    assert f"{tmp_path / 'sad' / name}: found no subject in {name!r}, expected a name such as anna_1.png" in message
    assert "data.folder.subjects=false" in message


def test_one_name_in_two_formats_is_damage(tmp_path: Path) -> None:
    message = complaint(Folder(make(tmp_path, "sad/1.png", "sad/1.jpg")), DatabaseDamaged)
    assert "1 names stand for two images of different suffix: folder/sad/1." in message


def test_another_name_is_another_database(tmp_path: Path) -> None:
    root = make(tmp_path, "sad/1.png")
    assert [record.id for record in Folder(root, name="mine").records()] == ["mine/sad/1"]
    assert "data.mine.root" in complaint(Folder(tmp_path / "empty", name="mine"), DatabaseNotFound)


def test_stray_files_and_hidden_ones_are_no_images(tmp_path: Path) -> None:
    root = make(tmp_path, "sad/1.png", ".thumbs/x/1.png", "__MACOSX/sad/._1.png")
    (root / "README.txt").touch()
    (root / "sad" / "Thumbs.db").touch()
    assert [record.id for record in Folder(root).records()] == ["folder/sad/1"]


def test_colour_is_read_as_stored_or_as_grey(tmp_path: Path) -> None:
    root = make(tmp_path, "sad/1.png")
    make(tmp_path, "sad/2.png", mode="L")
    shapes = [image.shape for image in Folder(root).read_many(Folder(root).records())]
    assert shapes == [(4, 6, 3), (4, 6)]
    grey = Folder(root, colour=False)
    assert [image.shape for image in grey.read_many(grey.records())] == [(4, 6), (4, 6)]
    assert grey.digest() != Folder(root).digest()
    assert not grey.colour


def test_an_unreadable_image_is_named(tmp_path: Path) -> None:
    root = make(tmp_path, "sad/1.png")
    (root / "sad" / "1.png").write_bytes(b"no image")
    with pytest.raises(DatabaseDamaged, match=r"1\.png: found no readable image"):
        Folder(root).read(Folder(root).records()[0])


def test_the_sample_has_people_parts_and_every_expression(tmp_path: Path) -> None:
    Folder.write_sample(tmp_path, subjects=3)
    records = Folder(tmp_path, subjects=True).records()
    assert {record.expression for record in records} == set(EXPRESSIONS)
    assert {(record.subject, record.split) for record in records} == {("s00", "train"), ("s01", "val"), ("s02", "test")}
    assert len({np.asarray(image).tobytes() for image in Folder(tmp_path).read_many(records)}) == len(records)
