"""This file chooses the mistakes that a run page shows: those the model was surest of, and what it confuses most often."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fer.results.metrics import Floats, Ints, confusion
from fer.results.predictions import Predictions, Strings, concatenate
from fer.results.stored_run import StoredRun

SUREST, PAIRS, EXAMPLES = 24, 4, 8  # shown: mistakes, confused pairs of labels, and mistakes of each pair


@dataclass(frozen=True)
class Mistake:
    """An image whose label was not the most probable; `probability` is that of the label it was taken for."""

    id: str
    subject: str
    target: str
    predicted: str
    probability: float
    of_target: float


@dataclass(frozen=True)
class Confusion:
    """A label that is taken for another, how often, of how many images, and the surest examples."""

    target: str
    predicted: str
    count: int
    images: int
    examples: tuple[Mistake, ...]


@dataclass(frozen=True)
class Gallery:
    """The mistakes of a run, `wrong` in all; each image counts once, by its mean probabilities over seeds and test sets."""

    wrong: int
    surest: tuple[Mistake, ...]
    confusions: tuple[Confusion, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The images that are shown."""
        shown = [*self.surest, *(one for pair in self.confusions for one in pair.examples)]
        return tuple(dict.fromkeys(one.id for one in shown))


@dataclass(frozen=True)
class Answers:
    """What a run says of each of its test images, once an image: (N,) ids, subjects and targets, (N, K) probabilities."""

    id: Strings
    subject: Strings
    target: Ints
    probabilities: Floats
    labels: tuple[str, ...]


def gallery(run: StoredRun) -> Gallery | None:
    """The mistakes that the page of a run shows; None where nothing is tested yet, or nothing is wrong."""
    if not run.folds:
        return None
    answers = answers_of(concatenate([fold.predictions for fold in run.folds]))
    predicted = answers.probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != answers.target)
    if not len(wrong):
        return None
    surest = wrong[np.argsort(-answers.probabilities[wrong, predicted[wrong]], kind="stable")]
    return Gallery(
        wrong=len(wrong),
        surest=mistakes(answers, surest[:SUREST]),
        confusions=confusions(answers, predicted, surest),
    )


def answers_of(rows: Predictions) -> Answers:
    """Each image once, with the mean of what was said of it."""
    ids, first, image = np.unique(rows.id, return_index=True, return_inverse=True)
    total = np.zeros((len(ids), len(rows.labels)))
    np.add.at(total, image, rows.probabilities)
    shares = total / np.bincount(image)[:, None]
    return Answers(ids, rows.subject[first], rows.target[first], shares, rows.labels)


def mistakes(answers: Answers, chosen: Ints) -> tuple[Mistake, ...]:
    """The mistakes in these rows."""
    return tuple(mistake(answers, row) for row in chosen.tolist())


def mistake(answers: Answers, row: int) -> Mistake:
    """The mistake in a row."""
    shares, target = answers.probabilities[row], int(answers.target[row])
    said = int(shares.argmax())
    return Mistake(
        id=str(answers.id[row]),
        subject=str(answers.subject[row]),
        target=answers.labels[target],
        predicted=answers.labels[said],
        probability=float(shares[said]),
        of_target=float(shares[target]),
    )


def confusions(answers: Answers, predicted: Ints, surest: Ints) -> tuple[Confusion, ...]:
    """The commonest pairs of label and answer; `surest` are the rows of all mistakes, in that order."""
    labels = answers.labels
    counts = confusion(answers.target, predicted, labels=len(labels))
    found = []
    for target, said in commonest(counts):
        of_pair = surest[(answers.target[surest] == target) & (predicted[surest] == said)]
        examples = mistakes(answers, of_pair[:EXAMPLES])
        found.append(Confusion(labels[target], labels[said], int(counts[target, said]), int(counts[target].sum()), examples))
    return tuple(found)


def commonest(counts: Ints) -> Sequence[tuple[int, int]]:
    """The cells off the diagonal with the most images."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:PAIRS].tolist()
    return [divmod(cell, len(counts)) for cell in order if wrong.flat[cell]]
