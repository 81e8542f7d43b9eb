"""These tests hold what loggers of every kind have in common: how they are configured, told, interrupted, and how they fail."""

import csv
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from composing import CONF, composed

from fer.errors import ConfigError
from fer.files import read_json, write_json
from fer.progress import RunProgress
from fer.protocols.base import Fold
from fer.results.predictions import Predictions
from fer.results.store import RunStore
from fer.training.experiment import RunSettings
from fer.training.how import How, fold_context
from fer.training.loggers.configured import Place, filled, require_loggers
from fer.training.loggers.confusion_picture import CELL, confusion_picture
from fer.training.loggers.content import fold_scores
from fer.training.loggers.examples import in_order_of_interest
from fer.training.loggers.flat import flat
from fer.training.loggers.fold_log import FoldLog
from fer.training.loggers.several import Loggers, troubles

PLACE = Place("run", "00", "folder", "1234")
CSV = {"_target_": "lightning.pytorch.loggers.CSVLogger", "save_dir": "{folder}", "name": "", "version": "csv"}
NOWHERE = {"_target_": "fer.training.loggers.tensorboard.TensorBoard", "dir": "{folder}/file/below"}


def run_log(configs: Mapping[str, Any], folder: Path, said: list[str]) -> FoldLog:
    config = {"seed": 0, "fold": {"name": "00", "seed": 5}, "provenance": {}}
    return FoldLog(Loggers(configs, replace(PLACE, folder=str(folder)), config, say=said.append))


def interrupted(log: FoldLog) -> None:
    """One epoch, and then an end that was not meant."""
    with suppress(MemoryError), log:
        log.epoch({"epoch": 0, "val_loss": 1.5})
        raise MemoryError


def predictions(target: list[int], top: list[float], predicted: list[int]) -> Predictions:
    probabilities = np.array([[p if i == k else (1 - p) / 2 for k in range(3)] for i, p in zip(predicted, top, strict=True)])
    n = len(target)
    return Predictions(
        fold=np.array(["00"] * n),
        test_set=np.array(["jaffe"] * n),
        id=np.array([f"jaffe/{i}" for i in range(n)]),
        subject=np.array([""] * n),
        target=np.array(target, np.int64),
        probabilities=probabilities.astype(np.float32),
        labels=("anger", "fear", "neutral"),
    )


@pytest.mark.parametrize("name", sorted(path.stem for path in (CONF / "logger").glob("*.yaml")))
def test_every_yaml_of_a_logger_is_accepted(name: str) -> None:
    require_loggers(composed(f"logger={name}")["logger"])


def test_a_logger_of_lightnings_needs_only_a_yaml(tmp_path: Path) -> None:
    said: list[str] = []
    with run_log({"csv": CSV}, tmp_path, said) as log:
        for epoch in range(2):
            log.epoch({"epoch": epoch, "val_loss": 1.5 - epoch})
        log.tested(predictions([0, 1], [0.8, 0.9], [0, 0]))
    with (tmp_path / "csv" / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["step"], row["val_loss"]) for row in rows[:2]] == [("0", "1.5"), ("1", "0.5")]
    assert rows[-1]["jaffe/accuracy"] == "0.5"
    assert "seed: 5" in (tmp_path / "csv" / "hparams.yaml").read_text()
    assert said == []


def test_a_logger_that_fails_is_named_and_the_others_are_told_everything(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said: list[str] = []
    with run_log({"broken": NOWHERE, "csv": CSV}, tmp_path, said) as log:
        log.epoch({"epoch": 0, "val_loss": 1.5})
    assert len(said) == 1
    assert said[0].startswith("logger broken shows no more of 00: ")
    assert "file" in said[0]
    assert "1.5" in (tmp_path / "csv" / "metrics.csv").read_text()
    assert list(read_json(tmp_path / "logged.json")) == ["csv"], "it is shown what it missed another time"
    assert list(troubles(f"Epoch 1\n{said[0]}\n")) == said, "what a worker says reaches the user"


def test_a_fold_that_ends_with_an_error_is_not_marked_as_shown(tmp_path: Path) -> None:
    interrupted(run_log({"csv": CSV}, tmp_path, []))
    assert not (tmp_path / "logged.json").exists()


def test_tensorboard_shows_no_epoch_twice_when_a_fold_goes_on(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    config = {"tensorboard": composed("logger=tensorboard")["logger"]["tensorboard"]}
    interrupted(run_log(config, tmp_path, []))
    with run_log(config, tmp_path, []) as log:
        for epoch in range(2):
            log.epoch({"epoch": epoch, "val_loss": 1.5 - epoch})
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("val_loss")] == [(0, 1.5), (1, 0.5)]


def test_curves_of_several_orders_have_names_of_their_own(tmp_path: Path) -> None:
    with run_log({"csv": CSV}, tmp_path, []) as log:
        log.within("order2").epoch({"epoch": 0, "val_loss": 1.5})
    assert "order2/val_loss" in (tmp_path / "csv" / "metrics.csv").read_text().splitlines()[0]


@pytest.mark.parametrize("package", ["mlflow", "tensorboard"])
def test_a_missing_package_is_said_before_anything_trains(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"fer.training.loggers.{package}", raising=False)
    with pytest.raises(ConfigError, match=rf"needs the package '{package}.*pip install 'ferlab\[{package}\]'"):
        require_loggers(composed(f"logger={package}")["logger"])


def test_other_words_in_braces_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"logger.csv: found 'subject' in braces, expected \{run\}, \{fold\}"):
        require_loggers({"csv": {**CSV, "name": "{subject}"}})


