"""This file tests which mistakes a run page shows, and that their faces lie beside the page and never in it."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up_run import made_up_folds, made_up_predictions, write_run
from PIL import Image

from fer.data.databases.synthetic import Synthetic
from fer.files import read_json, write_json
from fer.results.gallery import EXAMPLES, SUREST, Gallery, gallery
from fer.results.predictions import Predictions
from fer.results.publish import write_report
from fer.results.stored_run import read_run

DRAWN = {"domain": "lab", "subjects": 4, "takes": 2, "size": 48, "seed": 0, "name": "synthetic"}


def of_drawn_faces() -> list[Predictions]:
    """A fold of predictions on faces that can be drawn again."""
    expressions = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
    ids = [record.id for record in Synthetic(expressions=expressions, **DRAWN).records()]
    return [replace(made_up_predictions(len(ids), skill=1.0), id=np.array(ids, np.str_))]


@pytest.fixture
def drawn_run(tmp_path: Path) -> Path:
    run = write_run(tmp_path / "run", of_drawn_faces())
    config = read_json(run / "config.json")
    target = {"_target_": "fer.data.databases.synthetic.Synthetic", "expressions": list(made_up_predictions(1).labels)}
    face = {"_target_": "fer.data.preprocessing.face_crop.FaceCrop", "margin": 0.0, "not_found": "centre"}
    write_json(run / "config.json", {**config, "data": {"synthetic": {**target, **DRAWN}}, "preprocess": face})
    return run


def gallery_of(run: Path) -> Gallery:
    found = gallery(read_run(run))
    assert found is not None
    return found


def test_the_surest_mistakes_come_first_and_all_are_mistakes(tmp_path: Path) -> None:
    folds = made_up_folds(3, skill=1.0)
    found = gallery_of(write_run(tmp_path / "run", folds))
    wrong = {i: p for fold in folds for i, p, t in zip(fold.id, fold.probabilities, fold.target, strict=True) if p.argmax() != t}
    assert found.wrong == len(wrong)
    assert [one.id for one in found.surest] == sorted(wrong, key=lambda i: -wrong[i].max())[:SUREST]
    assert all(one.target != one.predicted and one.of_target <= one.probability for one in found.surest)


def test_confusions_count_what_the_matrix_counts(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", made_up_folds(3, skill=1.0))
    report, found = write_report(run), gallery_of(run)
    labels, matrix = report.labels, report.tests[0].confusion
    for pair in found.confusions:
        row, column = labels.index(pair.target), labels.index(pair.predicted)
        assert pair.count == matrix[row, column]
        assert pair.images == matrix[row].sum()
        assert 0 < len(pair.examples) <= EXAMPLES
    counts = [pair.count for pair in found.confusions]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == (matrix - np.diag(np.diag(matrix))).max()


def test_an_image_that_two_test_sets_have_counts_once(tmp_path: Path) -> None:
    (rows,) = made_up_folds(1, skill=1.0)
    both = Predictions(
        **{name: np.concatenate([getattr(rows, name)] * 2) for name in ("fold", "id", "subject", "target", "probabilities")},
        test_set=np.array(["private"] * len(rows) + ["private_clean"] * len(rows), np.str_),
        labels=rows.labels,
    )
    once, twice = write_run(tmp_path / "once", [rows]), write_run(tmp_path / "twice", [both])
    assert gallery_of(once) == gallery_of(twice)


def test_a_run_without_mistakes_or_tests_has_no_gallery(tmp_path: Path) -> None:
    (rows,) = made_up_folds(1)
    right = replace(rows, probabilities=np.eye(len(rows.labels), dtype=np.float32)[rows.target])
    assert gallery(read_run(write_run(tmp_path / "right", [right]))) is None
    assert gallery(read_run(write_run(tmp_path / "none", [rows], done=0))) is None


def test_faces_lie_beside_the_page_each_at_its_place(drawn_run: Path) -> None:
    write_report(drawn_run)
    found, html = gallery_of(drawn_run), (drawn_run / "index.html").read_text(encoding="utf-8")
    assert "data:image" not in html
    with Image.open(drawn_run / "faces.png") as picture:
        sheet = np.asarray(picture)
    assert sheet.shape[1] == 8 * 96
    expressions = tuple(made_up_predictions(1).labels)
    database = Synthetic(expressions=expressions, **DRAWN)
    records = {record.id: record for record in database.records()}
    first = database.read(records[found.surest[0].id]).mean()
    assert abs(sheet[:96, :96].mean() - first) < 1
    assert len(re.findall(r"background-position", html)) == len(found.surest) + sum(len(of.examples) for of in found.confusions)


def test_the_picture_of_faces_is_drawn_anew_only_when_it_shows_others(drawn_run: Path) -> None:
    write_report(drawn_run)
    stamp = (drawn_run / "faces.png").stat().st_mtime_ns
    write_report(drawn_run)
    assert (drawn_run / "faces.png").stat().st_mtime_ns == stamp
    (drawn_run / "faces.png").write_bytes(b"no picture")
    write_report(drawn_run)
    with Image.open(drawn_run / "faces.png") as picture:
        assert picture.size[0] == 8 * 96


def test_a_page_without_the_images_at_hand_has_no_gallery(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", made_up_folds(1, skill=1.0))
    write_report(run)
    assert not (run / "faces.png").exists()
    assert "Mistakes" not in (run / "index.html").read_text(encoding="utf-8")
