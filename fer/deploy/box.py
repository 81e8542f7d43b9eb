"""This file keeps the networks that come with the package: `python -m fer.deploy.box RUN NAME` puts a trained one into it."""

import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from fer.data.digest import file_digest
from fer.deploy.model import CARD, USE
from fer.errors import EXIT_STATUS, ConfigError, FerError, RunError
from fer.files import made_once, read_json, write_json
from fer.models import boxed
from fer.models.weights import read_safetensors
from fer.results.report import make_report, run_of
from fer.results.set_report import set_json
from fer.results.sources import sources
from fer.results.stored_run import Json, StoredFold, StoredRun, read_run
from fer.training.elsewhere import trained_in_colour
from fer.training.evaluation import require_network, require_trained
from fer.training.learner import weights_header
from fer.training.seen import SEEN
from fer.training.start import WEIGHTS

#: Words of a command that say where files lie and how it is carried out, which no network depends on.
ELSEWHERE = re.compile(r"\+*run\.|.*\.root=")

#: Bytes that a network may take: it is downloaded by everybody who installs the package.
LARGEST = 8_000_000


def put(run: StoredRun, name: str, *, into: Path | None = None) -> Path:
    """Put the network of a run into the box: of several seeds the one that is best on validation; gives its folder.

    Filters and matrices of a network that would be too large are kept in half precision (float16), as its card says. `into`
    is the folder of another box. Raises RunError where the run has no network or several folds, where it is too large all
    the same, and where something of this name is there already.
    """
    require_trained(run)
    require_network(run)
    if len(run.plan.folds_of_a_seed) > 1 or not run.folds:
        raise RunError(
            f"{run.path} has {len(run.folds)} trained folds; expected one network that was tested on all that is tested"
        )
    place = (into or boxed.NETWORKS) / name
    if place.exists():
        raise RunError(f"{place} is there already. Delete it first.")
    best = max(run.folds, key=lambda fold: float(fold.card["selection"]["value"]))
    source = run.path / "folds" / best.name

    halved = size_of(source) > LARGEST

    def fill(folder: Path) -> None:
        shutil.copyfile(source / SEEN, folder / SEEN)
        (halve if halved else shutil.copyfile)(source / WEIGHTS, folder / WEIGHTS)
        stored = {"weights": file_digest(folder / WEIGHTS).hex(), "stored": "float16" if halved else "float32"}
        write_json(folder / CARD, {"schema": 1, **stored, **card(run, best)})
        if (size := size_of(folder)) > LARGEST:
            raise RunError(f"{run.path}: its network takes {size / 1e6:.1f} MB, expected at most {LARGEST / 1e6:.0f} in the box")

    return made_once(place, fill)


def halve(source: Path, to: Path) -> None:
    """Write the weights again with filters and matrices in half precision; those of a channel each stay as they are."""
    weights = read_safetensors(source)
    state = {name: tensor.half() if tensor.ndim > 1 else tensor for name, tensor in weights.state.items()}
    save_file(state, to, metadata=weights_header(**weights.described))


def size_of(folder: Path) -> int:
    """Bytes of a network in the folder of a fold, or in the box: its weights and what they have seen."""
    return sum((folder / file).stat().st_size for file in (WEIGHTS, SEEN))


def card(run: StoredRun, fold: StoredFold) -> dict[str, Any]:
    """What a user must know of a network: data and licence, faces, scores with intervals, how it was trained and chosen."""
    alone = make_report(replace(run, folds=(fold,)))
    described = {key: value for key, value in fold.card.items() if key not in ("pictures", "schema", "fold")}
    if "teacher" in described:
        described["teacher"] = named(described["teacher"])
    if "start" in described:
        described["start"] = {**described["start"], "file": named(described["start"]["file"])}
    return {
        "run": run.name,
        "seed": fold.seed,
        "seeds": [of.seed for of in run.folds],
        **described,
        "preprocess": run.config["preprocess"],
        "colour": trained_in_colour(run.config),
        "cropped": bool(run.plan.cropped),
        "data": sources(run.config),
        "scores": {test.name: {key: set_json(test)[key] for key in ("n", "accuracy", "uar", "macro_f1")} for test in alone.tests},
        "trained": trained(run.provenance, fold.name),
        "use": USE,
    }


def trained(provenance: Json, fold: str) -> dict[str, Any]:
    """By what code and on what machine a fold was trained, the last that went on with it, and its command without places."""
    continued = sorted(provenance.get("continued", {}).items())
    later = [{**provenance, **by, "started": started} for started, by in continued if fold not in by["done"]]
    found = {key: [provenance, *later][-1].get(key) for key in ("argv", "commit", "versions", "hardware", "threads", "started")}
    return {**found, "argv": [word for word in found["argv"] or () if not ELSEWHERE.match(str(word))]}


def named(weights: str) -> str:
    """A file of weights by its run's name, or its own: where it lay on somebody's machine is nobody's business."""
    return Path(run_of(Path(weights))).name


def read_card(name: str) -> dict[str, Any]:
    """The card of a network in the box."""
    return dict(read_json(boxed.in_the_box(name) / CARD))


def main(arguments: Sequence[str]) -> int:
    """Put the network of a run into the box, and say what it scores."""
    try:
        if len(arguments) != 2:
            raise ConfigError("expected the folder of a run and a name: python -m fer.deploy.box outputs/… fer2013_small")
        folder = put(read_run(Path(arguments[0])), arguments[1])
    except FerError as error:
        print(error, file=sys.stderr)
        return EXIT_STATUS
    for test, scores in read_json(folder / CARD)["scores"].items():
        print(f"{test}: accuracy {100 * scores['accuracy']['value']:.1f} % of {scores['n']:,} images")
    print(f"{folder}: {size_of(folder) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
