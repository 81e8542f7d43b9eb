"""This file tests how the files of a database are found and decoded."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer.data.image_files import files_below, images_below, read_colour, read_grey
from fer.errors import DatabaseDamaged


def written(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 4)).save(path)
    return path


def test_images_are_found_at_any_depth_in_order(tmp_path: Path) -> None:
    paths = [written(tmp_path / name) for name in ("b/2.png", "b/1.JPG", "a.png", "b/c/3.tiff")]
    (tmp_path / "b" / "notes.txt").touch()
    assert list(images_below(tmp_path)) == sorted(paths)


def test_hidden_files_and_folders_are_none(tmp_path: Path) -> None:
    path = written(tmp_path / "1.png")
    for name in ("._1.png", ".cache/1.png", "__MACOSX/1.png", "a/.DS_Store/1.png"):
        written(tmp_path / name)
    assert list(files_below(tmp_path)) == [path]


def test_linked_folders_are_followed_and_circles_end(tmp_path: Path) -> None:
    written(tmp_path / "elsewhere" / "1.png")
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "root" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "root" / "sub" / "up").symlink_to(tmp_path / "root")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "root")
    assert list(images_below(tmp_path / "root")) == [tmp_path / "root" / "linked" / "1.png"]


def test_a_link_to_an_image_that_is_gone_is_named(tmp_path: Path) -> None:
    (tmp_path / "1.png").symlink_to(tmp_path / "gone.png")
    with pytest.raises(DatabaseDamaged, match=r"1\.png: found a link that leads nowhere"):
        list(images_below(tmp_path))


def test_a_folder_that_is_missing_holds_nothing(tmp_path: Path) -> None:
    assert list(images_below(tmp_path / "missing")) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    written(tmp_path / "closed" / "1.png")
    (tmp_path / "closed").chmod(0)
    with pytest.raises(DatabaseDamaged, match="closed: the folder cannot be read"):
        list(images_below(tmp_path))
    (tmp_path / "closed").chmod(0o700)


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "1.png")
    with pytest.raises(DatabaseDamaged, match=r"1\.png: the folder cannot be read"):
        list(images_below(path))


@pytest.mark.parametrize(
    ("mode", "shape"), [("1", (4, 6)), ("L", (4, 6)), ("P", (4, 6, 3)), ("RGB", (4, 6, 3)), ("RGBA", (4, 6, 3))]
)
def test_images_of_every_mode_are_read_as_bytes(tmp_path: Path, mode: str, shape: tuple[int, ...]) -> None:
    Image.new(mode, (6, 4)).save(tmp_path / "1.png")
    assert read_grey(tmp_path / "1.png").shape == (4, 6)
    assert read_colour(tmp_path / "1.png").shape == shape
    assert read_colour(tmp_path / "1.png").dtype == np.uint8


def test_grey_is_luma(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), (200, 100, 50)).save(tmp_path / "1.png")
    assert read_grey(tmp_path / "1.png")[0, 0] == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)
