"""These tests train one tiny run with all three loggers at once, and read what they kept with the loggers' own readers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb
from composing import composed
from PIL import Image

from fer.cli.main import main as fer
from fer.files import read_json
from fer.results.ensemble import ensemble_store, write_ensemble
from fer.results.members import read_members
from fer.results.predictions import read_predictions
from fer.results.publish import write_report
from fer.results.report import Report
from fer.results.store import RunStore
from fer.results.stored_run import read_history, read_run
from fer.training.experiment import RunSettings
from fer.training.loggers.content import RunContent
from fer.training.loggers.run_log import log_run
from fer.training.loggers.wandb import Wandb
from fer.training.run import run_experiment

FACES = ("data.synthetic.subjects=8", "data.synthetic.takes=2", "data.synthetic.size=24", "protocol.folds=2")
TINY = (*FACES, "model.size=24", "model.stem=4", "model.widths=[8]", "trainer.epochs=2", "trainer.batch_size=16")
CLASSICAL = (*FACES, "model=nearest_neighbour", "features.size=24", "preprocess=none")


@dataclass(frozen=True)
class Shown:
    """A run, what the loggers said of themselves while it was trained, and its report."""

    store: RunStore
    loggers: dict[str, Any]
    said: list[str]
    report: Report

    @property
    def folder(self) -> Path:
        return self.store.folder

    @property
    def scores(self) -> dict[str, Any]:
        return dict(read_json(self.folder / "report.json")["tests"]["synthetic"])


def train(output: Path, *overrides: str) -> Shown:
    """A run below `output`, shown as train.py does it."""
    said: list[str] = []
    config = composed(*overrides, f"run.output={output}")
    run = RunSettings(output=str(output), threads=1)
    store, _ = run_experiment(config, title="synthetic", run=run, loggers=config["logger"])
    report = write_report(store.folder)
    log_run(store, report, config["logger"], say=said.append)
    return Shown(store, config["logger"], said, report)


@pytest.fixture(scope="module", autouse=True)
def own_services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """W&B's folders, and the prepared faces, of this file alone; nothing of the user's settings."""
    folder = tmp_path_factory.mktemp("services")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WANDB_MODE", "WANDB_PROJECT", "WANDB_RUN_ID", "MLFLOW_TRACKING_URI"):
            patch.delenv(name, raising=False)
        for name in ("WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "FER_CACHE"):
            patch.setenv(name, str(folder / name))
        yield
        wandb.teardown()  # its service outlives a run
        os.environ.pop("WANDB_SERVICE", None)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """A run of two folds, shown by the three loggers."""
    return train(tmp_path_factory.mktemp("shown") / "outputs", *TINY, "logger=[wandb,tensorboard,mlflow]")


def inspect(folder: Path, *options: str) -> str:
    """What W&B's own reader finds in the only run of a folder."""
    (run,) = folder.glob("wandb/offline-run-*")
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", *options, str(run)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def fold_in_wandb(shown: Shown) -> list[dict[str, Any]]:
    """The records of the first fold's run."""
    return [json.loads(line) for line in inspect(shown.folder / "folds" / "00").splitlines()]


@pytest.fixture(scope="module")
def report_in_wandb(shown: Shown) -> list[dict[str, Any]]:
    """The records of the report's run."""
    return [json.loads(line) for line in inspect(shown.folder).splitlines()]


@pytest.fixture(scope="module")
def summary(report_in_wandb: list[dict[str, Any]]) -> dict[str, Any]:
    """The summary of the report's run as it is in the end."""
    return updated(report_in_wandb, "summary")


