"""This file kills commands at moments of a test's choosing.

Commands run in processes that are forked from one that has imported everything, so that a kill and a new start take a second.
"""

import atexit
import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
from tiny_run import ROOT

#: What a forked process must not import again.
PRELOADED = (
    "torch",
    "lightning",
    "albumentations",
    "optuna",
    "fer.cli.explain",
    "fer.cli.main",
    "fer.cli.report",
    "fer.cli.sweep",
    "fer.cli.train",
    "fer.explain.page",
    "fer.results.publish",
    "fer.sweeps.worker",
    "fer.training.evaluation",
    "fer.training.lightning_learner",
    "fer.training.classical_learner",
    "fer.training.run",
)

TRAIN = (str(ROOT / "train.py"), "run.output=outputs", "run.threads=1")

#: Seven drawn people, seven faces of each.
FEW = ("data.synthetic.subjects=7", "data.synthetic.takes=1", "data.synthetic.size=24")

#: One learner of each kind, as small as it can be.
NETWORK = ("model=cnn", "model.size=24", "model.stem=4", "model.widths=[8]", "trainer.batch_size=8", "trainer.epochs=2")
BELIEF = ("model=dbn", "model.hidden=[8,8]", "model.size=16", "model.rbm.epochs=2", "model.rbm.batch_size=8", *NETWORK[4:])
CLASSICAL = ("model=svm", "features=hog", "preprocess=none")

#: A sweep whose program takes milliseconds.
SMALL_SWEEP = str(ROOT / "tests" / "unit" / "sweeps" / "small_sweep.py")

#: Audit events of Python that change a folder, with the position of the argument that names a file.
CHANGES = {"open": 0, "os.mkdir": 0, "os.remove": 0, "os.rename": 1, "os.rmdir": 0, "os.truncate": 0, "shutil.copyfile": 1}

CLOCK = time.time

#: Is told of a change before it is made: what is done, and to which file.
Told = Callable[[str, str], None]


@dataclass(frozen=True)
class Place:
    """Where the commands of a test work: outputs, cache and temporary files below one folder, which holds nothing else.

    `patches` are values that names of modules have in the commands.
    """

    folder: Path
    patches: Mapping[str, Any] = field(default_factory=dict)

    @property
    def run_folder(self) -> Path:
        """The folder of the one run."""
        (config,) = (self.folder / "outputs").glob("*/config.json")
        return config.parent

    def start(self, *words: str, kill_before: int | None = None, changes: Path | None = None) -> BaseProcess:
        """Start a command; it kills itself before its n-th change of a file, or writes down what it changes."""
        (self.folder / "tmp").mkdir(parents=True, exist_ok=True)
        context = get_context("forkserver")
        context.set_forkserver_preload(list(PRELOADED))
        process = context.Process(target=carry_out, args=(words, self, kill_before, changes))
        process.start()
        return process

    def run(self, *words: str, kill_before: int | None = None, changes: Path | None = None) -> int:
        """Start a command, wait for its end, and give its exit status; -9 where it was killed."""
        return ended(self.start(*words, kill_before=kill_before, changes=changes))

    def said(self, process: BaseProcess) -> str:
        """What a command has printed."""
        return said_by(self.folder, process.pid).read_text()

    def complete(self, *words: str) -> None:
        """Run a command to its end, which is a good one."""
        process = self.start(*words)
        assert ended(process) == 0, self.said(process)


def ended(process: BaseProcess, *, within: float = 300) -> int:
    """The exit status of a command, which ends in time."""
    process.join(within)
    if process.exitcode is None:
        kill_group(process)
        raise AssertionError("the command has not ended")
    return process.exitcode


def said_by(folder: Path, process: int | None) -> Path:
    """Where the output of a command goes: beside its folder."""
    return folder.with_name(f"{folder.name}.{process}.said")


