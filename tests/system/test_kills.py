"""This file kills runs with SIGKILL at random moments, alone or with all that they have started, and starts them again.

The end is that of an undisturbed run: all files and bytes but for recorded times, and nothing else.
"""

import csv
import random
import time
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from killing import (
    BELIEF,
    CLASSICAL,
    FEW,
    NETWORK,
    TRAIN,
    Place,
    an_hour_ago,
    ended,
    group_has_ended,
    kill_alone,
    kill_group,
    say,
    until,
)
from left_behind import contents, differences

pytestmark = pytest.mark.slow

TWO_FOLDS = (*TRAIN, *FEW, "protocol.folds=2")
SIX_FOLDS = (*TRAIN, *FEW, "protocol.folds=6")


@pytest.mark.parametrize(
    ("learner", "kills", "workers", "kill"),
    [
        (NETWORK, 20, 1, kill_group),
        (BELIEF, 15, 1, kill_group),
        (CLASSICAL, 5, 1, kill_group),
        (NETWORK, 5, 2, kill_group),
        (NETWORK, 5, 2, kill_alone),
    ],
    ids=["network", "belief", "classical", "two-workers", "two-workers-orphaned"],
)
def test_a_run_of_six_folds_killed_at_random_moments_ends_as_if_undisturbed(
    tmp_path: Path,
    learner: tuple[str, ...],
    kills: int,
    workers: int,
    kill: Callable[[BaseProcess], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = (*SIX_FOLDS, *learner, f"run.workers={workers}")
    undisturbed = Place(tmp_path / "undisturbed")
    undisturbed.complete(*words)  # the first command takes longer, as it waits for what all of them import
    began = time.monotonic()
    Place(tmp_path / "killed-0").complete(*words)
    duration, expected = time.monotonic() - began, contents(undisturbed.folder)
    moments, runs, starts, done = random.Random(str(learner)), 1, 0, 0
    while done < kills:
        here = Place(tmp_path / f"killed-{runs}")
        process = here.start(*words)
        starts += 1
        process.join(moments.uniform(0, duration))
        if process.exitcode is None:
            kill(process)
            done += 1
            continue
        finish(here, process, words, expected)
        runs += 1
    here = Place(tmp_path / f"killed-{runs}")
    finish(here, here.start(*words), words, expected)
    say(
        capsys,
        f"{words[7]}, {workers} at a time: {done} kills at random moments, {runs} runs, {starts + 1} starts, identical: yes",
    )


def finish(here: Place, process: BaseProcess, words: tuple[str, ...], expected: Mapping[str, bytes]) -> None:
    """Let a run come to its end, which is that of an undisturbed one."""
    assert ended(process) == 0, here.said(process)
    assert differences(contents(here.folder), expected) == []


@pytest.mark.parametrize(
    "how",
    [("run.workers=2",), ("run.loader_workers=2",), ("run.workers=2", "run.loader_workers=2")],
    ids=["workers", "loaders", "loaders-of-workers"],
)
def test_what_a_killed_command_has_started_ends_with_it_and_the_next_one_goes_on_at_once(
    tmp_path: Path, how: tuple[str, ...]
) -> None:
    words = (*SIX_FOLDS, *NETWORK, "trainer.epochs=20", "run.folds=[0,1]")
    undisturbed, here = Place(tmp_path / "undisturbed"), Place(tmp_path / "killed")
    undisturbed.complete(*words)
    process = here.start(*words, *how)
    until(lambda: list((here.folder / "outputs").glob("*/folds/.*.working/history.csv")))
    kill_alone(process)
    here.complete(*words)
    assert differences(contents(here.folder), contents(undisturbed.folder)) == []
    until(lambda: group_has_ended(process), seconds=20)


def test_a_worker_whose_command_is_killed_before_it_has_begun_does_nothing(tmp_path: Path) -> None:
    words = (*SIX_FOLDS, *CLASSICAL, "run.workers=2")
    place = Place(tmp_path / "killed")
    process = place.start(*words)
    until(lambda: list((place.folder / "outputs").glob("*/config.json")))
    time.sleep(0.5)  # the workers are importing what they need
    kill_alone(process)
    until(lambda: group_has_ended(process), seconds=30)
    assert not list((place.folder / "outputs").glob("*/folds/[0-9]*"))


def test_a_run_whose_folder_was_moved_after_a_kill_goes_on_from_there(tmp_path: Path) -> None:
    words = (*TWO_FOLDS, *NETWORK, "trainer.epochs=12", "run.folds=[0]")
    undisturbed, here, moved = (Place(tmp_path / name) for name in ("undisturbed", "here", "moved"))
    undisturbed.complete(*words)
    for last in (3, 9):
        process = here.start(*words)
        until(partial(has_trained, here, epochs=last))
        kill_group(process)
        here.folder.rename(moved.folder)
        here, moved = moved, here
    here.complete(*words)
    assert differences(contents(here.folder), contents(undisturbed.folder)) == []


@pytest.mark.parametrize("first", [True, False], ids=["set-back-before", "set-back-after"])
def test_a_clock_that_is_set_back_an_hour_changes_no_result_and_no_duration(tmp_path: Path, first: bool) -> None:
    words = (*TWO_FOLDS, *NETWORK, "trainer.epochs=6", "run.folds=[0]")
    undisturbed, folder = Place(tmp_path / "undisturbed"), tmp_path / "here"
    undisturbed.complete(*words)
    set_back = {"time.time": an_hour_ago}
    process = Place(folder, set_back if first else {}).start(*words)
    until(partial(has_trained, Place(folder), epochs=3))
    kill_group(process)
    here = Place(folder, {} if first else set_back)
    here.complete(*words)
    assert differences(contents(folder), contents(undisturbed.folder)) == []
    history = list(csv.DictReader((here.run_folder / "folds" / "00" / "history.csv").open()))
    assert len(history) == 6
    assert all(0 < float(row["seconds"]) < 300 for row in history)


def has_trained(place: Place, *, epochs: int) -> bool:
    """Whether so many epochs of the first fold have ended."""
    histories = (place.folder / "outputs").glob("*/folds/.00.working/history.csv")
    return any(len(history.read_text().splitlines()) > epochs for history in histories)