def updated(records: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """All updates of one kind, the last of each key."""
    return {key: value for record in records if record["type"] == kind for key, value in record[kind]["update"].items()}


def artifacts(records: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The artifacts of one kind."""
    return [record["artifact"] for record in records if record["type"] == "artifact" and record["artifact"]["type"] == kind]


def table(folder: Path, path: str) -> dict[str, Any]:
    """A table that W&B kept."""
    (file,) = folder.glob(f"wandb/offline-run-*/files/{path}")
    return dict(read_json(file))


def test_wandb_has_the_curves_of_each_fold_by_epoch(shown: Shown, fold_in_wandb: list[dict[str, Any]]) -> None:
    rows = [record["history"]["item"] for record in fold_in_wandb if record["type"] == "history"]
    curves = [{name: value for name, value in row.items() if name[0] != "_"} for row in rows if "epoch" in row]
    written = read_history(shown.folder / "folds" / "00" / "history.csv")
    assert len(curves) == len(written) == 2
    for curve, row in zip(curves, written, strict=True):
        assert curve == pytest.approx(row, rel=1e-5)
    by_epoch = {record["metric"]["name"] for record in fold_in_wandb if record.get("metric", {}).get("step_metric") == "epoch"}
    assert by_epoch == set(written[0]) - {"epoch"}


def test_wandb_has_configuration_and_git_state(shown: Shown, fold_in_wandb: list[dict[str, Any]]) -> None:
    config = updated(fold_in_wandb, "config")
    assert {key: config[key] for key in shown.store.config} == shown.store.config
    assert config["provenance"] == shown.store.provenance
    assert config["fold"]["name"] == "00"
    (run,) = (record["run"] for record in fold_in_wandb if record["type"] == "run")
    assert (run["run_group"], run["display_name"]) == (shown.folder.name, f"{shown.folder.name}-00")


def test_wandb_has_the_scores_of_a_fold_in_its_run(shown: Shown, fold_in_wandb: list[dict[str, Any]]) -> None:
    predictions = read_predictions(shown.folder / "folds" / "00" / "predictions.csv")
    found = updated(fold_in_wandb, "summary")
    assert found["synthetic/accuracy"] == pytest.approx((predictions.predicted == predictions.target).mean())
    assert found["synthetic/n"] == len(predictions)


def test_wandb_has_the_pooled_scores_with_their_intervals(shown: Shown, summary: dict[str, Any]) -> None:
    for score in ("accuracy", "uar", "macro_f1"):
        for name, key in {"value": score, "low": f"{score}_low", "high": f"{score}_high"}.items():
            assert summary[f"synthetic/{key}"] == pytest.approx(shown.scores[score][name])
    for key in ("n", "subjects", "nll", "ece"):
        assert summary[f"synthetic/{key}"] == pytest.approx(shown.scores[key])


def test_a_sweep_finds_the_value_that_validation_chose_by(shown: Shown, summary: dict[str, Any]) -> None:
    chosen = [shown.store.card(fold)["selection"] for fold in ("00", "01")]
    assert {selection["monitor"] for selection in chosen} == {"val_macro_f1"}
    assert summary["val_macro_f1"] == pytest.approx(sum(selection["value"] for selection in chosen) / 2)


def test_an_agent_finds_everything_in_the_run_that_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert composed("logger=wandb")["logger"]["wandb"]["id"] == "{id}"
    monkeypatch.setenv("WANDB_RUN_ID", "waited-for")
    assert composed("logger=[wandb]")["logger"]["wandb"]["id"] == "waited-for"


def test_wandb_has_the_confusion_matrix_with_a_row_a_target(shown: Shown, summary: dict[str, Any]) -> None:
    cells = table(shown.folder, summary["synthetic/confusion_table.path"])
    assert cells["columns"] == ["Actual", "Predicted", "nPredictions"]
    labels = list(shown.report.labels)
    counted = {(labels.index(actual), labels.index(predicted)): n for actual, predicted, n in cells["data"]}
    assert [[counted[i, j] for j in range(7)] for i in range(7)] == shown.scores["confusion"]


def test_wandb_has_the_labels_scores_as_bars(
    shown: Shown, summary: dict[str, Any], report_in_wandb: list[dict[str, Any]]
) -> None:
    bars = table(shown.folder, summary["synthetic/recall_table.path"])
    recall = {label: value for label, _, value, _, _ in bars["data"]}
    assert recall == pytest.approx({name: of["recall"] for name, of in shown.scores["per_class"].items()})
    charts = json.dumps([record for record in report_in_wandb if record["type"] == "config"])
    assert all(f"_wandb.visualize.synthetic/{score}" in charts for score in ("recall", "precision", "f1", "confusion"))


def test_wandb_has_a_table_of_predictions_without_faces(
    shown: Shown, summary: dict[str, Any], report_in_wandb: list[dict[str, Any]]
) -> None:
    rows = table(shown.folder, summary["predictions.path"])
    assert "image" not in rows["columns"]
    assert len(rows["data"]) == shown.scores["n"]
    first = dict(zip(rows["columns"], rows["data"][0], strict=True))
    assert first["target"] != first["predicted"], "the surest mistakes come first"
    assert summary["predictions_note"].startswith("all ")
    files = [file["path"] for artifact in artifacts(report_in_wandb, "run_table") for file in artifact["manifest"]["contents"]]
    assert files
    assert all(file.endswith(".table.json") for file in files)


def test_wandb_has_report_and_page_as_an_artifact(report_in_wandb: list[dict[str, Any]]) -> None:
    (report,) = artifacts(report_in_wandb, "report")
    assert {content["path"] for content in report["manifest"]["contents"]} == {"report.json", "index.html"}


@pytest.mark.slow
def test_wandb_has_faces_where_the_yaml_says_so_and_no_more_rows_than_it_allows(shown: Shown, tmp_path: Path) -> None:
    settings = {key: value for key, value in shown.loggers["wandb"].items() if key != "_target_"}
    logger = Wandb(**{**settings, "dir": str(tmp_path), "id": "faces", "images": True, "predictions": 3})
    logger.begin({})
    logger.show(RunContent(read_run(shown.folder), shown.report, (shown.folder / "report.json",)))
    logger.end(failed=False)
    records = [json.loads(line) for line in inspect(tmp_path).splitlines()]
    assert updated(records, "summary")["predictions_note"].startswith(f"3 of {shown.scores['n']} predictions")
    files = [file for artifact in artifacts(records, "run_table") for file in artifact["manifest"]["contents"]]
    images = [np.asarray(Image.open(file["local_path"])) for file in files if file["path"].startswith("media/images/")]
    assert [image.shape for image in images] == [(24, 24)] * 3


def events(folder: Path) -> Any:
    """What TensorBoard's own reader finds in a folder."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder / "tensorboard"))
    found.Reload()
    return found


def test_tensorboard_has_curves_configuration_and_scores_of_each_fold(shown: Shown) -> None:
    found = events(shown.folder / "folds" / "01")
    for row in read_history(shown.folder / "folds" / "01" / "history.csv"):
        for name in set(row) - {"epoch"}:
            (value,) = (event.value for event in found.Scalars(name) if event.step == row["epoch"])
            assert value == pytest.approx(row[name], rel=1e-5)
    text = found.Tensors("config/text_summary")[0].tensor_proto.string_val[0].decode()
    assert json.loads(text)["provenance"] == shown.store.provenance
    assert len(found.Scalars("synthetic/accuracy")) == 1
    assert found.PluginTagToContent("hparams"), "the table of hyperparameters is filled"


def test_tensorboard_has_scores_matrix_and_tables_of_the_report(shown: Shown) -> None:
    found = events(shown.folder)
    for name in ("value", "low", "high"):
        tag = "synthetic/uar" if name == "value" else f"synthetic/uar_{name}"
        assert found.Scalars(tag)[0].value == pytest.approx(shown.scores["uar"][name], rel=1e-5)
    assert found.Images("synthetic/confusion")[0].width > 7 * 64
    lines = found.Tensors("synthetic/per_class/text_summary")[0].tensor_proto.string_val[0].decode().splitlines()
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[2:]] == list(shown.report.labels)
    text = found.Tensors("predictions/text_summary")[0].tensor_proto.string_val[0].decode()
    assert text.startswith(f"100 of {shown.scores['n']} predictions")
    assert text.count("\n") == 2 + 1 + 100


def mlflow_runs(shown: Shown) -> tuple[Any, dict[str, Any]]:
    """MLflow's own client of the store, and the runs of one run folder by name."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{shown.folder.parent}/mlflow.db")
    experiment = client.get_experiment_by_name("ferlab")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], f"tags.`ferlab.run` = '{shown.folder.name}'")
    return client, {run.info.run_name.removeprefix(f"{shown.folder.name}-"): run for run in found}


def test_mlflow_has_parameters_curves_and_scores_of_each_fold(shown: Shown) -> None:
    client, runs = mlflow_runs(shown)
    assert set(runs) == {"00", "01", "report"}
    fold, rows = runs["00"], read_history(shown.folder / "folds" / "00" / "history.csv")
    assert fold.info.status == "FINISHED"
    assert fold.data.params["optim.optimizer.lr"] == str(shown.store.config["optim"]["optimizer"]["lr"])
    assert fold.data.params["provenance.dirty"] == str(shown.store.provenance["dirty"])
    curve = {metric.step: metric.value for metric in client.get_metric_history(fold.info.run_id, "val_macro_f1")}
    assert curve == pytest.approx({int(row["epoch"]): row["val_macro_f1"] for row in rows}, rel=1e-5)
    assert "synthetic/uar" in fold.data.metrics
    assert "synthetic/uar_low" not in fold.data.metrics


def test_mlflow_has_scores_and_files_of_the_report(shown: Shown, tmp_path: Path) -> None:
    client, runs = mlflow_runs(shown)
    metrics, number = runs["report"].data.metrics, runs["report"].info.run_id
    assert metrics["synthetic/accuracy_low"] == pytest.approx(shown.scores["accuracy"]["low"])
    assert metrics["synthetic/recall/anger"] == pytest.approx(shown.scores["per_class"]["anger"]["recall"])
    files = {file.path for file in client.list_artifacts(number)}
    assert files == {"report.json", "index.html", "predictions.csv", "confusion_synthetic.png"}
    kept = Path(client.download_artifacts(number, "predictions.csv", str(tmp_path)))
    assert len(read_predictions(kept)) == shown.scores["n"]
    assert list(shown.folder.parent.glob("mlflow_files/*")), "files lie beside the store"


def test_loggers_that_work_are_silent(shown: Shown) -> None:
    assert shown.said == []


def test_results_are_the_same_bytes_without_loggers(shown: Shown, tmp_path: Path) -> None:
    bare = train(tmp_path, *TINY)
    assert bare.folder.name == shown.folder.name
    assert bare.store.provenance["commit"] == shown.store.provenance["commit"]
    for name in ("report.json", "folds/00/predictions.csv", "folds/01/predictions.csv", "folds/00/model.safetensors"):
        if name == "report.json":
            assert read_json(bare.folder / name)["tests"] == read_json(shown.folder / name)["tests"]
        else:
            assert (bare.folder / name).read_bytes() == (shown.folder / name).read_bytes()
    assert not (bare.folder / "logged.json").exists()


def test_what_was_shown_is_not_shown_again(shown: Shown) -> None:
    before = sorted(shown.folder.rglob("*"))
    assert log_run(shown.store, write_report(shown.folder), shown.loggers, say=pytest.fail) == []
    assert sorted(shown.folder.rglob("*")) == before


@pytest.mark.slow
def test_a_classical_run_and_an_ensemble_are_shown_too(shown: Shown, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    classical = train(tmp_path, *CLASSICAL, "logger=tensorboard")
    assert events(classical.folder / "folds" / "00").Scalars("synthetic/uar")
    members = read_members([shown.folder, classical.folder])
    store = ensemble_store(members, tmp_path)
    write_ensemble(store, members, provenance={"threads": 1})
    assert fer(["log", str(store.folder), "logger=tensorboard"]) == 0
    assert "the report in tensorboard" in capsys.readouterr().out
    scores = read_json(store.folder / "report.json")["tests"]["synthetic"]
    assert events(store.folder).Scalars("synthetic/uar")[0].value == pytest.approx(scores["uar"]["value"], rel=1e-5)
    assert fer(["log", str(store.folder), "logger=tensorboard"]) == 0
    assert capsys.readouterr().out.startswith("Nothing")


def test_fer_log_takes_nothing_but_loggers(shown: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    assert fer(["log", str(shown.folder), "data=jaffe"]) == 2
    assert capsys.readouterr().err.startswith("ConfigError: found data=jaffe, expected logger=")