def carry_out(words: Sequence[str], place: Place, kill_before: int | None, changes: Path | None) -> None:
    """Be the command, in a process group of its own."""
    os.setsid()
    os.environ.update(FER_CACHE=str(place.folder / "cache"), TMPDIR=str(place.folder / "tmp"), COLUMNS="100")
    tempfile.tempdir = None  # it was asked for before
    multiprocessing.set_start_method(None, force=True)  # that of a command, rather than of how this process was started
    os.chdir(place.folder)
    said = os.open(said_by(place.folder, os.getpid()), os.O_WRONLY | os.O_CREAT)
    os.dup2(said, 1)
    os.dup2(said, 2)
    sys.argv = list(words)
    for name, value in place.patches.items():
        module, _, attribute = name.rpartition(".")
        setattr(resolve_name(module), attribute, value)
    if kill_before is not None or changes is not None:
        tell_of_changes(place.folder, note_in(changes) if changes else killer(kill_before or 0))
    try:
        begin(words)
    finally:
        atexit._run_exitfuncs()  # as any command does, and no process of multiprocessing: libraries delete their folders then


def begin(words: Sequence[str]) -> None:
    """Call the main function of train.py, of the small sweep, or of fer."""
    if words[0].endswith("train.py"):
        from fer.cli.train import main

        return main()
    if words[0] == SMALL_SWEEP:
        print(runpy.run_path(SMALL_SWEEP)["work_on"](Path(words[1])).counts)
        return None
    from fer.cli.main import main as fer

    sys.exit(fer(list(words[1:])))


def tell_of_changes(folder: Path, told: Told) -> None:
    """Have every change of a file below a folder told before it is made, and every commit to a database."""
    import sqlalchemy

    root, listening = f"{folder}{os.sep}", [True]

    def tell(event: str, path: str) -> None:
        listening[0] = False
        told(event, path.removeprefix(root))
        listening[0] = True

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in CHANGES or not listening[0] or not is_change(event, arguments):
            return
        path = named(arguments[CHANGES[event]])
        if path.startswith(root) or (event in ("os.remove", "os.rmdir") and arguments[1] not in (None, -1)):
            tell(event, path)

    sys.addaudithook(hook)
    sqlalchemy.event.listen(sqlalchemy.Engine, "commit", lambda _: tell("commit", "the database"))


def is_change(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether an event changes anything: a file may be opened to be read or be empty, a folder be there, or not be there."""
    if event == "open":
        writes = arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        return bool(writes) and not (os.path.isfile(arguments[0]) and os.path.getsize(arguments[0]) == 0)
    if event == "os.mkdir":
        return not os.path.isdir(arguments[0]) and os.path.isdir(os.path.dirname(os.path.abspath(arguments[0])))
    return event != "os.remove" or arguments[1] not in (None, -1) or os.path.lexists(arguments[0])


def named(path: object) -> str:
    """A path as text; empty for an open file."""
    return os.path.abspath(os.fsdecode(path)) if isinstance(path, str | bytes | os.PathLike) else ""


def killer(n: int) -> Told:
    """Kills this process before its n-th change."""
    left = [n]

    def told(event: str, path: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return told


def note_in(changes: Path) -> Told:
    """Writes down every change of this process."""
    lines = changes.open("w", buffering=1)

    def told(event: str, path: str) -> None:
        lines.write(f"{event}\t{path}\n")

    return told


def kill_group(process: BaseProcess) -> None:
    """Kill a command with all that it has started in its group."""
    with suppress(ProcessLookupError):  # it has made no group yet, and started nothing
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.kill()
    process.join()


def kill_alone(process: BaseProcess) -> None:
    """Kill a command and nothing that it has started."""
    process.kill()
    process.join()


def group_has_ended(process: BaseProcess) -> bool:
    """Whether nothing is left of a command and of what it has started in its group."""
    try:
        os.killpg(process.pid or 0, 0)
    except ProcessLookupError:
        return True
    return False


def say(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Print a line of figures that documentation can quote, in the middle of a test."""
    with capsys.disabled():
        print(f"\n{text}")


def an_hour_ago() -> float:
    """What a clock shows that was set back."""
    return CLOCK() - 3600


def until(happened: Callable[[], object], *, seconds: float = 120) -> None:
    """Wait, not for ever."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it has not happened"
        time.sleep(0.005)
