"""This file tests that pictures of every kind come upright and whole, and that what cannot be read says why."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from portrait import portrait

from fer.deploy import pictures as pictures_module
from fer.deploy.named_pictures import named, pictures
from fer.deploy.pictures import Picture, Unread, read_picture
from fer.deploy.videos import read_video
from fer.errors import ConfigError

TURNED = 6  # the EXIF orientation of a camera held upright: to be turned by 90 degrees clockwise


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is, and has no pixels."""
    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def exif() -> Pillow.Exif:
    found = Pillow.Exif()
    found[0x0112] = TURNED
    return found


def write_kinds(folder: Path) -> dict[str, Path]:
    """The portrait in every kind of file."""
    image = Pillow.fromarray(portrait())
    deep = portrait().mean(2).astype(np.uint16) << 8
    kinds = {
        "colour.png": (image, {}),
        "grey.jpg": (image.convert("L"), {}),
        "cmyk.jpg": (image.convert("CMYK"), {}),
        "alpha.webp": (image.convert("RGBA"), {}),
        "grey_alpha.png": (image.convert("LA"), {}),
        "palette.gif": (image.convert("P"), {}),
        "sixteen.png": (Pillow.fromarray(deep), {}),
        "sixteen.tif": (Pillow.fromarray(deep), {}),
        "turned.jpg": (image.rotate(90, expand=True), {"exif": exif()}),
        "turned_sixteen.tif": (Pillow.fromarray(np.rot90(deep).copy()), {"exif": exif()}),
    }
    for name, (of_kind, settings) in kinds.items():
        of_kind.save(folder / name, **settings)
    return {name: folder / name for name in kinds}


def test_pictures_of_every_kind_come_upright_in_grey_or_colour(tmp_path: Path) -> None:
    for name, path in write_kinds(tmp_path).items():
        picture = read_picture(path)
        assert isinstance(picture, Picture), name
        assert picture.pixels.shape[:2] == (512, 512)
        assert picture.pixels.dtype == np.uint8
        grey = picture.pixels if picture.pixels.ndim == 2 else picture.pixels.mean(2)
        assert np.abs(grey - portrait().mean(2)).mean() < 8, name


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.jpg", b"", "is empty"),
        ("text.jpg", b"no picture at all", "is no image"),
        ("huge.png", png_header(20_000, 20_000), "more than 89 million pixels"),
        ("large.png", png_header(10_000, 10_000), "more than 89 million pixels"),
        ("long.png", png_header(40_000, 100), "a side of more than 32,766 pixels"),
        ("nothing.png", png_header(0, 0), "is no image"),
        ("no_pixels.png", png_header(40, 40), "is damaged"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    found = read_picture(tmp_path / name)
    assert isinstance(found, Unread)
    assert reason in found.reason


def test_every_damage_is_a_reason_or_a_picture_and_never_an_error(tmp_path: Path) -> None:
    rng, unread = np.random.default_rng(0), 0
    for path in write_kinds(tmp_path).values():
        whole = bytearray(path.read_bytes())
        for _ in range(6):
            damaged = bytearray(whole)
            for place in rng.integers(0, min(600, len(whole)), 12):
                damaged[int(place)] = int(rng.integers(256))
            path.write_bytes(damaged[: int(rng.integers(20, len(damaged)))])
            found = read_picture(path)
            unread += isinstance(found, Unread)
            assert isinstance(found, Picture) or found.reason
    assert unread > 20


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures_module, "BYTES", 1000)
    Pillow.fromarray(portrait()).save(tmp_path / "a.png")
    found = read_picture(tmp_path / "a.png")
    assert isinstance(found, Unread)
    assert "has more than" in found.reason


def test_folders_patterns_and_files_are_found_in_order_and_once(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.png", "a.jpg", "sub/c.png", ".hidden.png", "notes.txt", "odd [1].png"):
        (tmp_path / name).write_bytes(b"x")
    names = [str(Path(path).relative_to(tmp_path)) for path in named([str(tmp_path)])]
    assert names == ["a.jpg", "b.png", "notes.txt", "odd [1].png", "sub/c.png"]
    assert named([str(tmp_path / "**/*.png"), str(tmp_path / "b.png")]) == [
        tmp_path / name for name in ("b.png", "odd [1].png", "sub/c.png")
    ]
    assert named([str(tmp_path / "odd [1].png")]) == [tmp_path / "odd [1].png"]
    with pytest.raises(ConfigError, match="found no file"):
        named([str(tmp_path / "*.gif"), str(tmp_path / "gone")])


def video(folder: Path) -> Path:
    """Two seconds that become redder."""
    path = folder / "a.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (128, 96))
    for i in range(20):
        writer.write(np.full((96, 128, 3), (0, 0, 10 * i), np.uint8))  # blue, green, red
    writer.release()
    return path


def test_the_frames_of_a_video_have_their_times(tmp_path: Path) -> None:
    path = video(tmp_path)
    every = list(pictures([path]))
    assert [frame.time for frame in every if isinstance(frame, Picture)] == [round(i / 10, 3) for i in range(20)]
    some = [frame for frame in read_video(path, every=0.5) if isinstance(frame, Picture)]
    assert [frame.time for frame in some] == [0.0, 0.5, 1.0, 1.5]
    assert some[2].pixels[48, 64].astype(int) == pytest.approx([100, 0, 0], abs=6)  # red comes first here


def test_a_video_that_is_cut_short_says_so_after_the_frames_that_are_there(tmp_path: Path) -> None:
    path = video(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 4 // 5])
    *frames, last = pictures([path])
    assert 8 < len(frames) < 18
    assert all(isinstance(frame, Picture) for frame in frames)
    assert isinstance(last, Unread)
    assert "of 2.0 s; the file is damaged" in last.reason


def test_a_video_that_is_none_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video")
    (found,) = pictures([tmp_path / "a.mp4"])
    assert isinstance(found, Unread)
    assert "no video" in found.reason
