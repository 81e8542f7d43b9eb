"""This file measures what is not training: prediction, preparing images, and how long the commands take to start."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from fer.bench.bare_loops import BarePrediction
from fer.bench.measurement import Measurement, by_turns
from fer.bench.training import repeated, steps_in
from fer.data.databases.folder import Folder
from fer.data.databases.synthetic import Synthetic
from fer.data.faces import Faces
from fer.data.prepare import write_faces
from fer.data.preprocessing.whole_image import WholeImage
from fer.training.computing import compute_with
from fer.training.lightning_learner import LightningLearner
from fer.training.prediction import PREDICT_BATCH

ROOT = Path(__file__).resolve().parents[2]

#: The commands that are started, as a user would, from nothing.
COMMANDS = {
    "python -c pass": ("-c", "pass"),
    "fer --help": ("-m", "fer", "--help"),
    "train.py --help": (str(ROOT / "train.py"), "--help"),
    "import torch, lightning": ("-c", "import torch, lightning"),
}

#: Images that are prepared, and their size: that of JAFFE's.
PREPARED, SIDE = 128, 256


def measure_prediction(
    learner: LightningLearner, faces: Faces, *, settings: Mapping[str, str], seconds: float, rounds: int, threads: int
) -> Measurement:
    """Predict faces with a learner that was fitted, and beside it the same batch on the device again and again."""
    compute_with(threads)
    first = torch.from_numpy(faces.take(np.arange(PREDICT_BATCH) % len(faces)))
    classifier = learner.classifier().to(learner.device).eval()
    times = steps_in(BarePrediction(classifier, first, times=1), seconds)
    whole = repeated(faces, times * PREDICT_BATCH)
    ways: dict[str, Callable[[], int]] = {
        "bare loop": BarePrediction(classifier, first, times=times),
        "framework": lambda: len(learner.predict(whole)),
    }
    return Measurement("prediction", {**settings, "threads": str(threads)}, by_turns(ways, rounds=rounds))


def measure_preparation(folder: Path, *, rounds: int) -> Measurement:
    """Prepare PNG files of one face each at 48×48, and beside it only decode and resize them."""
    database = written_faces(folder / "images")
    records = database.records()
    paths = [str(database.root / record.source) for record in records]

    def bare() -> int:
        for path in paths:
            image = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
            assert image is not None, "it was written a moment ago"
            cv2.resize(image, (48, 48), interpolation=cv2.INTER_AREA)
        return len(paths)

    def framework() -> int:
        write_faces(folder, database, records, preprocess=WholeImage(), size=48, channels=1)
        return len(records)

    settings = {"images": f"{SIDE}×{SIDE} PNG"}
    return Measurement("preparation", settings, by_turns({"bare loop": bare, "framework": framework}, rounds=rounds))


def written_faces(root: Path) -> Folder:
    """A database of drawn faces in image files."""
    drawn = Synthetic(size=SIDE, subjects=1, takes=-(-PREPARED // 7))
    for record in drawn.records()[:PREPARED]:
        path = root / record.expression / f"{record.source}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), drawn.read(record))
    return Folder(root, cropped=True, colour=False)


def measure_starts(*, rounds: int) -> dict[str, list[float]]:
    """The seconds that each command takes from nothing, by round, after a round that warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(rounds + 1):
        for name, arguments in COMMANDS.items():
            taken = seconds_of([sys.executable, *arguments])
            if turn:
                seconds[name].append(taken)
    return seconds


def seconds_of(command: Sequence[str]) -> float:
    """How long a command takes to its end."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    return time.perf_counter() - start
