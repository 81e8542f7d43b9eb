"""This file exports the network of a fold, and finds out on the run's own test faces what the files are worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fer.bench.measurement import Measurement, by_turns, now
from fer.data.faces import Faces
from fer.deploy.format import Format, Read
from fer.deploy.model import USE
from fer.deploy.reader import ExpressionReader
from fer.errors import RunError
from fer.files import replacing
from fer.models.classifier import ExpressionClassifier
from fer.models.input_spec import InputSpec
from fer.models.weights import read_weights, stored_classifier
from fer.protocols.base import Fold
from fer.results.sources import sources
from fer.results.stored_run import StoredRun
from fer.training.elsewhere import trained_in_colour
from fer.training.evaluation import located, planned, require_network, require_trained
from fer.training.start import WEIGHTS

#: Training faces whose activations give the ranges of an eight-bit form, and test faces that forms are compared on at most.
CALIBRATION, COMPARED = 512, 10_000

#: Faces that are read at once where the rate is measured, and how far probabilities may be from torch's before it is an error.
BATCH, TOLERANCE = 64, 1e-4

#: The form that the others are compared with.
NATIVE = "torch"


@dataclass(frozen=True)
class Trained:
    """The network of a fold, faces that it was trained on, and faces that it is tested on with their targets, -1 for none."""

    name: str
    described: Mapping[str, Any]
    weights: Path
    training: NDArray[np.uint8]
    tests: NDArray[np.uint8]
    targets: NDArray[np.int64]

    def classifier(self) -> ExpressionClassifier:
        """The network, restored from its file."""
        return stored_classifier(read_weights(self.weights))


@dataclass(frozen=True)
class Form:
    """What a form of the network says: accuracy, the share of faces whose most probable label is torch's, and the largest
    difference of a probability from torch's.
    """

    name: str
    bytes: int
    accuracy: float
    same: float
    apart: float


def trained(run: StoredRun, fold: str | None, *, roots: Mapping[str, str]) -> Trained:
    """What a run has trained in a fold, with faces of the run; raises RunError where there is no such network."""
    require_trained(run)
    require_network(run)
    chosen = chosen_fold(run, fold)
    plan = planned(run, located(run, roots))
    parts: Fold = next(of for of in plan.folds if of.name == chosen)
    tests = plan.cohort.faces(list(dict.fromkeys(i for ids in parts.tests.values() for i in ids))).evenly(COMPARED)
    weights = run.path / "folds" / chosen / WEIGHTS
    said = described(run, chosen, stored_classifier(read_weights(weights)).backbone.spec)
    training = plan.cohort.faces(parts.train).evenly(CALIBRATION)
    return Trained(f"{run.name}-{chosen}", said, weights, pixels(training), pixels(tests), tests.judged.targets.astype(np.int64))


def described(run: StoredRun, fold: str, spec: InputSpec) -> dict[str, Any]:
    """What whoever uses the network of a fold must know: labels, how faces are cut out for it, whose data it has seen."""
    return {
        "run": run.name,
        "fold": fold,
        "labels": list(run.plan.labels),
        "size": spec.size,
        "channels": spec.channels,
        "colour": trained_in_colour(run.config),
        "cropped": bool(run.plan.cropped),
        "preprocess": run.config["preprocess"],
        "data": sources(run.config),
        "use": USE,
    }


def chosen_fold(run: StoredRun, name: str | None) -> str:
    """The fold of this name, or the only one that the run has trained."""
    done = [fold.name for fold in run.folds]
    if name is None and len(done) == 1:
        return done[0]
    if name not in done:
        found = "no fold is named" if name is None else f"found --fold {name}"
        raise RunError(f"{run.path}: {found}, expected one of those that it has trained: --fold {', '.join(done) or 'none yet'}")
    return name


def pixels(faces: Faces) -> NDArray[np.uint8]:
    """Their pixels, (N, S, S) or (N, S, S, 3) uint8."""
    return faces.take(np.arange(len(faces)))


def write(network: Trained, to: Format, folder: Path, *, int8: bool) -> dict[str, Path]:
    """Write the network, in eight bits too where that is asked for; gives the files by the name of their form."""
    wide, narrow = folder / f"{network.name}{to.suffix}", folder / f"{network.name}.int8{to.suffix}"
    with replacing(wide) as beside:
        to.write(ExpressionReader(network.classifier()), network.tests[:2], beside, network.described)
    if not int8:
        return {"float32": wide}
    with replacing(narrow) as beside:
        to.write_int8(wide, network.training, beside)
    return {"float32": wide, "int8": narrow}


def natively(classifier: ExpressionClassifier) -> Read:
    """What reads faces by the network itself."""

    def read(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            found: NDArray[np.float32] = classifier(torch.from_numpy(faces)).softmax(1).numpy()
        return found

    return read


def compare(network: Trained, files: Mapping[str, Path], reads: Mapping[str, Read]) -> list[Form]:
    """What each form says of the test faces.

    Raises RunError where a float32 form says something else than torch; none of the files is left then.
    """
    said = {name: in_batches(read, network.tests) for name, read in reads.items()}
    judged = network.targets >= 0
    forms = []
    for name, found in said.items():
        apart = np.abs(found - said[NATIVE]).max()
        if "float32" in name and apart > TOLERANCE:
            raise refused(files, by=apart)
        forms.append(
            Form(
                name,
                (files.get(name) or network.weights).stat().st_size,
                float((found.argmax(1) == network.targets)[judged].mean()),
                float((found.argmax(1) == said[NATIVE].argmax(1)).mean()),
                float(apart),
            )
        )
    return forms


def refused(files: Mapping[str, Path], *, by: float) -> RunError:
    """The error of an export that says other than its network by so much of a probability; its files are deleted."""
    for path in files.values():
        path.unlink(missing_ok=True)
    return RunError(
        f"{', '.join(map(str, files.values()))}: said other than the network, by {by:.1e} of a probability, where "
        f"{TOLERANCE:g} is expected at most, and was deleted. Export to another format: --to."
    )


def in_batches(read: Read, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What is said of all faces."""
    return np.concatenate([read(faces[i : i + BATCH]) for i in range(0, len(faces), BATCH)])


def measure(network: Trained, reads: Mapping[str, Read], *, rounds: int, seconds: float) -> Sequence[Measurement]:
    """Faces a second on one core, in batches and one at a time, every form by turns."""
    torch.set_num_threads(1)
    return [rates(reads, network.tests[:batch], rounds=rounds, seconds=seconds) for batch in (BATCH, 1)]


def rates(reads: Mapping[str, Read], faces: NDArray[np.uint8], *, rounds: int, seconds: float) -> Measurement:
    """Faces a second of every form, which reads the same ones again and again."""
    ways = {name: partial(in_time, read, faces, seconds=seconds) for name, read in reads.items()}
    return Measurement("reading", {"batch": str(len(faces))}, by_turns(ways, rounds=rounds), ours=NATIVE)


def in_time(read: Read, faces: NDArray[np.uint8], *, seconds: float) -> int:
    """How many faces were read when so many seconds were over."""
    done, end = 0, now() + seconds
    while not done or now() < end:  # once at least, however busy the machine is
        read(faces)
        done += len(faces)
    return done
