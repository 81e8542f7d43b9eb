"""This file tests `fer explain`: which faces are explained by which network, and what the page and its record say of them."""

import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from portrait import portrait

from fer.cli.main import main
from fer.data.databases.fer2013 import Fer2013
from fer.errors import RunError
from fer.explain.faces import NO_FACE, fold_by_image
from fer.files import read_json, write_json
from fer.results.predictions import read_predictions
from fer.results.stored_run import read_run

FOLD = "00-seed1"


def fer(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main(["explain", *map(str, arguments)])
    return status, *capsys.readouterr()


def test_test_images_are_explained_as_the_run_has_stored_them(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, shown, errors = fer(capsys, run, "--fold", FOLD, "--sample", "3", "--output", tmp_path / "one")
    assert (status, errors) == (0, "")
    recorded, page = read_json(tmp_path / "one" / "explained.json"), (tmp_path / "one" / "index.html").read_text()
    stored = read_predictions(run / "folds" / FOLD / "predictions.csv")
    rows = {name: row for row, name in enumerate(stored.id.tolist())}
    assert len(recorded["faces"]) == 3
    for face in recorded["faces"]:
        row = rows[face["image"]]
        assert (face["fold"], face["target"]) == (FOLD, stored.labels[stored.target[row]])
        np.testing.assert_allclose(list(face["probabilities"].values()), stored.probabilities[row], atol=1e-5)
        assert face["image"] in page
        assert face["image"] in shown
    assert recorded["method"] == "gradcam"
    assert page.count('src="data:image/png;base64,') == 2 * 3 + 1
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "<script" not in page
    assert "This page holds images of people." in page
    assert recorded["verdict"] in page
    fer(capsys, run, "--fold", FOLD, "--sample", "3", "--output", tmp_path / "again")
    for name in ("explained.json", "index.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_image_files_are_cut_as_in_training_and_nothing_is_dropped_silently(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    Image.fromarray(portrait()).save(files / "a <b>person&.png")
    Image.fromarray(np.full((90, 60), 77, np.uint8)).save(files / "grey.png")
    (files / "broken.jpg").write_bytes(b"no image")
    known = Fer2013(root=read_run(run).provenance["roots"]["fer2013"])
    trained_on = next(record for record in known.records() if record.split == "Training")
    Image.fromarray(known.read(trained_on)).save(tmp_path / "known.png")
    status, _, errors = fer(
        capsys, run, files, tmp_path / "known.png", "nowhere.png", "--fold", FOLD, "--method", "occlusion", "--output", tmp_path
    )
    assert status == 0
    left_out = errors.splitlines()
    assert len(left_out) == 2
    assert "nowhere.png: found neither a file or folder nor a test image" in left_out[0]
    assert "broken.jpg: found no readable image" in left_out[1]
    recorded, page = read_json(tmp_path / "explained.json"), (tmp_path / "index.html").read_text()
    notes = {Path(face["image"]).name: face["notes"] for face in recorded["faces"]}
    assert notes["a <b>person&.png"] == []
    assert notes["grey.png"] == [NO_FACE]
    assert "the network was trained or chosen on this very image" in notes["known.png"]
    assert all(face["target"] is None for face in recorded["faces"])
    assert len(recorded["refused"]) == 2
    assert "<b>person" not in page
    assert "&lt;b&gt;person&amp;" in page


def test_each_test_image_has_the_fold_that_tests_it(run: Path) -> None:
    stored = read_run(run)
    assert set(fold_by_image(stored, FOLD).values()) == {FOLD}
    with pytest.raises(RunError, match=r"several folds answer for the same test images.*--fold 00-seed0, 00-seed1"):
        fold_by_image(stored, None)


def test_folds_that_test_other_images_are_explained_together(run: Path, tmp_path: Path) -> None:
    halves = tmp_path / run.name
    shutil.copytree(run, halves)
    plan = read_json(halves / "folds.json")
    for k, fold in enumerate(plan["folds"]):
        fold["tests"] = {name: ids[k::2] for name, ids in fold["tests"].items()}
        path = halves / "folds" / fold["name"] / "predictions.csv"
        header, *rows = path.read_text().splitlines()
        kept = [row for row in rows if row.split(",")[2] in fold["tests"][row.split(",")[1]]]
        path.write_text("\n".join([header, *kept]) + "\n")
    write_json(halves / "folds.json", plan)
    found = fold_by_image(read_run(halves), None)
    for fold in plan["folds"]:
        assert all(found[name] == fold["name"] for ids in fold["tests"].values() for name in ids)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sample", "3"], "several folds answer for the same test images"),
        (["nowhere.png", "--fold", FOLD], "IMAGES: found nothing that can be explained"),
        (["--fold", "07"], "found --fold 07, expected one of those that it has trained"),
        (["--fold", FOLD, "--sample", "0"], "--sample: found 0, expected 1 or more"),
        (["--fold", FOLD, "--seed", "-1"], "--seed: found -1, expected 0 or more"),
    ],
)
def test_a_mistake_is_one_message_and_leaves_nothing(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    status, shown, errors = fer(capsys, run, *arguments, "--output", tmp_path / "page")
    assert (status, shown) == (2, "")
    assert message in errors.splitlines()[-1]
    assert not (tmp_path / "page").exists()


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, errors = fer(capsys, tmp_path)
    assert status == 2
    assert "is no run folder" in errors


def test_without_captum_the_extra_is_named(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    status, _, errors = fer(capsys, run, "--output", tmp_path / "page")
    assert status == 2
    assert "pip install 'ferlab[explain]'" in errors


def test_the_page_of_the_run_shows_what_was_explained_and_what_may_be_said(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, _ = fer(capsys, run, "--sample", "2", "--fold", FOLD)
    assert status == 0
    page = (run / "index.html").read_text(encoding="utf-8")
    assert 'src="explained/faces.png"' in page
    assert read_json(run / "explained" / "explained.json")["verdict"] in page
    with Image.open(run / "explained" / "faces.png") as strip:
        assert strip.mode == "RGBA"
        assert strip.width == strip.height  # two faces, and two maps below them
