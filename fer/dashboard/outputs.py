"""This file looks through the folder of all runs without reading any: where runs and sweeps lie, and whether they changed."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import monotonic

from fer.results.standing import REPORT
from fer.results.stored_run import FOLDS, MARKS

#: What a page may ask for besides pages; weights, checkpoints and logs stay where they are.
KINDS = {".html": "text/html", ".json": "application/json", ".csv": "text/csv", ".png": "image/png"}

#: The folder that `fer sweep` keeps its storages in, beside the runs.
SWEEPS = "sweeps"

#: Seconds for which a look at the folder counts as fresh, however many pages are open.
FRESH = 0.7

#: What a run's page is made from, below its folder; the epochs of folds at work are in hidden folders.
SHOWN = ("*.json", f"{FOLDS}/*/*.csv", f"{FOLDS}/*/card.json", f"{FOLDS}/.*.working/orders/*/*.csv", "explained/*.json")

#: What is written beside the page, or is the stored page itself.
BESIDE = ("index.html", "faces.png")

#: When a file was written last and how long it is; None where there is none.
Stamp = tuple[int, int] | None


@dataclass(frozen=True)
class Found:
    """What lay below the folder at one moment: each run with stamps that change with its scores, and storages of sweeps.

    The names are paths below the folder, with slashes, that of a folder that is a run itself '.'; storages are SQLite files.
    """

    runs: Mapping[str, tuple[Stamp, ...]]
    storages: Mapping[str, Stamp]


class Outputs:
    """The folder that runs lie in at any depth."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = Lock()
        self._found = Found({}, {})
        self._looked = -FRESH

    def look(self) -> Found:
        """What lies there now; a thousand runs take some hundredths of a second."""
        with self._lock:
            if monotonic() - self._looked >= FRESH:
                self._found = look_through(self.folder)
                self._looked = monotonic()
            return self._found

    def run(self, name: str) -> Path | None:
        """The folder of a run by its name; None where there is no such run."""
        return self.folder / name if name in self.look().runs else None

    def storage_of(self, sweep: str) -> Path | None:
        """The storage that a sweep of this name would be in: NAME.db for the sweep NAME-DIGEST; None where there is none."""
        folder, _, name = sweep.rpartition("/")
        storage = f"{folder}/{name.rpartition('-')[0]}.db".removeprefix("/")
        return self.folder / storage if storage in self.look().storages else None

    def file(self, name: str) -> Path | None:
        """A file that a page may ask for; None where there is none, where it is hidden, or where it leads out of the folder."""
        asked = self.folder / name
        if asked.suffix not in KINDS or any(part.startswith(".") for part in Path(name).parts):
            return None
        with suppress(OSError, ValueError):  # not there, or no name that a file could have
            real = asked.resolve(strict=True)
            if real.is_file() and real.is_relative_to(self.folder.resolve()):
                return real
        return None


def look_through(folder: Path) -> Found:
    """The runs and storages below a folder; hidden folders and the insides of runs are not searched."""
    runs: dict[str, tuple[Stamp, ...]] = {}
    storages: dict[str, Stamp] = {}
    root = f"{folder}{os.sep}"
    for path, below, files in os.walk(folder):
        name = f"{path}{os.sep}".removeprefix(root).replace(os.sep, "/")
        if all(mark in files for mark in MARKS):
            below.clear()
            runs[name.rstrip("/") or "."] = tuple(stamp(f"{path}{os.sep}{part}") for part in (*MARKS, REPORT, FOLDS))
        elif name.endswith(f"{SWEEPS}/"):
            found = (file for file in files if file.endswith(".db") and not file.startswith("."))
            storages |= {f"{name}{file}": stamp(f"{path}{os.sep}{file}") for file in found}
        below[:] = sorted(part for part in below if not part.startswith("."))
    return Found(runs, storages)


def stamp(path: str | Path) -> Stamp:
    """The stamp of a file or folder; that of a folder changes when something in it gets or loses its name."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def shown_files(run: Path) -> list[Path]:
    """The files that the page of a run is made from, those of folds at work included."""
    return sorted(file for pattern in SHOWN for file in run.glob(pattern))


def stamp_of_run(run: Path) -> str:
    """A text that changes with whatever the page of a run shows."""
    files = [*shown_files(run), *(run / name for name in BESIDE)]
    return digest((file.relative_to(run).as_posix(), stamp(file)) for file in files)


def digest(parts: Iterable[object]) -> str:
    """Sixteen hexadecimal digits that are equal where the parts are."""
    return hashlib.sha256(repr(list(parts)).encode()).hexdigest()[:16]
