"""This file defines Predictions, the record that every number of a report is computed from, and its CSV file."""

import csv
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from sys import intern
from typing import IO

import numpy as np
from numpy.typing import NDArray

from fer.errors import RunError
from fer.files import replacing

FIXED_COLUMNS = ("fold", "test_set", "id", "subject", "target", "predicted")
SUM_TOLERANCE = 1e-3  # float32 softmax over a hundred labels is off by less than 1e-5; this catches logits and lost digits

Strings = NDArray[np.str_]


@dataclass(frozen=True)
class Predictions:
    """What a model said about each test image; one row an image and test set.

    `fold`, `test_set`, `id` and `subject` are (N,) strings, `subject` empty where the person is unknown; `target` is (N,)
    int64 into `labels`; `probabilities` is (N, K) float32, each row a distribution. RunError where a row is none.
    """

    fold: Strings
    test_set: Strings
    id: Strings
    subject: Strings
    target: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        assert self.probabilities.shape == (len(self.id), len(self.labels)), "one probability a row and label"
        wrong = no_distribution(self.probabilities)
        if len(wrong):
            raise RunError(
                f"fold {self.fold[wrong[0]]}: the probabilities of {len(wrong)} of {len(self)} images are no distribution "
                f"(first {self.id[wrong[0]]}: {self.probabilities[wrong[0]].tolist()}); the training may have diverged"
            )

    def __len__(self) -> int:
        return len(self.id)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable label of each row, (N,) int64 into `labels`, the first on a tie."""
        return self.probabilities.argmax(axis=1) if len(self) else np.zeros(0, np.int64)

    def select(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "Predictions":
        """The rows that a mask or an array of indices names."""
        return Predictions(
            fold=self.fold[rows],
            test_set=self.test_set[rows],
            id=self.id[rows],
            subject=self.subject[rows],
            target=self.target[rows],
            probabilities=self.probabilities[rows],
            labels=self.labels,
        )

    def restrict(self, labels: Sequence[str]) -> "Predictions":
        """The images of these labels alone, their probabilities shared out anew among these labels."""
        columns = [self.labels.index(name) for name in labels]
        index = np.full(len(self.labels), -1, np.int64)
        index[columns] = np.arange(len(columns))
        rows = self.select(index[self.target] >= 0)
        left = rows.probabilities[:, columns].astype(np.float64)
        total = left.sum(axis=1, keepdims=True)
        shares = np.divide(left, total, out=np.full_like(left, 1 / len(columns)), where=total > 0)
        return replace(rows, target=index[rows.target], probabilities=shares.astype(np.float32), labels=tuple(labels))


def no_distribution(probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
    """The rows of (N, K) that are no distribution: not finite, negative, or not summing to 1."""
    with np.errstate(invalid="ignore"):
        right = (probabilities >= 0).all(axis=1) & (np.abs(probabilities.sum(axis=1) - 1) <= SUM_TOLERANCE)
    return np.flatnonzero(~right)


def concatenate(parts: Sequence[Predictions]) -> Predictions:
    """The rows of all parts, in order; the parts have the same labels."""
    assert len({part.labels for part in parts}) == 1, "predictions of one run have the same labels"
    return Predictions(
        fold=np.concatenate([part.fold for part in parts]),
        test_set=np.concatenate([part.test_set for part in parts]),
        id=np.concatenate([part.id for part in parts]),
        subject=np.concatenate([part.subject for part in parts]),
        target=np.concatenate([part.target for part in parts]),
        probabilities=np.concatenate([part.probabilities for part in parts]),
        labels=parts[0].labels,
    )


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write predictions.csv, whole or not at all; the same predictions give the same bytes.

    Probabilities are written with as few digits as give the same float32 back.
    """
    names = predictions.labels
    columns = (
        predictions.fold.tolist(),
        predictions.test_set.tolist(),
        predictions.id.tolist(),
        predictions.subject.tolist(),
        [names[index] for index in predictions.target.tolist()],
        [names[index] for index in predictions.predicted.tolist()],
        *(column.tolist() for column in predictions.probabilities.T.astype("U16")),
    )
    with replacing(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*FIXED_COLUMNS, *names])
        writer.writerows(zip(*columns, strict=True))


