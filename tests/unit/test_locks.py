"""This file tests that one process at a time has its turn, and that a killed one leaves neither lock nor half a file for good."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fer.files import forget_killed, made_once, replacing, write_atomically
from fer.locks import LOCK, is_held, lock_beside, try_for, wait_for

#: Begins what its arguments say at a path, says so, and goes on for ever.
BEGINNER = """
import sys, time
from pathlib import Path
from fer.files import made_once, replacing, written_once
from fer.locks import try_for

def begin(place):
    (place / "half" if place.is_dir() else place).write_text("half")
    print("begun", flush=True)
    time.sleep(100)

what, path = sys.argv[1], Path(sys.argv[2])
if what == "lock":
    with try_for(path):
        begin(path.with_name("beside"))
elif what == "replacing":
    with replacing(path) as beside:
        begin(beside)
else:
    {"made_once": made_once, "written_once": written_once}[what](path, begin)
"""


def begun(what: str, path: Path) -> subprocess.Popen[str]:
    """A process in the middle of something."""
    process = subprocess.Popen([sys.executable, "-c", BEGINNER, what, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def killed(what: str, path: Path) -> None:
    """Kill a process in the middle of something."""
    process = begun(what, path)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def whole(place: Path) -> None:
    """Make the file, or the folder with a file in it."""
    (place / "whole" if place.is_dir() else place).write_text("whole")


def test_a_turn_is_one_process_s_until_it_ends_and_leaves_nothing(tmp_path: Path) -> None:
    turn = try_for(tmp_path / "lock")
    assert turn is not None
    assert not is_held(tmp_path / "another")
    with turn:
        assert try_for(tmp_path / "lock") is None
        assert is_held(tmp_path / "lock")
    assert list(tmp_path.iterdir()) == []


def test_the_turn_of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    process = begun("lock", tmp_path / "lock")
    assert try_for(tmp_path / "lock") is None
    process.kill()
    process.communicate()
    assert not is_held(tmp_path / "lock")
    turn = try_for(tmp_path / "lock")
    assert turn is not None
    with turn:
        pass
    assert not (tmp_path / "lock").exists()


def test_who_waits_says_so_and_has_its_turn_on_a_file_of_that_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = "import sys, time; from pathlib import Path; from fer.locks import try_for\nwith try_for(Path(sys.argv[1])):\n"
    script += "    print('begun', flush=True)\n    time.sleep(0.3)"
    other = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    other.stdout.readline()
    with wait_for(tmp_path / "lock", "sleeps"):
        assert (tmp_path / "lock").exists()  # not only the file that the other one has removed
        assert try_for(tmp_path / "lock") is None
    other.communicate()
    assert capsys.readouterr().err == "Waiting for another process, which sleeps.\n"


@pytest.mark.parametrize("what", ["made_once", "written_once", "replacing"])
def test_what_a_killed_process_has_begun_is_gone_with_the_next_that_is_made_in_its_folder(tmp_path: Path, what: str) -> None:
    killed(what, tmp_path / "one")
    assert [path.name for path in tmp_path.iterdir() if path.name == "one"] == []
    assert len(list(tmp_path.iterdir())) >= 1
    made_once(tmp_path / "another", whole)
    assert [path.name for path in tmp_path.iterdir()] == ["another"]


def test_what_another_process_makes_is_left_alone_and_waited_for(tmp_path: Path) -> None:
    process = begun("made_once", tmp_path / "one")
    before = sorted(tmp_path.rglob("*"))
    forget_killed(tmp_path)
    write_atomically(tmp_path / "two", "whole")
    assert sorted(path for path in tmp_path.rglob("*") if path.name != "two") == before
    same = [sys.executable, "-c", BEGINNER, "made_once", str(tmp_path / "one")]
    waiting = subprocess.Popen(same, stderr=subprocess.PIPE, text=True)
    assert waiting.stderr is not None
    assert waiting.stderr.readline() == f"Waiting for another process, which makes {tmp_path / 'one'}.\n"
    for one in (process, waiting):
        one.kill()
        one.communicate()


def test_a_lock_that_was_left_at_the_very_end_goes_with_the_next_look(tmp_path: Path) -> None:
    made_once(tmp_path / "one", whole)
    lock_beside(tmp_path / "one").touch()
    made_once(tmp_path / "one", lambda folder: pytest.fail("it is there"))
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_files_of_other_programs_with_similar_names_stay(tmp_path: Path) -> None:
    for name in (".git.lock", ".film.mp4.part", f"visible{LOCK}"):
        (tmp_path / name).touch()
    write_atomically(tmp_path / "page.html", "whole")
    assert len(list(tmp_path.iterdir())) == 4


def test_two_processes_that_write_the_same_file_leave_one_of_theirs(tmp_path: Path) -> None:
    with replacing(tmp_path / "page") as first, replacing(tmp_path / "page") as second:
        first.write_text("first" * 1000)
        second.write_text("second")
    assert (tmp_path / "page").read_text() == "first" * 1000
