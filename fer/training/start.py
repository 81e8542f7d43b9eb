"""This file finds the weights of another run that a fold starts from, and proves that they never saw the fold's test images."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fer.data.cohort import Cohort
from fer.data.digest import file_digest
from fer.errors import LeakError, WeightsError
from fer.protocols.base import Fold, database_of
from fer.results.store import RunStore

WEIGHTS = "model.safetensors"

#: How many names a message gives before it only counts.
NAMED = 5


def named_weights(what: Mapping[str, Any]) -> dict[str, Path]:
    """The weights that a configuration starts from, by key: of the network, or of the one whose features are taken."""
    groups = {"model": what["model"], "features.network": what["features"].get("network") or {}, "features": what["features"]}
    return {f"{name}.weights": Path(group["weights"]) for name, group in groups.items() if group.get("weights")}


def weights_file(path: Path, fold: str) -> Path:
    """The file that a fold starts from: `path` itself, or of a run's folder its fold of the same name, or its only fold."""
    if path.is_file():
        return path
    if not path.is_dir():
        raise WeightsError(f"there is no {path}. Expected a .safetensors file, a .pth state dict, or the folder of a run.")
    if (path / WEIGHTS).is_file():
        return path / WEIGHTS
    store = RunStore.open(path)
    trained = [found.name for found in store.folds() if (store.folds_folder / found.name / WEIGHTS).is_file()]
    chosen = fold if fold in trained else trained[0] if len(trained) == 1 else None
    if chosen is None:
        found = f"it has {', '.join(trained)}" if trained else "none of its folds has weights"
        raise WeightsError(f"{path} has no weights for fold {fold}: {found}. Expected a fold of this name, or only one; "
                           f"name one: {path / 'folds' / (trained or ['NAME'])[0]}")  # fmt: skip
    return store.folds_folder / chosen / WEIGHTS


def weights_digest(path: Path) -> str:
    """A digest of what may be started from: of the file, or of all weights of a run."""
    files = [path] if path.is_file() else sorted(path.rglob(WEIGHTS)) if path.is_dir() else []
    return "+".join(file_digest(file).hex() for file in files) or "missing"


def require_unseen(folds: Sequence[Fold], cohort: Cohort, what: Mapping[str, Any]) -> None:
    """Raise LeakError where a fold starts from weights that were trained, or chosen, on its test images or their people.

    What a run was trained on stands in its folds.json, and what it started from itself is followed. Of other files nobody
    knows what they have seen.
    """
    for key, path in named_weights(what).items():
        for fold in folds:
            sources = origins(weights_file(path, fold.cut))
            seen = {i for source in sources for i in (*source.train, *source.unlabelled, *source.val)}
            refuse_seen(fold, seen, cohort, key=f"{key}={path}")


def refuse_seen(fold: Fold, seen: set[str], cohort: Cohort, *, key: str) -> None:
    """Raise LeakError where images of a test set, or people in them, are among those seen."""
    people = people_of(seen, cohort)
    for test, ids in fold.tests.items():
        if leaked := [i for i in ids if i in seen or person(cohort, i) in people]:
            some = ", ".join(leaked[:NAMED]) + (", …" if len(leaked) > NAMED else "")
            raise LeakError(
                f"fold '{fold.name}': {key} was trained on {len(leaked)} images of test {test!r}, or on the people in them: "
                f"{some}.\n    Start from a run that kept them apart: the same data, protocol and protocol.seed."
            )


def origins(weights: Path) -> Iterator[Fold]:
    """The folds of runs that weights were trained in: their own, that of the weights it started from, and so on."""
    run = weights.parent.parent.parent
    if not (run / "folds.json").is_file():
        return
    store = RunStore.open(run)
    fold = next((fold for fold in store.folds() if fold.name == weights.parent.name), None)
    if fold is None:
        return
    yield fold
    for before in named_weights(store.config).values():
        if before.exists():
            yield from origins(weights_file(before, fold.cut))


def people_of(ids: set[str], cohort: Cohort) -> set[tuple[str, str]]:
    """The people in images, those of the cohort, whose subjects are known."""
    known = (i for i in ids if i in cohort.position_of)
    return {found for i in known if (found := person(cohort, i)) is not None}


def person(cohort: Cohort, image: str) -> tuple[str, str] | None:
    """The person in an image: the database and the subject; None where nobody is identified."""
    record = cohort.records[cohort.position_of[image]]
    return (database_of(record), record.subject) if record.subject is not None else None
