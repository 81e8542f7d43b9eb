import subprocess
import sys
from pathlib import Path

import pytest

from fer.errors import RunError
from fer.files import read_json, write_atomically, write_json
from fer.protocols.base import Fold
from fer.results.store import RunStore, fingerprint, folds_as_json

FOLDS = [Fold(f"{k:02d}", ("d/1", "d/2"), ("d/3",), {"d": (f"d/{4 + k}",)}) for k in range(2)]


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    made = RunStore.at(tmp_path, "d-cnn-official", {"seed": 0})
    made.create(what={"seed": 0}, provenance={"threads": 1}, folds=folds_as_json(FOLDS, [{}, {}], protocol="official"))
    return made


def finish(store: RunStore, fold: str) -> None:
    with store.work(fold):
        write_atomically(store.working(fold) / "predictions.csv", "fold\n")


def test_the_same_experiment_finds_its_folder_and_another_one_its_own(tmp_path: Path) -> None:
    names = {RunStore.at(tmp_path, "t", {"seed": seed}).folder.name for seed in (0, 0, 1)}
    assert len(names) == 2
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})


def test_folds_come_back_as_they_were_stored(store: RunStore) -> None:
    assert RunStore.open(store.folder).folds() == FOLDS


@pytest.mark.parametrize("key", ["train", "val", "unlabelled", "tests"])
@pytest.mark.parametrize("value", [None, 1, "d/1", [["d/1"]], {"d": None}])
def test_folds_that_hold_something_else_than_ids_are_refused(store: RunStore, key: str, value: object) -> None:
    plan = read_json(store.folder / "folds.json")
    plan["folds"][1][key] = value
    write_json(store.folder / "folds.json", plan)
    with pytest.raises(RunError, match=r"folds\.json is damaged: TypeError found .*, expected"):
        store.folds()


def test_what_is_done_is_what_is_on_disk(store: RunStore) -> None:
    assert [fold.name for fold in store.todo()] == ["00", "01"]
    finish(store, "00")
    assert [fold.name for fold in RunStore.open(store.folder).todo()] == ["01"]
    finish(store, "01")
    assert store.complete


def test_a_run_says_by_what_code_it_was_gone_on_with(store: RunStore) -> None:
    folds = folds_as_json(FOLDS, [{}, {}], protocol="official")

    def go_on(commit: str | None, started: str, cores: int = 2) -> dict[str, dict[str, object]]:
        by = {"commit": commit, "dirty": False, "versions": {"torch": "2"}, "hardware": {"cores": cores}, "argv": ["train.py"]}
        store.create(what={"seed": 0}, provenance={**by, "started": started}, folds=folds)
        return dict(store.provenance["continued"])

    assert go_on("a", "09:00")["09:00"]["done"] == []
    finish(store, "00")
    assert list(go_on("a", "10:00")) == ["09:00"]  # nothing else than before
    assert go_on("b", "11:00")["11:00"] == {
        "done": ["00"], "commit": "b", "dirty": False, "versions": {"torch": "2"}, "hardware": {"cores": 2}, "argv": ["train.py"],
    }  # fmt: skip
    assert list(go_on("b", "12:00", cores=4)) == ["09:00", "11:00", "12:00"]
    assert list(go_on("a", "13:00")) == ["09:00", "11:00", "12:00"]
    finish(store, "01")
    assert list(go_on("c", "14:00")) == ["09:00", "11:00", "12:00"]  # only its table was asked for
    assert store.provenance["threads"] == 1


def test_an_error_leaves_the_work_to_go_on_with_and_no_fold(store: RunStore) -> None:
    def stopped() -> None:
        with store.work("00"):
            (store.working("00") / "checkpoint").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert not store.done("00")
    with store.work("00"):
        assert (store.working("00") / "checkpoint").exists()


def test_a_fold_is_worked_on_by_one_process_at_a_time(store: RunStore) -> None:
    script = (
        "import sys; from pathlib import Path; from fer.results.store import RunStore\n"
        "from fer.errors import RunError\n"
        "try:\n    RunStore(Path(sys.argv[1])).work('00').__enter__()\n"
        "except RunError as error: print(error)"
    )
    with store.work("00"):
        other = subprocess.run([sys.executable, "-c", script, str(store.folder)], capture_output=True, text=True, check=True)
    assert "fold 00 of" in other.stdout
    assert "is being run by another process" in other.stdout


def test_a_run_begun_with_other_folds_is_not_mixed_with_these(store: RunStore) -> None:
    with pytest.raises(RunError, match="was run with other folds"):
        store.create(what={"seed": 0}, provenance={}, folds=folds_as_json(FOLDS[:1], [{}], protocol="official"))


def test_a_folder_that_is_no_run_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"is no run folder \(looked for config.json"):
        RunStore.open(tmp_path)
