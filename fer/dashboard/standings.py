"""This file keeps what the leaderboard shows of every run, and reads again only what has changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread

from fer.dashboard.outputs import Outputs, Stamp, digest
from fer.errors import RunError
from fer.results.pooled_runs import pooled_reports
from fer.results.report import Report, make_report
from fer.results.standing import Standing, read_standing, standing_of
from fer.results.stored_run import FOLDS, MARKS, read_object, read_run
from fer.results.systems import experiment_of

#: The stamps of each of some runs.
Stamps = tuple[tuple[Stamp, ...], ...]

#: One run, or several that differ in their seed alone.
Names = tuple[str, ...]


@dataclass(frozen=True)
class Standings:
    """What is known of the runs at one moment: who stands on the leaderboard, and what is wrong with the others, by name.

    `pooled` are experiments of several run folders, `waiting` counts what is still being computed, and `stamp` changes with
    any of this.
    """

    alone: tuple[Standing, ...]
    pooled: tuple[Standing, ...]
    damaged: Mapping[str, str]
    waiting: int
    stamp: str


@dataclass(frozen=True)
class Read:
    """What was read when the stamps were these: a standing, or what is wrong, or neither where there is nothing to show.

    `experiment` is what a run has in common with those of other seeds.
    """

    stamps: Stamps
    standing: Standing | None
    wrong: str | None = None
    experiment: str | None = None


class Ranking:
    """Reads runs as they come and change: their report.json at once, and what has to be computed in the background."""

    def __init__(self, outputs: Outputs) -> None:
        self.outputs = outputs
        self._read: dict[Names, Read] = {}
        self._asked: dict[Names, Stamps] = {}
        self._jobs: SimpleQueue[tuple[Names, Stamps]] = SimpleQueue()
        self._worker: Thread | None = None
        self._lock = Lock()

    def now(self) -> Standings:
        """The standings now; a run whose scores have to be computed comes, or changes, some seconds later."""
        with self._lock:
            runs = self.outputs.look().runs
            for name, stamps in runs.items():
                self.follow((name,), (stamps,))
            pools = self.pools(runs)
            for names in pools:
                self.follow(names, tuple(runs[name] for name in names))
            there = {(name,) for name in runs} | set(pools)
            self._read = {names: read for names, read in self._read.items() if names in there}
            return self.summary(list(runs), pools)

    def follow(self, names: Names, stamps: Stamps) -> None:
        """Read runs that have changed since they were read: at once where that is quick, else in the background."""
        known = self._read.get(names)
        if (known and known.stamps == stamps) or self._asked.get(names) == stamps:
            return
        if len(names) == 1 and (read := read_at_once(self.outputs.folder / names[0], stamps)):
            self._read[names] = read
            self._asked.pop(names, None)
        else:
            self._asked[names] = stamps
            self._jobs.put((names, stamps))
            self.work()

    def work(self) -> None:
        """See to it that somebody does what is asked for; whoever did may have ended by a defect, of which Python has told."""
        if self._worker is None or not self._worker.is_alive():
            self._worker = Thread(target=self.compute, daemon=True, name="standings")
            self._worker.start()

    def compute(self) -> None:
        """Do what is asked for, one after the other, for ever."""
        while True:
            names, stamps = self._jobs.get()
            read = computed([self.outputs.folder / name for name in names], stamps)
            with self._lock:
                if self._asked.get(names) == stamps:
                    self._read[names] = read
                    del self._asked[names]

    def pools(self, runs: Iterable[str]) -> list[Names]:
        """The runs that differ in their seed alone, and have something to be pooled."""
        groups: dict[str, list[str]] = {}
        for name in runs:
            read = self._read.get((name,))
            if read and read.experiment and read.standing and read.standing.tests:
                groups.setdefault(read.experiment, []).append(name)
        return [tuple(names) for names in groups.values() if len(names) > 1]

    def summary(self, runs: list[str], pools: list[Names]) -> Standings:
        """What is known of runs and pools."""
        alone = {name: self._read[(name,)] for name in runs if (name,) in self._read}
        pooled = [self._read[names] for names in pools if names in self._read]
        wrong = {name: read.wrong for name, read in alone.items() if read.wrong}
        shown = [*alone.values(), *pooled]
        return Standings(
            alone=tuple(read.standing for read in alone.values() if read.standing),
            pooled=tuple(read.standing for read in pooled if read.standing),
            damaged=wrong,
            waiting=len(self._asked),
            stamp=digest([runs, [read.stamps for read in shown], wrong, len(self._asked)]),
        )


def read_at_once(run: Path, stamps: Stamps) -> Read | None:
    """What report.json has; None where folds have been done since, or where it is missing or unreadable."""
    try:
        standing = read_standing(run)
        experiment = experiment_of(read_object(run / MARKS[0]))
    except RunError:
        return None
    return Read(stamps, standing, experiment=experiment) if standing.done == folds_done(run) else None


def computed(runs: list[Path], stamps: Stamps) -> Read:
    """The standing of a run, or of several together, from their predictions."""
    try:
        report = report_of(runs)
        experiment = experiment_of(read_object(runs[0] / MARKS[0]))
    except RunError as error:
        return Read(stamps, None, wrong=str(error.args[0]))
    except FileNotFoundError as error:  # it was deleted, or a fold got its name meanwhile: the next look will tell
        return Read(stamps, None, wrong=f"{error.filename} is gone")
    return Read(stamps, standing_of(report.to_json(), report.path) if report else None, experiment=experiment)


def report_of(runs: list[Path]) -> Report | None:
    """The report of one run, or of several as one; None where two of them have the same seed."""
    return make_report(read_run(runs[0])) if len(runs) == 1 else next(pooled_reports(runs), None)


def folds_done(run: Path) -> int:
    """How many folds have predictions."""
    return sum((fold / "predictions.csv").is_file() for fold in (run / FOLDS).glob("[!.]*"))
