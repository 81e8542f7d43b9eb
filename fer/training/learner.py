"""This file defines Learner, the seam between protocols and whatever learns from faces."""

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.data.faces import Faces
from fer.files import METADATA
from fer.models.input_spec import InputSpec
from fer.progress import RunProgress
from fer.training.loggers.fold_log import FoldLog


@dataclass(frozen=True)
class FoldContext:
    """Where and how a fold is learned.

    `cut` is the name of the fold without its seed. `val_published` says that nothing may train on the validation part once
    it has chosen. `unlabelled` are training faces whose labels are withheld, for what learns without them. `folder` is the
    fold's own: what is put there is kept, and what an interrupted fit left there is still there. `threads` is the number of
    CPU threads, which results depend on in their last digits. `log` is told of every epoch, by what learns in epochs.
    """

    name: str
    folder: Path
    seed: int
    threads: int
    cut: str = ""
    val_published: bool = False
    unlabelled: Faces | None = None
    loader_workers: int = 0
    progress: RunProgress = field(default_factory=RunProgress)
    log: FoldLog = field(default_factory=FoldLog)


def weights_header(**described: Any) -> dict[str, str]:
    """The metadata of a safetensors file: what is described, as sorted JSON under one key.

    safetensors writes several keys in another order every time, and equal runs are to leave equal files.
    """
    return {METADATA: json.dumps(described, sort_keys=True)}


class Learner(ABC):
    """Something that learns expressions from faces and gives probabilities: a Lightning network, a classical estimator.

    `fit` chooses on `val` alone, keeps to `fold.threads` CPU threads, and must go on where an interrupted call stopped, if
    it keeps anything in fold.folder. One that conf/model names itself is constructed with the keys of its YAML,
    `labels` (the LabelSpace) and `features` (the configuration of conf/features, empty for none).
    """

    @property
    @abstractmethod
    def spec(self) -> InputSpec:
        """The faces that the learner wants; only size and channels are read."""

    @abstractmethod
    def fit(self, train: Faces, val: Faces, fold: FoldContext) -> None:
        """Learn from `train`, choosing on `val`."""

    @abstractmethod
    def predict(self, faces: Faces) -> NDArray[np.float32]:
        """Probabilities (N, K) float32 of each face, rows summing to 1."""

    @abstractmethod
    def card(self) -> dict[str, Any]:
        """What was learned and how it was chosen, as plain JSON for the fold's card."""

    def starts(self, fold: str, cut: str) -> tuple[Path, ...]:
        """The files of weights that a fold starts from, of its name with and without the seed; most start from none."""
        return ()

    @property
    def devices(self) -> int:
        """How many devices train one fold together; more than one trains in a process of its own."""
        return 1

    @property
    def predicts(self) -> bool:
        """Whether this process makes the predictions, which are made once; False in all but one of several processes."""
        return True
