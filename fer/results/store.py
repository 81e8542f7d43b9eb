"""This file defines RunStore, the folder of one experiment: what is done is what is on disk.

A run folder is named by what was run, so the same experiment always finds its own folder. A fold is worked on in a
folder of its own beside the finished ones, locked while somebody works on it, and renamed when its predictions are there.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from fer.errors import RunError
from fer.files import forget_killed, read_json, refusals, write_json
from fer.locks import is_held, lock_beside, try_for, wait_for
from fer.protocols.base import Fold
from fer.results import json_values as values

#: What folds.json says of a fold, under the names of Fold.
FOLD = tuple(field.name for field in fields(Fold))

#: What of a provenance tells one code and machine from another.
GOES_ON = ("commit", "dirty", "versions", "hardware")


class Taken(RunError):
    """Something that another process works on, or has finished in the meantime."""


def fingerprint(what: Mapping[str, Any]) -> str:
    """Eight hexadecimal digits of everything that a result depends on."""
    return hashlib.sha256(json.dumps(what, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:8]


class RunStore:
    """One run folder: config.json, folds.json, provenance.json, and a folder a finished fold below folds/."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def at(cls, output: Path, title: str, what: Mapping[str, Any]) -> "RunStore":
        """The store of this experiment below `output`, whether or not anything was run yet."""
        return cls(output / f"{title}-{fingerprint(what)}")

    @classmethod
    def open(cls, folder: Path) -> "RunStore":
        """The store of an existing run; raises RunError where the folder is none."""
        if not (folder / "config.json").is_file() or not (folder / "folds.json").is_file():
            raise RunError(f"{folder} is no run folder (looked for config.json and folds.json). Give a folder below outputs/.")
        return cls(folder)

    def create(self, *, what: Mapping[str, Any], provenance: Mapping[str, Any], folds: Mapping[str, Any]) -> None:
        """Write what describes the run; in a folder that is there already the folds must agree, and its provenance goes on.

        Of several processes at once, one writes it, and the others find it there.
        """
        with refusals(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            turn = wait_for(lock_beside(self.folder / "config.json"), f"begins {self.folder}")
        with turn:
            if not self.exists:
                write_json(self.folder / "provenance.json", provenance)
                write_json(self.folder / "folds.json", folds)
                write_json(self.folder / "config.json", what)  # last: a folder with a config is a run
            elif read_json(self.folder / "folds.json") != folds:
                raise RunError(
                    f"{self.folder} was run with other folds, by another version of this code. "
                    f"Move that folder away, or set run.output to another one."
                )
            else:
                self.go_on(provenance)

    def go_on(self, provenance: Mapping[str, Any]) -> None:
        """Say in the provenance of a run that is not complete which other code or machine goes on with it, and from where."""
        recorded, todo = self.provenance, {fold.name for fold in self.todo()}
        before = [recorded, *recorded.get("continued", {}).values()]
        if todo and not any(all(one.get(key) == provenance.get(key) for key in GOES_ON) for one in before):
            done = [fold.name for fold in self.folds() if fold.name not in todo]
            now = {"done": done, **{key: provenance[key] for key in (*GOES_ON, "argv") if key in provenance}}
            continued = {**recorded.get("continued", {}), provenance["started"]: now}
            write_json(self.folder / "provenance.json", {**recorded, "continued": continued})

    @property
    def folds_folder(self) -> Path:
        """The folder of the finished folds, beside which unfinished ones are worked on."""
        return self.folder / "folds"

    def working(self, fold: str) -> Path:
        """The folder that a fold is worked on in, until it is done."""
        return self.folds_folder / f".{fold}.working"

    def lock(self, fold: str) -> Path:
        """What is held while a fold is worked on."""
        return lock_beside(self.folds_folder / fold)

    @property
    def config(self) -> dict[str, Any]:
        """The hashed half of the configuration."""
        return dict(read_json(self.folder / "config.json"))

    @property
    def provenance(self) -> dict[str, Any]:
        """Commit, versions, hardware, command and threads: what is recorded and never hashed."""
        return dict(read_json(self.folder / "provenance.json"))

    def folds(self) -> list[Fold]:
        """The folds in order; empty where the run was never started. Raises RunError where they cannot be read."""
        if not self.exists:
            return []
        path = self.folder / "folds.json"
        try:
            return [planned_fold(fold) for fold in values.several(read_json(path)["folds"])]
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            raise RunError(f"{path} is damaged: {type(error).__name__} {error}") from None

    def done(self, fold: str) -> bool:
        """Whether the predictions of a fold are there."""
        return (self.folds_folder / fold / "predictions.csv").is_file()

    def card(self, fold: str) -> dict[str, Any]:
        """How a fold that is done was trained and chosen."""
        return dict(read_json(self.folds_folder / fold / "card.json"))

    def todo(self) -> list[Fold]:
        """The folds whose predictions are not there yet."""
        return [fold for fold in self.folds() if not self.done(fold.name)]

    @property
    def taken(self) -> bool:
        """Whether a process is working on a fold at this moment."""
        return any(is_held(self.lock(fold.name)) for fold in self.todo())

    @property
    def exists(self) -> bool:
        """Whether the run was started."""
        return (self.folder / "config.json").is_file()

    @property
    def complete(self) -> bool:
        """Whether the run was started and every fold is done."""
        folds = self.folds()
        return bool(folds) and all(self.done(fold.name) for fold in folds)

    @contextmanager
    def work(self, fold: str) -> Iterator[Path]:
        """The folder to work on a fold in; what an interrupted run left in it is still there.

        When the block ends without an error the folder becomes folds/<fold>. Raises Taken while another process works on
        the same fold or once it is done, and OutputError where nothing can be written in the run folder.
        """
        self.require_undone(fold)
        working = self.working(fold)
        with refusals(working):
            self.folds_folder.mkdir(parents=True, exist_ok=True)
        with locked(self.lock(fold), f"fold {fold} of {self.folder}"):
            self.require_undone(fold)
            with refusals(working):
                working.mkdir(exist_ok=True)
            yield working
            os.rename(working, self.folds_folder / fold)

    def tidy(self) -> None:
        """Delete what killed processes left half-written in the run's folder, and their locks."""
        for folder in (self.folder, self.folds_folder):
            forget_killed(folder)

    def require_undone(self, fold: str) -> None:
        """Raise Taken where the predictions of a fold are there."""
        if self.done(fold):
            raise Taken(f"fold {fold} of {self.folder} was just finished by another process. Start the command again.")


def planned_fold(stored: Mapping[str, Any]) -> Fold:
    """A fold as folds.json has it; parts that it does not name are empty."""
    parts = {name: values.texts(stored.get(name, [])) for name in ("train", "val", "unlabelled")}
    tests = {name: values.texts(ids) for name, ids in values.mapping(stored["tests"]).items()}
    return Fold(**{**{key: stored[key] for key in FOLD if key in stored}, **parts, "tests": tests})


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold a lock file while the block runs; raises Taken while another process holds it."""
    with refusals(path):
        turn = try_for(path)
    if turn is None:
        raise Taken(f"{what} is being run by another process. Wait for it, or stop it.")
    with turn:
        yield


def folds_as_json(folds: Sequence[Fold], checks: Sequence[Mapping[str, Any]], **described: Any) -> dict[str, Any]:
    """The content of folds.json: how the images were chosen and labelled, then each fold beside what was found in it."""
    parts = [
        {
            "name": fold.name,
            "seed": fold.seed,
            "val_published": fold.val_published,
            "train": list(fold.train),
            "unlabelled": list(fold.unlabelled),
            "val": list(fold.val),
            "tests": {name: list(ids) for name, ids in fold.tests.items()},
            **check,
        }
        for fold, check in zip(folds, checks, strict=True)
    ]
    return {"schema": 1, **described, "folds": parts}