def test_a_wrong_argument_is_answered_with_the_right_one() -> None:
    config = composed("logger=wandb")["logger"]["wandb"]
    with pytest.raises(ConfigError, match=r"logger.wandb.image: Wandb takes no such argument; did you mean 'images'"):
        require_loggers({"wandb": {**config, "image": True}})


def store_of(folder: Path) -> tuple[RunStore, Fold]:
    fold = Fold("00", ("a/0",), ("a/1",), {"a": ("a/2",)})
    store = RunStore(folder)
    write_json(folder / "config.json", {"seed": 0})
    write_json(folder / "provenance.json", {"started": "2026-01-01T00:00:00+00:00"})
    return store, fold


def test_a_fold_keeps_its_id_and_a_run_that_began_anew_has_others(tmp_path: Path) -> None:
    store, _ = store_of(tmp_path)
    ids = [Place.of(store, name, folder=tmp_path).id for name in ("00", "00", "01", "report")]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    write_json(tmp_path / "provenance.json", {"started": "2026-01-02T00:00:00+00:00"})
    assert Place.of(store, "00", folder=tmp_path).id not in ids


@pytest.mark.parametrize(("rank", "told"), [("0", True), ("1", False)])
def test_only_the_first_of_several_processes_tells_loggers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rank: str, told: bool
) -> None:
    monkeypatch.setenv("LOCAL_RANK", rank)
    store, fold = store_of(tmp_path)
    how = How(RunSettings(), 1, {"csv": CSV}, {})
    store.working("00").mkdir(parents=True)
    with fold_context(store, fold, how, progress=RunProgress()).log as log:
        log.epoch({"epoch": 0, "val_loss": 1.5})
    assert (store.working("00") / "csv").exists() == told


def test_braces_stand_for_the_place_in_every_text() -> None:
    assert filled({"name": "{run}-{fold}", "n": 3}, PLACE, path="logger.x") == {"name": "run-00", "n": 3}


def test_the_surest_mistakes_come_first_and_the_surest_hits_last() -> None:
    rows = predictions(target=[0, 0, 0, 0], top=[0.9, 0.5, 0.8, 0.6], predicted=[0, 0, 1, 1])
    assert rows.id[in_order_of_interest(rows)].tolist() == ["jaffe/2", "jaffe/3", "jaffe/1", "jaffe/0"]


def test_scores_of_a_fold_are_those_of_its_predictions() -> None:
    scores = fold_scores(predictions(target=[0, 0, 0, 1], top=[0.9] * 4, predicted=[0, 0, 1, 1]))
    assert scores == {
        "jaffe/n": 4,
        "jaffe/accuracy": 0.75,
        "jaffe/uar": pytest.approx((2 / 3 + 1) / 2),
        "jaffe/macro_f1": pytest.approx((0.8 + 2 / 3) / 2),
    }


def test_a_confusion_picture_is_darkest_where_most_of_a_row_is() -> None:
    picture = confusion_picture(np.array([[1, 9], [10, 0]]), ["anger", "neutral"]).astype(int)
    margin = picture.shape[0] - 2 * CELL
    corners = {(i, j): picture[margin + CELL * i + 3, margin + CELL * j + 3].sum() for i in range(2) for j in range(2)}
    assert sorted(corners, key=lambda cell: corners[cell]) == [(1, 0), (0, 1), (0, 0), (1, 1)]


def test_the_columns_of_a_confusion_picture_are_named_in_the_order_of_the_rows() -> None:
    picture = confusion_picture(np.eye(2, dtype=np.int64), ["i", "wwwwwwwww"])
    margin = picture.shape[0] - 2 * CELL
    ink = [(picture[:margin, margin + CELL * i : margin + CELL * (i + 1)] < 128).sum() for i in range(2)]
    assert ink[1] > 5 * ink[0] > 0


def test_a_nested_configuration_becomes_dotted_names() -> None:
    assert flat({"optim": {"lr": 0.1, "steps": [1, 2]}, "features": {}, "weights": None}) == {
        "optim.lr": 0.1,
        "optim.steps": "[1, 2]",
        "features": "{}",
        "weights": "null",
    }
