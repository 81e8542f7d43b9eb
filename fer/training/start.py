"""This file finds the weights that a fold starts from, and proves that they never saw the fold's test images."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fer.data.cohort import Cohort
from fer.data.digest import file_digest
from fer.errors import LeakError, WeightsError
from fer.models.boxed import networks, place_of
from fer.protocols.base import Fold
from fer.results.store import RunStore
from fer.training.learner import Learner
from fer.training.seen import Seen

WEIGHTS = "model.safetensors"

#: The keys under which a configuration names weights: to start from, to take features of, to be taught by.
KEYS = ("model.weights", "features.network.weights", "loss.teacher")

#: How many names a message gives before it only counts.
NAMED = 5


def named_weights(what: Mapping[str, Any]) -> dict[str, str]:
    """The weights that a configuration names, by key."""
    return {key: found for key in KEYS if isinstance(found := value_at(what, key.split(".")), str)}


def value_at(config: Any, path: Sequence[str]) -> Any:
    """What a configuration has at the end of a path of keys; None where it has no such keys."""
    for key in path:
        config = config.get(key) if isinstance(config, Mapping) else None
    return config


def with_value(config: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    """The configuration with another value at the end of a path of keys that it has."""
    key, *below = path
    return {**config, key: with_value(config[key], below, value) if below else value}


def weights_file(path: Path, fold: str, cut: str) -> Path:
    """The file that a fold starts from: `path`, or of a run the fold of the same name, with or without its seed, or the only one.

    A network in the box goes by its name too. Raises WeightsError where there is none.
    """
    path = place_of(path)
    if path.is_file():
        return path.resolve()
    if not path.is_dir():
        raise WeightsError(f"there is no {path}. Expected a .safetensors file, a .pth state dict, the folder of a run, "
                           f"or a network in the box: {', '.join(networks())}.")  # fmt: skip
    if (path / WEIGHTS).is_file():
        return (path / WEIGHTS).resolve()
    store = RunStore.open(path)
    planned = [found.name for found in store.folds()]
    trained = [name for name in planned if (store.folds_folder / name / WEIGHTS).is_file()]
    chosen = next((name for name in (fold, cut) if name in trained), trained[0] if len(planned) == len(trained) == 1 else None)
    if chosen is None:
        found = f"it has {', '.join(trained)}" if trained else "none of its folds has weights"
        raise WeightsError(f"{path} has no weights for fold {fold}: {found}. Expected a fold of this name, or only one; "
                           f"name one: {path / 'folds' / (trained or ['NAME'])[0]}")  # fmt: skip
    return (store.folds_folder / chosen / WEIGHTS).resolve()


def weights_digest(path: Path) -> str:
    """A digest of what may be started from: of the file, or of the weights of all finished folds of a run."""
    path = place_of(path)
    found = [path, path / WEIGHTS, *sorted(path.glob(f"folds/[!.]*/{WEIGHTS}"))]
    return "+".join(file_digest(file).hex() for file in found if file.is_file()) or "missing"


def require_unseen(folds: Sequence[Fold], cohort: Cohort, learner: Learner) -> None:
    """Raise LeakError where a fold begins with weights that were trained, or chosen, on its test images or their people.

    Exact and mirrored copies of the test images count too, in whatever database they are, but for those that the fold is
    trained or chosen on itself, where its protocol has let that pass: a published split with copies in it has a clean test
    set beside the whole one. Of weights that no run of this project stored nobody knows what they have seen.
    """
    for fold in folds:
        if files := learner.starts(fold.name, fold.cut):
            own = Seen.by(fold, cohort, ()).copied_among(cohort)
            for file in files:
                seen = Seen.beside(file)
                met = frozenset(seen.met_among(cohort))
                for test, ids in fold.tests.items():
                    known = seen.known_among(ids, cohort)
                    refuse(fold.name, test, [i for i in known if i not in own or i in met], file)


def refuse(fold: str, test: str, leaked: Sequence[str], file: Path) -> None:
    """Raise LeakError where images of a test set were seen by the weights in a file."""
    if leaked:
        some = ", ".join(leaked[:NAMED]) + (", …" if len(leaked) > NAMED else "")
        raise LeakError(
            f"fold '{fold}': the weights that it begins with ({file}) were trained on {len(leaked)} images of test {test!r}, on "
            f"copies of them, or on the people in them: {some}.\n    Start from a run that kept them apart: the same data, "
            f"protocol and protocol.seed."
        )
