"""This file tests the answers of the dashboard: pages, what has changed, what is wrong, and what is refused."""

import os
import runpy
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette", reason="pip install 'ferlab[dashboard]'")

from starlette.testclient import TestClient

from fer.dashboard.app import application
from fer.results.publish import write_report

ROOT = Path(__file__).parents[3]
MADE_UP = runpy.run_path(str(ROOT / "tests" / "unit" / "results" / "made_up_run.py"))
write_run: Callable[..., Path] = MADE_UP["write_run"]
made_up_predictions = MADE_UP["made_up_predictions"]


@pytest.fixture(autouse=True)
def looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fer.dashboard.outputs.FRESH", 0.0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seeds of cnn, resnet, and half of a vgg, whose first fold is at work."""
    outputs = tmp_path_factory.mktemp("made") / "outputs"
    folds = [made_up_predictions(60, fold=f"{i:02d}", start=1000 * i, subjects=6) for i in range(2)]
    for name, model, seed, share in (("cnn-0", "cnn", 0, 0.1), ("cnn-1", "cnn", 1, 0.15), ("resnet", "resnet", 0, 0.6)):
        write_run(outputs / name, [worse(fold, share) for fold in folds], model=model, seed=seed)
        write_report(outputs / name)
    half = write_run(outputs / "deep" / "vgg", folds, model="vgg", done=1)
    (half / "folds" / ".01.working").mkdir()
    (half / "folds" / ".01.working" / "history.csv").write_text("epoch,train_loss,val_loss\n0,1.5,1.4\n1,1.1,1.2\n")
    return outputs


def worse(rows: Any, share: float) -> Any:
    changed = rows.probabilities.copy()
    which = np.random.default_rng(0).random(len(changed)) < share
    changed[which] = np.roll(changed[which], 1, axis=1)
    return replace(rows, probabilities=changed)


@pytest.fixture
def outputs(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "outputs", copy_function=shutil.copy2)
    return tmp_path / "outputs"


@pytest.fixture
def client(outputs: Path) -> TestClient:
    return TestClient(application(outputs), base_url="http://127.0.0.1")


def settled(client: TestClient, expected: str, *, without: str = "\0") -> str:
    """The leaderboard once it has what is expected, and no more what is not, which may have to be computed."""
    for _ in range(200):
        text = client.get("/").text
        if expected in text and without not in text:
            return text
        time.sleep(0.05)
    raise AssertionError(f"{expected!r} without {without!r} never came")


def test_the_leaderboard_has_finished_unfinished_and_pooled_runs(client: TestClient) -> None:
    text = settled(client, "2 seeds of 2 runs")
    for name in ("cnn-0", "resnet", "deep/vgg"):
        assert f'href="{name}/index.html"' in text
    assert "1 of 2<small>not ranked" in settled(client, "not ranked")


def test_a_page_that_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    for address in ("/cnn-0/", "/deep/vgg/index.html", "/compare?run=cnn-0&run=resnet"):
        first = client.get(address)
        again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_a_running_fold_is_on_the_page_and_the_page_changes_with_its_next_epoch(client: TestClient, outputs: Path) -> None:
    first = client.get("/deep/vgg/")
    assert "2 epochs so far" in first.text
    with (outputs / "deep" / "vgg" / "folds" / ".01.working" / "history.csv").open("a") as file:
        file.write("2,0.9,1.1\n")
    then = client.get("/deep/vgg/", headers={"If-None-Match": first.headers["ETag"]})
    assert (then.status_code, "3 epochs so far" in then.text) == (200, True)


def test_a_finished_run_has_its_stored_page_and_one_that_goes_on_a_new_one(client: TestClient, outputs: Path) -> None:
    page = outputs / "cnn-0" / "index.html"
    page.write_text(page.read_text().replace("<h1>", "<h1>stored "))
    assert "<h1>stored " in client.get("/cnn-0/").text
    os.utime(page, ns=(0, 0))
    assert "<h1>stored " not in client.get("/cnn-0/").text


def test_the_page_of_a_run_that_goes_on_is_made_anew_though_a_clock_that_was_set_back_says_it_is_newer(
    client: TestClient, outputs: Path
) -> None:
    run = outputs / "deep" / "vgg"
    write_report(run)
    page = run / "index.html"
    page.write_text(page.read_text().replace("<h1>", "<h1>stored "))
    an_hour_later = page.stat().st_mtime_ns + 3600 * 10**9
    os.utime(page, ns=(an_hour_later, an_hour_later))
    assert "<h1>stored " not in client.get("/deep/vgg/").text


def test_a_report_that_folds_have_outrun_is_not_believed(client: TestClient, outputs: Path) -> None:
    write_report(outputs / "deep" / "vgg")
    shutil.copytree(outputs / "cnn-0" / "folds" / "01", outputs / "deep" / "vgg" / "folds" / "01")
    assert '"folds_done": 1' in (outputs / "deep" / "vgg" / "report.json").read_text()
    settled(client, "vgg/index.html", without="not ranked")


