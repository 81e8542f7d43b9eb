"""This file keeps the networks that come with the package: `python -m fer.deploy.box RUN NAME` puts a trained one into it."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fer.data.digest import file_digest
from fer.deploy.model import CARD, USE
from fer.errors import EXIT_STATUS, ConfigError, FerError, RunError
from fer.files import made_once, read_json, write_json
from fer.models import boxed
from fer.results.report import make_report
from fer.results.set_report import set_json
from fer.results.sources import sources
from fer.results.stored_run import StoredFold, StoredRun, read_run
from fer.training.elsewhere import trained_in_colour
from fer.training.evaluation import require_network, require_trained
from fer.training.seen import SEEN
from fer.training.start import WEIGHTS


def put(run: StoredRun, name: str, *, into: Path | None = None) -> Path:
    """Put the network of a run into the box: of several seeds the one that is best on validation; gives its folder.

    `into` is the folder of another box. Raises RunError where the run has no network or several folds, and where something
    of this name is there already.
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

    def fill(folder: Path) -> None:
        for file in (WEIGHTS, SEEN):
            shutil.copyfile(source / file, folder / file)
        write_json(folder / CARD, card(run, best, weights=file_digest(source / WEIGHTS).hex()))

    return made_once(place, fill)


def card(run: StoredRun, fold: StoredFold, *, weights: str) -> dict[str, Any]:
    """What a user must know of a network: data and licence, faces, scores with intervals, how it was trained and chosen."""
    alone = make_report(replace(run, folds=(fold,)))
    described = {key: value for key, value in fold.card.items() if key not in ("pictures", "schema", "fold")}
    return {
        "schema": 1,
        "weights": weights,
        "run": run.name,
        "seed": fold.seed,
        "seeds": [of.seed for of in run.folds],
        **described,
        "preprocess": run.config["preprocess"],
        "colour": trained_in_colour(run.config),
        "cropped": bool(run.plan.cropped),
        "data": sources(run.config),
        "scores": {test.name: {key: set_json(test)[key] for key in ("n", "accuracy", "uar", "macro_f1")} for test in alone.tests},
        "trained": {key: run.provenance.get(key) for key in ("argv", "commit", "versions", "hardware", "threads", "started")},
        "use": USE,
    }


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
    size = sum(file.stat().st_size for file in folder.iterdir())
    for test, scores in read_json(folder / CARD)["scores"].items():
        print(f"{test}: accuracy {100 * scores['accuracy']['value']:.1f} % of {scores['n']:,} images")
    print(f"{folder}: {size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