def read_predictions(path: Path) -> Predictions:
    """Read predictions.csv; a damaged file is a RunError with file and row."""
    check_whole(path)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return read_rows(file, path)
    except (UnicodeDecodeError, csv.Error) as error:
        raise RunError(f"{path} is damaged: {error}. {REMEDY}") from None


REMEDY = "Delete the fold's folder and run the same training command again: only that fold is trained anew."


def check_whole(path: Path) -> None:
    """RunError where the file is missing or ends in the middle of a row."""
    if not path.is_file():
        raise RunError(f"{path} is missing. {REMEDY}")
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 1))
        if file.read() != b"\n":
            raise RunError(f"{path} is damaged: it ends in the middle of a row. {REMEDY}")


def read_rows(file: IO[str], path: Path) -> Predictions:
    """The predictions of an open file; `path` is for the messages."""
    rows = csv.reader(file)
    labels = labels_of_header(next(rows), path)
    index = {name: i for i, name in enumerate(labels)}
    width = len(FIXED_COLUMNS) + len(labels)
    texts: tuple[list[str], ...] = ([], [], [], [])
    indices: tuple[array[int], array[int]] = (array("q"), array("q"))
    values = array("f")
    for row in rows:
        if len(row) != width:
            raise damaged(path, rows.line_num, f"found {len(row)} columns, expected {width}")
        for column, text in zip(texts, row[:4], strict=True):
            column.append(intern(text))
        try:
            indices[0].append(index[row[4]])
            indices[1].append(index[row[5]])
            values.extend(map(float, row[6:]))
        except KeyError as error:
            raise damaged(path, rows.line_num, f"{error} is none of the labels {', '.join(labels)}") from None
        except ValueError as error:
            raise damaged(path, rows.line_num, str(error)) from None
    probabilities = np.frombuffer(values, np.float32).reshape(-1, len(labels))
    check_rows(probabilities, np.frombuffer(indices[1], np.int64), lambda row, why: damaged(path, row + 2, why))
    fold, test_set, ids, subject = (np.array(column, np.str_) for column in texts)
    return Predictions(fold, test_set, ids, subject, np.frombuffer(indices[0], np.int64), probabilities, labels)


def labels_of_header(header: Sequence[str], path: Path) -> tuple[str, ...]:
    """The labels that the header names after the fixed columns."""
    fixed, labels = tuple(header[: len(FIXED_COLUMNS)]), tuple(header[len(FIXED_COLUMNS) :])
    if fixed != FIXED_COLUMNS or not labels or len(set(labels)) < len(labels):
        expected = ",".join(FIXED_COLUMNS)
        raise damaged(path, 1, f"found the header {','.join(header)!r}, expected {expected} and one column a label")
    return labels


def check_rows(probabilities: NDArray[np.float32], predicted: NDArray[np.int64], error: Callable[[int, str], RunError]) -> None:
    """Raise `error(row, why)` for the first row whose probabilities are no distribution or whose label is another."""
    wrong = no_distribution(probabilities)
    if len(wrong):
        raise error(int(wrong[0]), f"the probabilities {probabilities[wrong[0]].tolist()} do not sum to 1")
    other = np.flatnonzero(probabilities.argmax(axis=1) != predicted) if len(predicted) else wrong
    if len(other):
        raise error(int(other[0]), "the predicted label is not the most probable one")


def damaged(path: Path, row: int, why: str) -> RunError:
    """The error for row `row` of the file, counted from 1 with the header."""
    return RunError(f"{path}, row {row}: {why}. {REMEDY}")