def test_a_new_run_comes_and_a_deleted_one_goes(client: TestClient, outputs: Path) -> None:
    settled(client, "resnet")
    shutil.copytree(outputs / "resnet", outputs / "newcomer")
    assert "newcomer/index.html" in settled(client, "newcomer")
    shutil.rmtree(outputs / "resnet")
    assert "resnet/index.html" not in client.get("/").text
    gone = client.get("/resnet/")
    assert (gone.status_code, "not any more" in gone.text) == (404, True)
    assert client.get("/compare?run=resnet&run=cnn-0").status_code == 404


def test_a_damaged_run_is_named_on_the_leaderboard_and_its_page_says_why(client: TestClient, outputs: Path) -> None:
    path = outputs / "deep" / "vgg" / "folds" / "00" / "predictions.csv"
    path.write_bytes(path.read_bytes()[:-7])
    os.utime(path.parents[1])  # as when a fold comes or goes, should the run have been read already
    assert "predictions.csv" in settled(client, "1 run cannot be read: deep/vgg")
    page = client.get("/deep/vgg/")
    assert (page.status_code, "vgg cannot be read" in page.text) == (200, True)


@pytest.mark.parametrize("damage", ["config.json", "report.json"])
def test_no_damaged_file_of_a_run_hides_the_others(client: TestClient, outputs: Path, damage: str) -> None:
    (outputs / "resnet" / damage).write_text("{")
    text = settled(client, "cannot be read: resnet" if damage == "config.json" else "resnet/index.html")
    assert "cnn-0/index.html" in text


def test_an_empty_folder_says_what_to_run(tmp_path: Path) -> None:
    text = TestClient(application(tmp_path), base_url="http://127.0.0.1").get("/").text
    assert "There is no run here yet" in text
    assert "python train.py" in text


def test_runs_are_compared_as_fer_compare_does(client: TestClient, outputs: Path) -> None:
    from fer.results.comparison import compare
    from fer.results.comparison_words import sentences
    from fer.results.stored_run import read_run
    from fer.results.systems import pool

    text = client.get("/compare?run=cnn-0&run=resnet").text
    (sentence,) = sentences(compare(pool([read_run(outputs / "cnn-0"), read_run(outputs / "resnet")])))
    assert sentence in text
    assert "val_macro_f1" in text
    assert text.count("<svg") >= 4


def test_two_seeds_of_one_experiment_are_set_against_each_other(client: TestClient) -> None:
    assert "--versus" in client.get("/compare?run=cnn-0&run=cnn-1").text


def test_an_unfinished_run_leaves_the_statistics_of_the_others(client: TestClient) -> None:
    text = client.get("/compare?run=cnn-0&run=resnet&run=deep/vgg").text
    assert "1 of 2 folds are done" in text
    assert "A is better than B" in text
    assert "have not tested the same images" in client.get("/compare?run=cnn-0&run=deep/vgg").text


@pytest.mark.parametrize("query", ["", "?run=cnn-0", "?run=cnn-0&run=cnn-0", "?" + "&".join(["run=cnn-0"] * 9)])
def test_fewer_than_two_runs_are_no_comparison(client: TestClient, query: str) -> None:
    assert client.get(f"/compare{query}").status_code == 400


def test_the_table_for_machines_is_as_new_as_the_page(client: TestClient) -> None:
    settled(client, "deep/vgg")
    lines = client.get("/leaderboard.csv").text.splitlines()
    assert lines[0].startswith("rank,run,")
    assert any(line.endswith(",deep/vgg") for line in lines)


def test_files_beside_a_page_are_served_and_weights_are_not(client: TestClient, outputs: Path) -> None:
    (outputs / "cnn-0" / "folds" / "00" / "model.safetensors").write_bytes(b"weights")
    assert client.get("/cnn-0/report.json").json()["run"] == "cnn-0"
    for address in ("/cnn-0/folds/00/model.safetensors", "/cnn-0/%2e%2e/%2e%2e/secret.json", "/cnn-0/folds/"):
        assert client.get(address).status_code == 404


def test_a_page_of_another_host_that_claims_to_be_here_is_refused(client: TestClient) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/", headers={"Host": "localhost:8427"}).status_code == 200


def test_nothing_may_be_loaded_from_elsewhere_and_nothing_is_changed(client: TestClient) -> None:
    assert "default-src 'none'" in client.get("/").headers["Content-Security-Policy"]
    assert client.post("/").status_code == 405


def test_nothing_is_written_below_the_folder(client: TestClient, outputs: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in outputs.rglob("*")}
    for address in ("/", "/cnn-0/", "/deep/vgg/", "/compare?run=cnn-0&run=resnet", "/sweeps"):
        assert client.get(address).status_code == 200
    settled(client, "deep/vgg")
    assert {path: path.stat().st_mtime_ns for path in outputs.rglob("*")} == before
