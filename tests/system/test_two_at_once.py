"""This file starts the same command several times at the same moment: one works, the others wait, share the work, or say so."""

import re
import runpy
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from killing import CLASSICAL, FEW, NETWORK, SMALL_SWEEP, TRAIN, Place, ended, until
from left_behind import contents, differences

pytestmark = pytest.mark.slow

SIX_FOLDS = (*TRAIN, *FEW, "protocol.folds=6")

#: What a command may say that leaves the work to another one.
TAKEN = re.compile(r"being run by (another process|other processes)|was just finished by another process")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A run of a network that nothing disturbed."""
    place = Place(tmp_path_factory.mktemp("trained") / "place")
    place.complete(*TRAIN, *FEW, *NETWORK, "protocol.folds=2")
    return place


def copy_of(place: Place, folder: Path) -> Place:
    """The same files elsewhere."""
    shutil.copytree(place.folder, folder)
    return Place(folder)


def at_once(place: Place, *words: str, times: int) -> list[tuple[int, str]]:
    """The exit status and the words of the same command, started so many times at the same moment."""
    processes = [place.start(*words) for _ in range(times)]
    return [(ended(process), place.said(process)) for process in processes]


def require_one_works(ended_so: Sequence[tuple[int, str]]) -> None:
    """Fail unless each command ended well, or in one message that it leaves the work to another one."""
    for status, said in ended_so:
        assert status == 0 or (status == 2 and TAKEN.search(said)), said
        assert "Traceback" not in said
    assert 0 in [status for status, _ in ended_so]


@pytest.mark.parametrize(
    ("learner", "times", "workers"),
    [(NETWORK, 2, 1), (NETWORK, 4, 1), (CLASSICAL, 4, 1), (CLASSICAL, 2, 2)],
    ids=["two-networks", "four-networks", "four-classical", "two-with-two-workers"],
)
def test_the_same_run_at_once_prepares_once_and_trains_no_fold_twice(
    tmp_path: Path, learner: tuple[str, ...], times: int, workers: int
) -> None:
    words = (*SIX_FOLDS, *learner, f"run.workers={workers}")
    undisturbed, here = Place(tmp_path / "undisturbed"), Place(tmp_path / "here")
    undisturbed.complete(*words)
    ended_so = at_once(here, *words, times=times)
    require_one_works(ended_so)
    trained = re.findall(r"^fold (\d\d): ", "\n".join(said for _, said in ended_so), re.MULTILINE)
    assert sorted(trained) == [f"{fold:02d}" for fold in range(6)]
    assert differences(contents(here.folder), contents(undisturbed.folder)) == []


def test_reports_at_once_while_a_run_works_disturb_neither_it_nor_one_another(tmp_path: Path) -> None:
    words = (*SIX_FOLDS, *NETWORK)
    undisturbed, here = Place(tmp_path / "undisturbed"), Place(tmp_path / "here")
    for command in (words, ("fer", "report")):
        undisturbed.complete(*command)
    training = here.start(*words)
    until(lambda: list((here.folder / "outputs").glob("*/config.json")))
    while training.is_alive():
        for status, said in at_once(here, "fer", "report", times=2):
            assert status == 0, said
    assert ended(training) == 0
    here.complete("fer", "report")
    assert differences(contents(here.folder), contents(undisturbed.folder)) == []


@pytest.mark.parametrize(
    "command",
    [("evaluate", "--tta", "flip"), ("explain", "--sample", "3")],
    ids=lambda command: command[0],
)
def test_a_command_about_a_run_at_once_leaves_what_it_leaves_alone(
    tmp_path: Path, trained: Place, command: tuple[str, ...]
) -> None:
    alone, here = copy_of(trained, tmp_path / "alone"), copy_of(trained, tmp_path / "here")
    words = ("fer", command[0], f"outputs/{trained.run_folder.name}", *command[1:])
    alone.complete(*words)
    require_one_works(at_once(here, *words, times=3))
    if command[0] == "evaluate":
        here.complete(*words)  # the report of whichever came last may have known one fold less
    assert differences(contents(here.folder), contents(alone.folder)) == []


def test_loggers_are_shown_a_run_once(tmp_path: Path, trained: Place) -> None:
    here = copy_of(trained, tmp_path / "here")
    words = ("fer", "log", f"outputs/{here.run_folder.name}", "logger=tensorboard")
    said = [said for _, said in at_once(here, *words, times=3)]
    shown = sorted(line for text in said for line in text.splitlines() if line.startswith(("Shown", "Nothing")))
    assert [line.split()[0] for line in shown] == ["Nothing", "Nothing", "Shown"], said
    assert len(list(here.folder.rglob("events.out.*"))) == 3  # two folds and the report


def test_four_workers_of_a_sweep_that_begin_it_at_once_run_every_trial_once(tmp_path: Path) -> None:
    here = Place(tmp_path / "here")
    here.folder.mkdir()
    path = runpy.run_path(SMALL_SWEEP)["write_sweep"](here.folder, parameters={"x": {"min": 1, "max": 8}}, words=["pause=0.05"])
    for status, said in at_once(here, SMALL_SWEEP, str(path), times=4):
        assert (status, "{'done': 8}" in said) == (0, True), said
    started = Counter((here.folder / "out" / "starts").read_text().split())
    assert started == Counter(map(str, range(1, 9)))
