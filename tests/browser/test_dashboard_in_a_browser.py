"""This file tests the dashboard in a browser: what changes by itself, what the reader has done and finds again, and comparing."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from looked_at import made_up_predictions, started, write_run

pytest.importorskip("uvicorn", reason="pip install 'ferlab[dashboard]'")

pytestmark = pytest.mark.slow  # a server and a browser are started for it

SECONDS = 1000  # playwright counts in milliseconds
SOON = 5 * SECONDS


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three finished runs, and one whose only fold is at work."""
    folder = tmp_path_factory.mktemp("live") / "outputs"
    rows = made_up_predictions(90, subjects=9)
    for name, model, share in (("run-cnn", "cnn", 0.1), ("run-resnet", "resnet", 0.5), ("run-vgg", "vgg", 0.9)):
        changed = rows.probabilities.copy()
        which = np.random.default_rng(0).random(len(changed)) < share
        changed[which] = np.roll(changed[which], 1, axis=1)
        write_run(folder / name, [replace(rows, probabilities=changed)], model=model)
    working = write_run(folder / "run-dbn", [rows], model="dbn", done=0) / "folds" / ".00.working"
    working.mkdir(parents=True)
    write_epochs(working, 2)
    return folder


def write_epochs(working: Path, epochs: int) -> None:
    """The learning curve of a fold at work, as training leaves it after so many epochs."""
    lines = ["epoch,train_loss,val_loss,val_accuracy", *(f"{i},{2 / (i + 1)},{2.1 / (i + 1)},{i / 20}" for i in range(epochs))]
    (working / "beside").write_text("\n".join(lines) + "\n")
    os.replace(working / "beside", working / "history.csv")


@pytest.fixture(scope="module")
def address(serve: Callable[[Path], str], outputs: Path) -> str:
    return serve(outputs)


def test_the_curves_of_a_running_fold_grow_on_the_open_page(tab: Any, address: str, outputs: Path) -> None:
    tab.goto(f"{address}run-dbn/")
    tab.get_by_text("2 epochs so far").wait_for()
    tab.locator("summary", has_text="Configuration").click()
    tab.evaluate("scrollTo(0, 300)")
    write_epochs(outputs / "run-dbn" / "folds" / ".00.working", 3)
    tab.get_by_text("3 epochs so far").wait_for(timeout=SOON)
    assert tab.locator("svg title", has_text="epoch 3: val_loss").count() == 1
    assert tab.locator("details", has_text="Configuration").get_attribute("open") is not None
    assert tab.evaluate("scrollY") == 300


@pytest.mark.slow
def test_a_new_run_comes_to_the_open_leaderboard_and_what_the_reader_did_stays(tab: Any, address: str, outputs: Path) -> None:
    tab.goto(address)
    tab.locator(".board th button", has_text="Accuracy").click()
    tab.locator(".board th button", has_text="Accuracy").click()
    tab.locator("tr[data-run=run-cnn] input").check()
    tab.locator("#filters [name=words]").fill("run")
    tab.locator("#filters [name=model]").select_option("vgg")
    shutil.copytree(outputs / "run-vgg", outputs / "run-other")
    tab.locator("tr[data-run=run-other]").wait_for(timeout=SOON)
    shown = [row.get_attribute("data-run") for row in tab.locator(".board tbody tr:visible").all()]
    assert sorted(shown) == ["run-other", "run-vgg"]
    assert tab.locator("#filters [name=model]").input_value() == "vgg"
    assert tab.locator("th[aria-sort=ascending]").inner_text().startswith("Accuracy")
    assert tab.locator("tr[data-run=run-cnn] input").is_checked()
    shutil.rmtree(outputs / "run-other")
    tab.locator("tr[data-run=run-other]").wait_for(state="detached", timeout=SOON)


