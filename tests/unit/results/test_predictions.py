"""This file tests that predictions survive their file unchanged, and that a damaged file is one message."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up_run import made_up_predictions

from fer.errors import RunError
from fer.results.predictions import Predictions, concatenate, read_predictions, write_predictions


def same(one: Predictions, other: Predictions) -> bool:
    columns = ("fold", "test_set", "id", "subject", "target", "probabilities")
    return one.labels == other.labels and all(np.array_equal(getattr(one, c), getattr(other, c)) for c in columns)


def test_what_is_written_is_read_to_the_last_bit(tmp_path: Path) -> None:
    made = made_up_predictions(500)
    write_predictions(tmp_path / "predictions.csv", made)
    found = read_predictions(tmp_path / "predictions.csv")
    assert same(made, found)
    assert found.probabilities.dtype == np.float32


def test_unknown_subjects_and_strange_names_survive(tmp_path: Path) -> None:
    made = made_up_predictions(3, subjects=0)
    made = replace(made, id=np.array(['a/"quoted", with comma', "a/ü", "a/plain"]))
    write_predictions(tmp_path / "p.csv", made)
    assert same(made, read_predictions(tmp_path / "p.csv"))


def test_same_predictions_give_same_bytes(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        write_predictions(tmp_path / name, made_up_predictions(100))
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["one.csv", "two.csv"]


def test_header_is_the_documented_one(tmp_path: Path) -> None:
    write_predictions(tmp_path / "p.csv", made_up_predictions(1, labels=("anger", "fear")))
    assert (tmp_path / "p.csv").read_text().splitlines()[0] == "fold,test_set,id,subject,target,predicted,anger,fear"


def test_the_first_label_wins_a_tie() -> None:
    made = made_up_predictions(1, labels=("anger", "fear", "neutral"))
    tied = replace(made, probabilities=np.array([[0.2, 0.4, 0.4]], np.float32))
    assert tied.predicted.tolist() == [1]


def test_parts_are_joined_in_order() -> None:
    one, two = made_up_predictions(3), made_up_predictions(2, start=10)
    assert concatenate([one, two]).id.tolist() == [*one.id.tolist(), *two.id.tolist()]


@pytest.mark.parametrize("wrong", [[np.nan, 0.5, 0.5], [0.5, 0.2, 0.2], [1.2, -0.2, 0.0], [3.0, 1.0, -2.0]])
def test_rows_that_are_no_distribution_are_refused(wrong: list[float]) -> None:
    made = made_up_predictions(2, labels=("anger", "fear", "neutral"))
    with pytest.raises(RunError, match=r"fold 00: the probabilities of 1 of 2 images are no distribution"):
        replace(made, probabilities=np.array([[0.2, 0.4, 0.4], wrong], np.float32))


HEADER = "fold,test_set,id,subject,target,predicted,anger,fear\n"
GOOD = "00,jaffe,jaffe/1,KA,anger,anger,0.75,0.25\n"
DAMAGE: dict[str, tuple[str, str]] = {
    "cut in the middle of a row": (HEADER + GOOD + GOOD[:-3], "ends in the middle of a row"),
    "empty": ("", "ends in the middle of a row"),
    "another header": ("fold,id\n", "row 1: found the header 'fold,id'"),
    "no label": ("fold,test_set,id,subject,target,predicted\n", "row 1: found the header"),
    "a column missing": (HEADER + GOOD + "00,jaffe,jaffe/2,KA,anger,anger,0.75\n", "row 3: found 7 columns, expected 8"),
    "an unknown target": (HEADER + GOOD.replace("anger", "rage"), "row 2: 'rage' is none of the labels anger, fear"),
    "no number": (HEADER + GOOD.replace("0.25", "x"), "row 2: could not convert string to float"),
    "no distribution": (HEADER + GOOD + GOOD.replace("0.25", "0.5"), "row 3: the probabilities"),
    "not a number": (HEADER + GOOD.replace("0.25", "nan"), "row 2: the probabilities"),
    "another answer": (HEADER + GOOD.replace("anger,anger", "anger,fear"), "row 2: the predicted label is not the most prob"),
}


@pytest.mark.parametrize(("text", "message"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_one_message_with_file_and_row(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "predictions.csv"
    path.write_text(text)
    with pytest.raises(RunError) as raised:
        read_predictions(path)
    assert str(path) in str(raised.value)
    assert message in str(raised.value)


@pytest.mark.parametrize("write", [lambda path: path.write_bytes(b"\xff\xfe\x00\n"), lambda path: None])
def test_no_text_or_no_file_is_one_message(tmp_path: Path, write: Callable[[Path], object]) -> None:
    write(tmp_path / "predictions.csv")
    with pytest.raises(RunError, match=r"predictions\.csv"):
        read_predictions(tmp_path / "predictions.csv")
