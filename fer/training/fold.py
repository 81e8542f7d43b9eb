"""This file runs one fold: fit, predict once per face, write the predictions, and give the folder its final name."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fer.data.cohort import Cohort
from fer.data.faces import Faces
from fer.files import write_json
from fer.machine import machine_failures
from fer.protocols.base import Fold
from fer.results.predictions import Predictions, write_predictions
from fer.training.learner import FoldContext, Learner
from fer.training.seen import Seen

#: Probabilities (N, K) float32 of faces.
Predict = Callable[[Faces], NDArray[np.float32]]


def run_fold(fold: Fold, cohort: Cohort, learner: Learner, context: FoldContext) -> None:
    """Do one fold in `context.folder`, which the caller has locked; only one of several processes predicts and writes.

    Raises MachineError where memory is used up, or a GPU or another process fails.
    """
    context = replace(context, unlabelled=cohort.unlabelled(fold.unlabelled) if fold.unlabelled else None)
    with machine_failures(f"fold {fold.name}"), context.log:
        learner.fit(cohort.faces(fold.train), cohort.faces(fold.val), context)
        if learner.predicts:
            keep(fold, cohort, learner, context)


def keep(fold: Fold, cohort: Cohort, learner: Learner, context: FoldContext) -> None:
    """Test what was learned, and write the predictions and all that describes the fold."""
    starts = [Seen.beside(file) for file in learner.starts(fold.name, fold.cut)]
    Seen.by(fold, cohort, starts).write(context.folder)
    predictions = predict(fold, cohort, learner.predict)
    write_predictions(context.folder / "predictions.csv", predictions)
    card = {"schema": 1, "fold": fold.name, "labels": list(cohort.labels.resolved), "threads": context.threads}
    sizes = {"train_images": len(fold.train), "unlabelled_images": len(fold.unlabelled), "val_images": len(fold.val)}
    write_json(context.folder / "card.json", {**card, **sizes, **learner.card()})
    (context.folder / "fit.json").unlink(missing_ok=True)
    context.log.tested(predictions)


def predict(fold: Fold, cohort: Cohort, probabilities_of: Predict) -> Predictions:
    """The predictions on every test set of the fold; a face that stands in two test sets is predicted once."""
    ids = tuple(dict.fromkeys(i for tested in fold.tests.values() for i in tested))
    row = {i: n for n, i in enumerate(ids)}
    probabilities = probabilities_of(cohort.faces(ids))
    listed = [(name, i) for name, tested in fold.tests.items() for i in tested]
    records = [cohort.records[cohort.position_of[i]] for _, i in listed]
    return Predictions(
        fold=np.array([fold.name] * len(listed), np.str_),
        test_set=np.array([name for name, _ in listed], np.str_),
        id=np.array([i for _, i in listed], np.str_),
        subject=np.array([record.subject or "" for record in records], np.str_),
        target=cohort.labels.encode(record.expression for record in records),
        probabilities=probabilities[[row[i] for _, i in listed]],
        labels=cohort.labels.resolved,
    )


def fold_seed(seed: int, fold: str) -> int:
    """The seed of one training, from the run's seed and the name of the fold, the same on every machine."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{fold}".encode()).digest()[:4], "little") % 2**31
