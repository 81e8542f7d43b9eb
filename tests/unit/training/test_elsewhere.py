"""This file tests that the networks of a run are tested on another database as they are, and only on faces they never saw."""

import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from composing import composed

from fer.data.databases.fer2013 import Fer2013
from fer.data.databases.folder import Folder
from fer.data.databases.synthetic import Synthetic
from fer.errors import ConfigError, LeakError, RunError
from fer.records import EXPRESSIONS
from fer.results.predictions import read_predictions
from fer.results.report import make_report
from fer.results.store import RunStore
from fer.results.stored_run import read_run
from fer.training.evaluation import Question, evaluate, evaluated_store
from fer.training.experiment import RunSettings
from fer.training.run import run_experiment

TINY = ("model=cnn", "model.stem=4", "model.widths=[8]", "trainer.epochs=1", "trainer.batch_size=16")


def trained(folder: Path, *overrides: str, folds: Any = None) -> Path:
    settings = RunSettings(output=str(folder / "outputs"), threads=1, folds=folds)
    return run_experiment(composed(*overrides, *TINY), title="run", run=settings, loggers={})[0].folder


def write_faces(root: Path) -> None:
    """Drawn faces of four people in a folder an expression, contempt among them, which FER2013 has not."""
    drawn = Synthetic(subjects=4, takes=2, expressions=EXPRESSIONS)
    for record in drawn.records():
        (root / record.expression).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / record.expression / f"{record.source}.png"), drawn.read(record))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up FER2013 with a run of it, and a folder of other faces."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_CACHE", str(folder / "cache"))
        Fer2013.write_sample(folder / "fer2013")
        write_faces(folder / "faces")
        trained(folder, "data=fer2013", f"data.fer2013.root={folder}/fer2013", "seed=[0,1]")
    return folder


def asked(root: Path, **settings: Any) -> Question:
    config = {"_target_": "fer.data.databases.folder.Folder", "root": str(root), "cropped": True, **settings}
    return Question(on=(Folder(root, cropped=True, **settings), config))


def ask(run: Path, question: Question) -> RunStore:
    stored = read_run(run)
    store = evaluated_store(stored, question, output=run.parent.parent / "elsewhere")
    evaluate(stored, store, question, roots={})
    return store


def run_of(made: Path) -> Path:
    return next((made / "outputs").iterdir())


def test_every_face_elsewhere_is_tested_once_by_every_network_without_the_training_data(made: Path, tmp_path: Path) -> None:
    run = shutil.copytree(run_of(made), tmp_path / "outputs" / run_of(made).name)
    (made / "fer2013").rename(made / "gone")
    try:
        store = ask(run, asked(made / "faces"))
    finally:
        (made / "gone").rename(made / "fer2013")
    faces = [record.id for record in Folder(made / "faces").records() if record.expression != "contempt"]
    probabilities = []
    for fold in ("00-seed0", "00-seed1"):
        rows = read_predictions(store.folds_folder / fold / "predictions.csv")
        probabilities.append(rows.probabilities)
        assert rows.id.tolist() == faces
        assert set(rows.test_set.tolist()) == {"folder"}
    assert not np.array_equal(
        *(read_predictions(store.folds_folder / f"00-seed{s}/predictions.csv").probabilities for s in (0, 1))
    )
    report = make_report(read_run(store.folder))
    assert (report.protocol, report.reading, report.seeds) == ("cross_database", None, (0, 1))
    assert report.starts == (f"{run.name} as it is, trained on fer2013",)
    assert store.folder.name.startswith("run+on_folder-")


def test_copies_of_what_was_seen_get_a_clean_test_set_beside_the_whole_one(made: Path, tmp_path: Path) -> None:
    faces = shutil.copytree(made / "faces", tmp_path / "faces")
    fer2013 = Fer2013(made / "fer2013")
    seen = next(record for record in fer2013.records() if record.split == "Training" and fer2013.read(record).any())
    cv2.imwrite(str(faces / "happiness" / "copied_0.png"), fer2013.read(seen)[:, ::-1])
    store = ask(run_of(made), asked(faces))
    report = {test.name: test.n for test in make_report(read_run(store.folder)).tests}
    assert report == {"folder": 4 * 7 * 2 + 1, "folder_clean": 4 * 7 * 2}
    assert make_report(read_run(store.folder)).leaks == {"exact or mirrored copy: train → test 'folder'": 1}


def test_people_and_images_that_were_seen_are_refused(made: Path, tmp_path: Path) -> None:
    drawn = ["data=folder", f"data.folder.root={made}/faces", "data.folder.cropped=true", "data.folder.subjects=true"]
    run = trained(tmp_path, *drawn, "protocol=image_random", "protocol.folds=2", folds=[0])
    with pytest.raises(RunError, match="has several folds, each with a network of its own"):
        ask(run, asked(made / "faces"))
    one = trained(tmp_path, *drawn, "data=[folder,synthetic]", "data.synthetic.subjects=6", "data.synthetic.takes=1",
                  "protocol=cross_database", "protocol.train=[folder]")  # fmt: skip
    with pytest.raises(LeakError, match=r"its network was trained or chosen on \d+ images of folder, or on the people"):
        ask(one, asked(made / "faces", subjects=True))


def test_labels_that_the_networks_do_not_know_are_dropped_and_counted(made: Path, tmp_path: Path) -> None:
    faces = shutil.copytree(made / "faces", tmp_path / "faces")
    store = ask(run_of(made), asked(faces))
    report = make_report(read_run(store.folder))
    assert report.dropped == {"contempt": 8}
    assert len(report.labels) == 7
    for expression in faces.iterdir():
        if expression.name != "contempt":
            shutil.rmtree(expression)
    with pytest.raises(ConfigError, match="no image is labelled anger or"):
        ask(run_of(made), asked(faces))