def test_chosen_runs_are_compared_with_curves_and_paired_statistics(tab: Any, address: str) -> None:
    tab.goto(address)
    assert not tab.locator("#compare").is_visible()
    tab.locator("tr[data-run=run-cnn] input").check()
    assert tab.locator("#compare").get_attribute("href") is None
    tab.locator("tr[data-run=run-vgg] input").check()
    tab.locator("#compare", has_text="Compare 2 runs").click()
    tab.locator("#statistics li", has_text="A is better than B").wait_for()
    assert tab.locator("#curves svg").count() == 4
    assert tab.locator("#scores tbody tr").count() == 2
    tab.get_by_role("link", name="Leaderboard").click()
    assert tab.locator("tr[data-run=run-vgg] input").is_checked()
    tab.locator("#clear").click()
    assert not tab.locator("tr[data-run=run-vgg] input").is_checked()


@pytest.mark.slow
def test_a_run_that_is_deleted_while_it_is_shown_says_so(browser: Any, address: str, outputs: Path) -> None:
    shutil.copytree(outputs / "run-vgg", outputs / "run-gone")
    time.sleep(1)
    tab = browser.new_page()  # whose console tells of the 404
    tab.goto(f"{address}run-gone/")
    shutil.rmtree(outputs / "run-gone")
    tab.get_by_text("There is nothing here").wait_for(timeout=SOON)
    tab.close()


@pytest.mark.slow
def test_an_open_page_says_when_the_dashboard_has_ended(browser: Any, outputs: Path) -> None:
    process, address = started(outputs)
    tab = browser.new_page()  # whose console tells of what does not answer
    tab.goto(address)
    tab.locator("tr[data-run=run-cnn]").wait_for()
    process.terminate()
    process.communicate(timeout=10)
    tab.locator("#live", has_text="not connected since").wait_for(timeout=SOON)
    assert tab.locator("tr[data-run=run-cnn]").is_visible()
    tab.close()


@pytest.mark.slow
def test_a_line_of_a_sweep_stands_out_under_the_pointer_and_says_which_trial_it_is(tab: Any, address: str, outputs: Path) -> None:
    write_sweep(outputs / "sweeps" / "rate.db")
    tab.goto(f"{address}sweeps")
    tab.get_by_role("link", name="rate-0a1b2c3d").click()
    assert {section.get_attribute("id") for section in tab.locator("section[id]").all()} == {
        "history",
        "parallel",
        "importance",
        "trials",
    }
    line = tab.locator(".parallel path[role=graphics-symbol]").last
    assert (line.locator("title").text_content() or "").startswith("trial 2: val_loss 0.2500; lr 0.05")
    before = line.evaluate("line => getComputedStyle(line).strokeWidth")
    line.hover()
    assert line.evaluate("line => getComputedStyle(line).strokeWidth") != before


def write_sweep(storage: Path) -> None:
    """A sweep of three trials, the last of which is the best."""
    optuna = pytest.importorskip("optuna", reason="pip install 'ferlab[sweep]'")
    from fer.sweeps.attempts import PLACE
    from fer.sweeps.storage import open_storage, sqlite_file

    storage.parent.mkdir()
    study = optuna.create_study(storage=open_storage(sqlite_file(storage)), study_name="rate-0a1b2c3d")
    study.set_metric_names(["val_loss"])
    for place, (rate, loss) in enumerate([(0.01, 0.5), (0.02, 0.4), (0.05, 0.25)]):
        study.enqueue_trial({"optim.lr": rate}, user_attrs={PLACE: place})
        study.tell(study.ask({"optim.lr": optuna.distributions.FloatDistribution(0.01, 0.05)}), loss)


def test_a_thousand_runs_are_there_and_filtered_within_two_seconds(
    tab: Any, serve: Callable[[Path], str], thousand: Path, is_quick: Callable[[str], bool]
) -> None:
    assert is_quick(serve(thousand))
    assert tab.locator(".board input[type=checkbox]").count() == 1000
