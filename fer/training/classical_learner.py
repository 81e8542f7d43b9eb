"""This file defines ClassicalLearner, which trains a classical classifier on fixed features of the faces, without torch."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from threadpoolctl import threadpool_limits

from fer.build import build
from fer.data.faces import Faces
from fer.files import replacing
from fer.labels import LabelSpace
from fer.models.classical.classifier import Classifier, Examples, FittedClassifier
from fer.models.classical.feature_cache import features_of
from fer.models.classical.features import Features
from fer.models.input_spec import InputSpec
from fer.training.learner import FoldContext, Learner, weights_header
from fer.training.learners import bare_features
from fer.training.start import weights_file


class ClassicalLearner(Learner):
    """A classifier of conf/model on the features of conf/features, which are computed once for all folds and runs.

    Where labels are shares of votes, the most probable one is learned. A fit that is cut off starts again: it takes
    seconds.
    """

    def __init__(self, *, model: Mapping[str, Any], features: Mapping[str, Any], labels: LabelSpace) -> None:
        self.model, self.extraction, self.labels = dict(model), dict(features), labels.resolved
        self.classifier: Classifier = build(self.model, "model")
        self.features: Features = build(bare_features(self.extraction), "features")
        self._fold_features = self.features
        self._fitted: FittedClassifier | None = None
        self._threads = 1
        self._card: dict[str, Any] = {}

    @property
    def spec(self) -> InputSpec:
        """Faces of the size and channels that the features are computed from."""
        channels = self.features.channels
        return InputSpec(self.features.size, channels, (0.0,) * channels, (1.0,) * channels)

    def fit(self, train: Faces, val: Faces, fold: FoldContext) -> None:
        """Train on `train`, choosing on `val`; what the classifier is made of goes to model.safetensors."""
        self._fold_features, self._threads = self.features_of_fold(fold), fold.threads
        examples, validation = self.examples(train), self.examples(val)
        start = time.perf_counter()
        reserved = fold.val_published or fold.unlabelled is not None  # few labels are few with validation too
        with threadpool_limits(fold.threads):
            self._fitted = self.classifier.fit(examples, validation, val_reserved=reserved, seed=fold.seed)
        seconds = round(time.perf_counter() - start, 3)
        files = self.starts(fold.name, fold.cut)
        behind = {"start": {"file": str(files[0])}} if files else {}
        self._card = {**self._fitted.facts(), **behind, "feature_length": examples.features.shape[1], "seconds": seconds}
        self.keep(self._fitted, fold)

    def features_of_fold(self, fold: FoldContext) -> Features:
        """The features as this fold has them: those of a run's network are those of its fold of the same name."""
        files = self.starts(fold.name, fold.cut)
        if not files:
            return self.features
        features: Features = build(bare_features(self.extraction), "features", weights=str(files[0]))
        return features

    def starts(self, fold: str, cut: str) -> tuple[Path, ...]:
        """The file of weights behind the features of a fold, where they are a trained network's."""
        weights = (self.extraction.get("network") or {}).get("weights")
        return (weights_file(Path(weights), fold, cut),) if weights else ()

    def examples(self, faces: Faces) -> Examples:
        """The features of faces with the index of each label."""
        targets = np.asarray(faces.judged.targets, np.int64)
        return Examples(self.described(faces), targets, len(self.labels))

    def described(self, faces: Faces) -> NDArray[np.float32]:
        """The features (N, D) float32 of faces, in as many threads as the fold has."""
        with threadpool_limits(self._threads):
            return features_of(faces, self._fold_features, self.extraction)

    def keep(self, fitted: FittedClassifier, fold: FoldContext) -> None:
        """Write the arrays of a fitted classifier with the specification of model, features and labels."""
        if arrays := dict(fitted.arrays()):
            header = weights_header(labels=self.labels, model=self.model, features=self.extraction)
            with replacing(fold.folder / "model.safetensors") as beside:
                save_file(arrays, beside, metadata=header)

    def predict(self, faces: Faces) -> NDArray[np.float32]:
        """Probabilities (N, K) float32; the most probable label is the classifier's own decision."""
        assert self._fitted is not None, "predict follows fit"
        features = self.described(faces)
        with threadpool_limits(self._threads):
            return self._fitted.probabilities(features)

    def card(self) -> dict[str, Any]:
        """The specification of model and features, and what the classifier says of itself."""
        faces = {"size": self.spec.size, "channels": self.spec.channels}
        return {"model": self.model, "features": self.extraction, "input": faces, **self._card}
