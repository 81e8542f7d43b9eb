"""This file kills runs, sweeps and reports before every single change of a file, starts them again, and compares the end.

That is an undisturbed one's: all files and bytes but for recorded times, and nothing else: no lock, nothing half-written.
"""

import runpy
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import optuna
import pytest
from killing import BELIEF, CLASSICAL, FEW, NETWORK, SMALL_SWEEP, TRAIN, Place, say
from left_behind import contents, differences
from tiny_run import ROOT

from fer.files import PART
from fer.locks import LOCK
from fer.sweeps.attempts import attempts_by_place

pytestmark = pytest.mark.slow

TWO_FOLDS = (*TRAIN, *FEW, "protocol.folds=2")

#: Every kind of learner, of which the second fold would repeat what the first has shown.
LEARNERS = {
    "network": (*TWO_FOLDS, *NETWORK),
    "network in two orders": (*TWO_FOLDS, *NETWORK, "trainer.orders=2", "run.folds=[0]"),
    "belief network": (*TWO_FOLDS, *BELIEF, "run.folds=[0]"),
    "classical": (*TWO_FOLDS, *CLASSICAL),
}

MADE_UP = runpy.run_path(str(ROOT / "tests" / "unit" / "results" / "made_up_run.py"))

#: The words of a command in a place.
Words = Callable[[Place], Sequence[str]]

#: What a command has left in a place, by name.
Left = Callable[[Place], Mapping[str, bytes]]


def killed_before_every_change(
    place: Callable[[str], Place], words: Words, *, left: Left = lambda place: contents(place.folder), beats: bool = False
) -> tuple[list[str], dict[str, list[str]]]:
    """The changes of files that a command makes, and those of them of which something differs after a kill before it.

    `left` is what is compared of a place once the command has been started again. One that `beats` makes as many changes as
    it has time for: those of a quick one end before some of the kills.
    """
    undisturbed = place("undisturbed")
    log = undisturbed.folder.with_name("changes")
    assert undisturbed.run(*words(undisturbed), changes=log) == 0
    changes, expected = log.read_text().splitlines(), left(undisturbed)

    def killed(n: int) -> list[str]:
        here = place(f"killed-{n}")
        statuses[n] = here.run(*words(here), kill_before=n)
        here.complete(*words(here))
        found = differences(left(here), expected)
        shutil.rmtree(here.folder)
        return found

    statuses: dict[int, int] = {}
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(killed, range(1, len(changes) + 1)))
    differing = {f"{n}: {changes[n - 1]}": names for n, names in enumerate(found, start=1) if names}
    in_time = [changes[n - 1] for n, status in sorted(statuses.items()) if status == -9]
    assert len(in_time) >= (0.8 if beats else 1) * len(changes), statuses
    return in_time, differing


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_run_killed_before_any_change_of_a_file_ends_as_if_undisturbed(
    tmp_path: Path, learner: str, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    changes, differing = killed_before_every_change(lambda name: Place(tmp_path / name), lambda _: LEARNERS[learner])
    assert differing == {}
    in_place = [change for change in changes if change.startswith("open\t") and not (PART in change or LOCK in change)]
    assert in_place == [], "nothing is written under the name that it is read by"
    say(
        capsys,
        f"{learner}: killed before each of {len(changes)} changes of files, identical: yes; {time.monotonic() - began:.0f} s",
    )


def test_a_report_killed_before_any_change_of_a_file_is_whole_after_the_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def place(name: str) -> Place:
        made = Place(tmp_path / name)
        for run in ("synthetic-cnn", "synthetic-svm"):
            MADE_UP["write_run"](made.folder / "outputs" / run, MADE_UP["made_up_folds"](2))
        return made

    changes, differing = killed_before_every_change(place, lambda _: ("fer", "report"))
    assert differing == {}
    say(capsys, f"fer report: killed before each of {len(changes)} changes of files, identical: yes")


write_sweep = runpy.run_path(SMALL_SWEEP)["write_sweep"]

#: So that a test need not wait as long as a user would for a worker that may only be slow.
IMPATIENT = {
    "fer.sweeps.signs_of_life.HEARTBEAT": 0.2,
    "fer.sweeps.signs_of_life.GRACE": 0.6,
    "fer.sweeps.study.HEARTBEAT": 0.2,
    "fer.sweeps.trial.LOOK": 0.05,
    "fer.sweeps.worker.PATIENCE": 0.1,
}


def test_a_sweep_killed_before_any_change_of_a_file_or_commit_ends_as_if_undisturbed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def place(name: str) -> Place:
        made = Place(tmp_path / name, IMPATIENT)
        made.folder.mkdir()
        write_sweep(made.folder, parameters={"x": {"values": [1, 2]}})
        return made

    changes, differing = killed_before_every_change(
        place, lambda here: (SMALL_SWEEP, str(here.folder / "small.yaml")), left=left, beats=True
    )
    assert differing == {}
    say(capsys, f"a sweep: killed before each of {len(changes)} changes of files and commits, identical: yes")


def left(place: Place) -> Mapping[str, bytes]:
    """What a sweep leaves but for its storage and logs: its runs, the last attempt at each trial, locks; no trial runs thrice."""
    out = place.folder / "out"
    begun = Counter((out / "starts").read_text().split())
    assert max(begun.values()) <= 2, begun
    runs = {name: content for name, content in contents(out).items() if name.startswith("run-") or "lock" in Path(name).suffix}
    return {**runs, "trials": repr(trials_of(out / "sweeps" / "small.db")).encode()}


def trials_of(storage: Path) -> list[tuple[str, float | None]]:
    """How the last attempt at each trial ended, and its value."""
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{storage}")
    attempts = attempts_by_place(study.get_trials())
    return [(str(attempts[place].last.state), attempts[place].last.value) for place in sorted(attempts)]
