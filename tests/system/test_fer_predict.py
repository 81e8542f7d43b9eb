"""This file tests `fer predict` end to end: what it prints and draws, what fails alone, and what the user must mend."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from portrait import portrait

from fer.cli.main import main
from fer.deploy.model import USE

Printed = tuple[int, str, str]


def fer(capsys: pytest.CaptureFixture[str], *arguments: object) -> Printed:
    """Exit status, standard output and standard error of `fer predict`."""
    try:
        status = main(["predict", *map(str, arguments)])
    except SystemExit as end:
        status = int(end.code or 0)
    return status, *capsys.readouterr()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with two readable pictures, one of them without a face, and three files that are none."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    Image.fromarray(portrait()).save(folder / "b.png")
    Image.fromarray(np.full((90, 60), 77, np.uint8)).save(folder / "more" / "grey.png")
    (folder / "a.jpg").write_bytes(b"")
    (folder / "c.png").write_bytes((folder / "b.png").read_bytes()[:20_000])
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_what_fails_is_a_line_with_its_reason_and_the_rest_goes_on(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown, errors = fer(capsys, photos)
    assert status == 1
    _, *lines = shown.splitlines()
    assert len(lines) == 5
    for line, words in zip(
        lines, ("a.jpg is empty", "happiness", "c.png is damaged", "grey.png", "notes.txt is no image"), strict=True
    ):
        assert words in line
    assert "no face" in lines[3]
    assert errors.count(USE) == 1
    assert "pictures 5, faces 1, pictures without a face 1, failed 3" in errors


def test_json_has_a_picture_on_each_line_and_csv_a_face(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown, _ = fer(capsys, photos / "b.png", photos / "more", "--json")
    first, second = map(json.loads, shown.splitlines())
    assert status == 0
    (face,) = first["faces"]
    assert (first["width"], first["height"], first["time"], first["error"]) == (512, 512, None, None)
    assert face["label"] == max(face["probabilities"], key=face["probabilities"].get) == "happiness"
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert face["detection"] is None
    assert second["faces"] == []
    _, shown, _ = fer(capsys, photos / "b.png", photos / "more", "--csv")
    heading, row, empty = shown.splitlines()
    assert heading.split(",")[2:8] == ["x", "y", "width", "height", "detection", "label"]
    assert row.split(",")[2] == str(face["box"]["x"])
    assert {len(line.split(",")) for line in (heading, row, empty)} == {17}


def test_who_is_not_sure_enough_gives_no_label(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, shown, errors = fer(capsys, photos / "b.png", "--json", "--min-confidence", "0.99")
    assert json.loads(shown)["faces"][0]["label"] is None
    assert "unsure of 1" in errors


def test_copies_are_drawn_on_request_only_and_sources_stay(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in photos.rglob("*") if path.is_file()}
    fer(capsys, photos)
    assert {path.name for path in tmp_path.iterdir()} <= {"photos", "cache"}
    fer(capsys, photos, "--draw", tmp_path / "drawn")
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == ["b.png.faces.jpg", "grey.png.faces.jpg"]
    drawn = np.asarray(Image.open(tmp_path / "drawn" / "b.png.faces.jpg"), np.int64)
    changed = np.abs(drawn - portrait()).max(2) > 100
    assert 300 < changed.sum() < 10_000
    assert changed[60:170, 170:285].any()
    assert {path: path.read_bytes() for path in photos.rglob("*") if path.is_file()} == before


def test_standard_input_is_an_image(monkeypatch: pytest.MonkeyPatch, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((photos / "b.png").read_bytes())))
    status, shown, _ = fer(capsys, "-", "--json")
    assert (status, json.loads(shown)["picture"], len(json.loads(shown)["faces"])) == (0, "standard input", 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "neither SOURCE nor --camera"),
        (["nothing.jpg"], "nothing.jpg: found no file"),
        (["photos/*.gif"], "found no file"),
        (["PHOTO", "--camera", "0"], "both SOURCE and --camera"),
        (["PHOTO", "--run", "nowhere"], "found no such run"),
        (["PHOTO", "--run", "nowhere.onnx"], "found no such file"),
        (["PHOTO", "--detector", "eyes"], "expected haar or yunet"),
        (["PHOTO", "--detector", "yunet"], "needs its model file"),
        (["PHOTO", "--min-confidence", "2"], "expected a probability"),
        (["PHOTO", "--every", "-1"], "expected seconds"),
        (["--camera", "63"], "found no such camera"),
    ],
)
def test_what_the_user_must_mend_is_one_message_and_status_2(
    photos: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    status, shown, errors = fer(capsys, *(photos / "b.png" if word == "PHOTO" else word for word in arguments))
    assert (status, shown) == (2, "")
    assert message in errors
    assert len(errors.splitlines()) == 1


def test_a_file_that_is_not_there_beside_one_that_is_fails_alone(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown, _ = fer(capsys, "gone.jpg", photos / "b.png")
    assert status == 1
    assert "gone.jpg is not there" in shown
    assert "happiness" in shown


MEMORY = """
import resource, sys
from fer.deploy.named_pictures import named, pictures
from fer.deploy.predictor import load
predictor = load()
for i, _ in enumerate(predictor.stream(pictures(named([sys.argv[1]])))):
    if i in (int(sys.argv[2]), int(sys.argv[3])):
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_a_thousand_pictures_take_no_more_memory_than_a_hundred(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for i in range(1000):
        Image.fromarray(np.roll(portrait(), i % 97, axis=1)).save(tmp_path / f"{i:04}.jpg")
    command = [sys.executable, "-c", MEMORY, str(tmp_path), "100", "999"]
    early, late = map(int, subprocess.run(command, capture_output=True, check=True, text=True).stdout.split())
    with capsys.disabled():
        print(f"\n1,000 pictures of 512 × 512: {early / 1024:.0f} MiB after 100, {late / 1024:.0f} MiB after all")
    assert late < 1.1 * early
