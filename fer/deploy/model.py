"""This file opens a trained network from where it lies, with what it takes to use it: labels, and how faces are cut out.

Nothing of torch is imported for a file of ONNX, and nothing of the training for one that was exported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fer.build import build, plugin_prefixes
from fer.data.database import Image
from fer.data.preprocessing.base import Preprocess
from fer.data.preprocessing.resizing import resize, with_channels
from fer.data.preprocessing.whole_image import WholeImage
from fer.errors import ConfigError, FerError, RunError, WeightsError
from fer.results.json_values import texts
from fer.results.stored_run import read_object

if TYPE_CHECKING:  # whose contract of formats imports torch
    from fer.deploy.format import Read
    from fer.deploy.formats.torchscript import TorchScriptModel
    from fer.deploy.onnx_model import OnnxModel

#: The network in the box that is used where no other is named.
DEFAULT = "fer2013_small"

#: Formats that are read here, by the ends of their files' names.
EXPORTED = {".onnx": "onnx", ".ts": "torchscript"}

#: Pixels of the longest side of a face that a file can ask for, and how far from 1 the sum of its probabilities can be.
LONGEST, APART = 1024, 1e-2

USE = "Labels are posed or perceived expressions, not what a person feels. For research only, as the data it was trained on."

CARD, WEIGHTS = "card.json", "model.safetensors"


@dataclass(frozen=True)
class Model:
    """A trained network: probabilities (N, K) of faces (N, size, size), or (N, size, size, 3) where it has seen `colour`.

    `cropped` says that images which it was trained on were faces already, as those of FER2013 are.
    """

    name: str
    labels: tuple[str, ...]
    size: int
    colour: bool
    cropped: bool
    preprocess: Preprocess
    described: Mapping[str, Any]
    read: "Read"

    @property
    def sees_whole_pictures(self) -> bool:
        """Whether it was trained on pictures in which no face was looked for."""
        return isinstance(self.preprocess, WholeImage) and not self.cropped

    def prepared(self, face: Image) -> Image:
        """A face that was cut out of a picture, as the network wants it."""
        at_size = resize(with_channels(face, 3 if self.colour else 1), self.size)
        return np.ascontiguousarray(self.preprocess.finish(at_size))


def open_model(where: str | Path, *, fold: str | None = None) -> Model:
    """The network of a run folder, of a fold's folder, in an exported file, or in the box by its name.

    `fold` names one of a run's several. Raises ConfigError, RunError or WeightsError where there is no network.
    """
    path = Path(where)
    if path.suffix in EXPORTED:
        return exported(path)
    if not path.is_dir():
        from fer.models.boxed import in_the_box, networks

        if str(where) not in networks():
            known = ", ".join(networks())
            raise ConfigError(f"{where}: found no such run. Expected a run folder, FILE.onnx, FILE.ts, or of the box: {known}")
        path = in_the_box(str(where))
    if (path / CARD).is_file() and (path / WEIGHTS).is_file():
        card = read_object(path / CARD)
        return stored(path, card) if "preprocess" in card else of_run(path.parent.parent, path.name)
    return of_run(path, fold)


def exported(path: Path) -> Model:
    """The network in an exported file."""
    if not path.is_file():
        raise WeightsError(f"{path}: found no such file. `fer export RUN --to {EXPORTED[path.suffix]}` writes one.")
    opened = opened_onnx(path) if path.suffix == ".onnx" else opened_torchscript(path)
    found = model(path.name, opened.described, opened, path)
    blank = np.zeros((1, found.size, found.size, *([3] if found.colour else [])), np.uint8)
    try:
        found.read(blank)
    except FerError:
        raise
    except Exception as error:  # those of the runtimes have no common class
        said = (str(error) or type(error).__name__).splitlines()[0]
        wrong = f"{path} does not read faces of the size and colour that it names"
        raise WeightsError(f"{wrong}: {said}. Export it again.") from error
    return found


def opened_onnx(path: Path) -> "OnnxModel":
    """A file of ONNX; ConfigError where its runtime is not installed."""
    try:
        from fer.deploy.onnx_model import OnnxModel
    except ModuleNotFoundError as error:
        raise ConfigError(f"{path} needs {error.name}, which is not installed: pip install onnxruntime") from error
    return OnnxModel(path)


def opened_torchscript(path: Path) -> "TorchScriptModel":
    """A file of TorchScript."""
    from fer.deploy.formats.torchscript import TorchScriptModel

    return TorchScriptModel(path)


def stored(folder: Path, card: Mapping[str, Any]) -> Model:
    """The network in a folder whose card says all there is to say, as those in the box."""
    from fer.deploy.reader import ExpressionReader

    reader = ExpressionReader.of(folder / WEIGHTS)
    require_same_labels(card.get("labels"), reader.labels, folder)
    return model(folder.name, {**card, "size": reader.spec.size, "channels": reader.spec.channels}, reader.read, folder)


def of_run(folder: Path, fold: str | None) -> Model:
    """The network of a run's fold, or of its only one."""
    from fer.deploy.export import chosen_fold, described
    from fer.deploy.reader import ExpressionReader
    from fer.results.stored_run import read_run
    from fer.training.evaluation import require_network, require_trained

    run = read_run(folder)
    require_trained(run)
    require_network(run)
    if not run.folds:
        raise RunError(f"{run.path} has trained no fold yet. Give its training command again, then this one.")
    chosen = chosen_fold(run, fold)
    reader = ExpressionReader.of(run.path / "folds" / chosen / WEIGHTS)
    require_same_labels(list(run.plan.labels), reader.labels, run.path)
    return model(f"{run.name} {chosen}", described(run, chosen, reader.spec), reader.read, folder)


def require_same_labels(said: object, known: tuple[str, ...], folder: Path) -> None:
    """Raise WeightsError where a folder and the weights in it disagree on the labels, of which one would be read for another."""
    if said != list(known):
        raise WeightsError(f"{folder} is damaged: found the labels {said}, and those of {WEIGHTS} are {', '.join(known)}")


def model(name: str, described: Mapping[str, Any], read: "Read", path: Path) -> Model:
    """The network that `path` describes; a preprocessing is the only thing that a description can name."""
    try:
        spec, labels, size = described["preprocess"], texts(described["labels"]), int(described["size"])
        colour = bool(described.get("colour", False)) and described["channels"] == 3
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        said = f"found no {error}" if isinstance(error, KeyError) else str(error)
        raise WeightsError(f"{path} does not say how faces are cut out for it: {said}. Export it again.") from error
    if not 1 <= size <= LONGEST:
        raise WeightsError(f"{path} wants faces of {size} pixels, expected 1 to {LONGEST}. Export it again.")
    preprocess = build(spec, "preprocess", allowed=("fer.data.preprocessing.", *plugin_prefixes()))
    return Model(
        name, labels, size, colour, bool(described.get("cropped", True)), preprocess, described, sound(read, labels, path)
    )


def sound(read: "Read", labels: tuple[str, ...], path: Path) -> "Read":
    """The same, with WeightsError in place of what is no probability for every label, as damaged weights answer."""

    def probabilities(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        found = read(faces)
        if found.shape != (len(faces), len(labels)):
            raise WeightsError(f"{path} answers for {found.shape[1:]} labels, and names {len(labels)}. Export it again.")
        if not np.allclose(found.sum(1), 1, atol=APART):  # what is not finite is not close either
            raise WeightsError(f"{path} is damaged: what it answers are no probabilities. Export it again, or train it again.")
        return found

    return probabilities
