"""This file tests the pages of sweeps: what is read from a storage, and what is drawn of it."""

import math
import random
from pathlib import Path

import pytest

pytest.importorskip("optuna", reason="pip install 'ferlab[sweep]'")
pytest.importorskip("starlette", reason="pip install 'ferlab[dashboard]'")

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState
from starlette.testclient import TestClient

from fer.dashboard.app import application
from fer.dashboard.sweep_charts import Scale, best_so_far, history, parallel_coordinates
from fer.dashboard.sweep_pages import sweep_page
from fer.dashboard.sweeps import StoredSweep, SweepTrial, importance, names_of_sweeps, read_sweep
from fer.files import write_json
from fer.sweeps.attempts import ERROR, PLACE, RUN
from fer.sweeps.storage import open_storage, sqlite_file

SPACE = {
    "optim.lr": FloatDistribution(1e-4, 1e-1, log=True),
    "model.depth": IntDistribution(2, 6),
    "augment": CategoricalDistribution(("none", "flip")),
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve trials, of which the learning rate decides: one pruned, one that failed at first, one at work, one waiting."""
    folder = tmp_path_factory.mktemp("outputs")
    (folder / "sweeps").mkdir()
    storage = open_storage(sqlite_file(folder / "sweeps" / "rate.db"))
    study = optuna.create_study(
        storage=storage, study_name="rate-0a1b2c3d", direction="maximize", sampler=optuna.samplers.RandomSampler(0)
    )
    study.set_metric_names(["val_macro_f1"])
    study.enqueue_trial({}, user_attrs={PLACE: 2})
    failed = study.ask(SPACE)
    failed.set_user_attr(ERROR, "ended with <status> 1")
    study.tell(failed, state=TrialState.FAIL)
    for place in range(12):
        study.enqueue_trial({}, user_attrs={PLACE: place})
    for place in range(11):
        trial = study.ask(SPACE)
        trial.set_user_attr(RUN, f"synthetic-cnn-{place}")
        value = 0.7 - 0.05 * (math.log10(trial.params["optim.lr"]) + 2) ** 2
        trial.report(value, 1)
        if place != 10:
            study.tell(trial, **({"state": TrialState.PRUNED} if place == 4 else {"values": value}))
    for name in ("config.json", "folds.json"):
        write_json(folder / "synthetic-cnn-1" / name, {})
    return folder


@pytest.fixture(scope="module")
def sweep(outputs: Path) -> StoredSweep:
    found = read_sweep(outputs / "sweeps" / "rate.db", "rate-0a1b2c3d")
    assert found is not None
    return found


def test_a_sweep_is_read_as_it_stands(sweep: StoredSweep) -> None:
    assert sweep.counts == {"done": 9, "running": 1, "pruned": 1, "not started": 1}
    assert (sweep.objective, sweep.maximise, list(sweep.space)) == ("val_macro_f1", True, list(SPACE))
    assert sweep.chosen is not None
    assert sweep.chosen.value == max(trial.value for trial in sweep.done if trial.value is not None)
    assert sweep.trials[2].errors == ["ended with <status> 1"]
    assert sweep.by_rank[0] is sweep.chosen


def test_reading_writes_nothing(outputs: Path) -> None:
    storage = outputs / "sweeps" / "rate.db"
    before = storage.read_bytes()
    assert names_of_sweeps(storage) == ["rate-0a1b2c3d"]
    assert read_sweep(storage, "rate-ffffffff") is None
    assert storage.read_bytes() == before


def test_the_best_so_far_never_falls(sweep: StoredSweep) -> None:
    best = [float(point["value"]) for point in best_so_far(sweep)]
    assert best == sorted(best)
    assert len(best) == 9


def test_importance_is_that_of_what_decides(sweep: StoredSweep) -> None:
    shares = importance(sweep)
    assert next(iter(shares)) == "optim.lr"
    assert sum(shares.values()) == pytest.approx(1)


def test_importance_sees_a_range_as_the_search_does() -> None:
    """A value that falls by the logarithm over the whole range, beside a parameter that weighs a tenth of it."""
    rng = random.Random(0)
    space = {"lr": FloatDistribution(1e-6, 1.0, log=True), "other": FloatDistribution(0.0, 1.0)}
    trials = []
    for number in range(60):
        settings = {"lr": 10 ** rng.uniform(-6, 0), "other": rng.random()}
        value = 6 * (math.log10(settings["lr"]) < -3) + settings["other"]
        trials.append(SweepTrial(number, "done", value, settings, None, ()))
    assert importance(StoredSweep("x", "val_loss", False, space, tuple(trials)))["lr"] > 0.8


def test_few_trials_have_no_importance(sweep: StoredSweep) -> None:
    few = StoredSweep(sweep.name, sweep.objective, sweep.maximise, sweep.space, sweep.trials[:5])
    assert importance(few) == {}


def test_parallel_coordinates_have_a_line_a_trial_and_an_axis_a_parameter(sweep: StoredSweep) -> None:
    drawn = parallel_coordinates(sweep)
    assert drawn is not None
    assert drawn.count("<title>trial ") == 10  # finished and pruned
    for label in (">lr<", ">depth<", ">augment<", ">val_macro_f1<", ">flip<", ">0.0001<", "lr 0.0", "var(--best)"):
        assert label in drawn


def test_the_history_numbers_each_trial_once(sweep: StoredSweep) -> None:
    drawn = history(sweep)
    assert drawn is not None
    assert [drawn.count(f">{number}<") for number in range(12)] == [1] * 12


def test_nothing_is_drawn_of_a_sweep_without_values(sweep: StoredSweep) -> None:
    waiting = StoredSweep(sweep.name, sweep.objective, sweep.maximise, sweep.space, sweep.trials[-1:])
    assert (history(waiting), parallel_coordinates(waiting)) == (None, None)


@pytest.mark.parametrize(
    ("scale", "value", "place"),
    [
        (Scale("x", 1e-4, 1e-2, log=True), 1e-3, 0.5),
        (Scale("x", 0.0, 10.0), 2.5, 0.25),
        (Scale("x", 0, 1, choices=("a", "b", "c")), "c", 1.0),
        (Scale("x", 0, 1, choices=("a",)), "a", 0.0),
        (Scale("x", 3.0, 3.0), 3.0, 0.5),
    ],
)
def test_a_value_stands_where_its_scale_has_it(scale: Scale, value: float, place: float) -> None:
    assert scale.place(value) == pytest.approx(place)


def test_labels_stand_where_the_values_they_name_do() -> None:
    for scale in (Scale("x", 1e-4, 1.0, log=True), Scale("x", 2, 6, whole=True), Scale("x", 0.0, 1.0)):
        assert {label: scale.place(float(label)) for label in scale.labels()} == pytest.approx(scale.labels(), abs=1e-3)


def test_the_pages_of_sweeps(outputs: Path) -> None:
    client = TestClient(application(outputs), base_url="http://127.0.0.1")
    assert 'href="/sweeps/rate-0a1b2c3d/"' in client.get("/sweeps").text
    page = client.get("/sweeps/rate-0a1b2c3d/")
    assert page.status_code == 200
    assert "ended with &lt;status&gt; 1" in page.text
    assert 'href="/synthetic-cnn-1/"' in page.text
    assert 'href="/synthetic-cnn-2/"' not in page.text
    again = client.get("/sweeps/rate-0a1b2c3d/", headers={"If-None-Match": page.headers["ETag"]})
    assert again.status_code == 304
    assert client.get("/sweeps/rate-ffffffff/").status_code == 404


def finished(sweep: StoredSweep) -> tuple[SweepTrial, ...]:
    return tuple(trial for trial in sweep.trials if trial.state == "done")


def test_a_sweep_whose_trials_are_all_finished_has_a_page(sweep: StoredSweep) -> None:
    page = sweep_page(StoredSweep(sweep.name, sweep.objective, sweep.maximise, sweep.space, finished(sweep)), {})
    assert "9 done" in page
    assert "pruned" not in page


def test_a_sweep_that_measures_nothing_has_a_page_without_charts(sweep: StoredSweep) -> None:
    page = sweep_page(StoredSweep(sweep.name, None, False, sweep.space, finished(sweep)), {})
    assert "names no metric" in page
    assert "<svg" not in page


def test_a_storage_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "sweeps" / "rate.db").write_text("no database, but long enough for SQLite to look at it" * 20)
    client = TestClient(application(tmp_path), base_url="http://127.0.0.1")
    assert "rate.db cannot be used" in client.get("/sweeps").text
    assert client.get("/sweeps/rate-0a1b2c3d/").status_code == 503
