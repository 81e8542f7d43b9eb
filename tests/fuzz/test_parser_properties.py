"""This file holds what is written and read against itself: predictions, labels, tables, votes, sweep files, boxes."""

import csv
import io
import json
import os
import string
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fer.data.databases.expression_words import WORDS
from fer.data.databases.face_box import FURTHEST, FaceBox
from fer.data.databases.fer2013_csv import parse_pixels
from fer.data.databases.ferplus import HEADER, VOTE_COLUMNS, read_votes
from fer.data.databases.table import Table
from fer.errors import DatabaseDamaged, FerError
from fer.labels import LabelSpace, label_from_votes
from fer.names import is_plain, shown
from fer.records import EXPRESSIONS, FaceRecord
from fer.results.predictions import Predictions, read_predictions, write_predictions
from fer.sweeps.sweep_file import read_sweep

EXAMPLES = int(os.environ.get("FER_EXAMPLES", "25"))
FEW = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES <= 25, suppress_health_check=list(HealthCheck), database=None
)

#: Names as files and people have them: any text on one line.
NAMES = st.text(max_size=12).filter(is_plain).map(lambda name: f"x{name}x")


def refusal(read: Callable[[], object]) -> str:
    """What an error of the user's says of something that is read; nothing where it can be read."""
    try:
        read()
    except FerError as error:
        return str(error)
    return ""


@st.composite
def predictions(draw: st.DrawFn) -> Predictions:
    """Predictions with any names and any float32 probabilities."""
    n, k = draw(st.integers(0, 6)), draw(st.integers(1, 8))
    raw = draw(arrays.arrays(np.float32, (n, k), elements=st.floats(0, 1, width=32)))
    raw[raw.sum(axis=1) == 0] = 1
    names = [draw(st.lists(NAMES, min_size=n, max_size=n)) for _ in range(4)]
    return Predictions(
        *(np.array(column, np.str_) for column in names),
        target=np.array(draw(st.lists(st.integers(0, k - 1), min_size=n, max_size=n)), np.int64),
        probabilities=(raw / raw.sum(axis=1, keepdims=True, dtype=np.float64)).astype(np.float32),
        labels=tuple(draw(st.lists(NAMES, min_size=k, max_size=k, unique=True))),
    )


@FEW
@given(made=predictions())
def test_predictions_are_read_as_they_were_written_to_the_last_bit(made: Predictions) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "predictions.csv"
        write_predictions(path, made)
        found = read_predictions(path)
    for name in ("fold", "test_set", "id", "subject", "target", "probabilities"):
        np.testing.assert_array_equal(getattr(found, name), getattr(made, name))
    assert found.labels == made.labels


@FEW
@given(content=st.binary(max_size=400))
@example(b"fold,test_set,id,subject,target,predicted,a,b\n0,t,i,,a,a,1_0,0\n")
@example(b"fold,test_set,id,subject,target,predicted,a,b\n0,t,i,,a,a,1e400,0\n")
def test_any_bytes_are_predictions_or_refused_with_the_name_of_the_file(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "predictions.csv"
        path.write_bytes(content)
        said = refusal(lambda: read_predictions(path))
    assert said == "" or "predictions.csv" in said


@FEW
@given(votes=st.fixed_dictionaries({name: st.integers(0, 10).map(float) for name in VOTE_COLUMNS.values()}))
def test_a_label_from_votes_is_one_that_got_the_most(votes: dict[str, float]) -> None:
    record = FaceRecord("fer2013/0", "0", "anger", votes=votes)
    majority, most = label_from_votes(record, "majority"), label_from_votes(record, "argmax")
    assert votes[most] == max(votes.values())
    if majority != "no_majority":
        counted = {name: n for name, n in votes.items() if n > 1}
        assert 2 * counted[majority] > sum(counted.values())
        assert votes[majority] == max(votes.values())


@FEW
@given(rows=st.lists(st.lists(st.integers(0, 10), min_size=10, max_size=10), max_size=8))
def test_votes_are_read_row_by_row(rows: list[list[int]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "fer2013new.csv"
        path.write_text("\n".join([",".join(HEADER), *(",".join(["Training", "f.png", *map(str, row)]) for row in rows)]) + "\n")
        found = read_votes(path, ["Training"] * len(rows), faces=Path("fer2013.csv"))
    assert [list(map(int, votes.values())) for votes in found] == rows


@FEW
@given(
    names=st.none() | st.lists(st.sampled_from((*EXPRESSIONS, "joy")), max_size=9),
    merge=st.dictionaries(st.sampled_from(EXPRESSIONS), st.sampled_from((*EXPRESSIONS, "joy")), max_size=3),
    labels=st.lists(st.sampled_from(EXPRESSIONS), max_size=20),
)
def test_every_image_is_kept_or_counted_and_every_label_has_its_own_index(
    names: list[str] | None, merge: dict[str, str], labels: list[str]
) -> None:
    records = [FaceRecord(f"a/{i}", str(i), label) for i, label in enumerate(labels)]
    try:
        kept = LabelSpace(names, merge).restrict(records)
    except FerError:
        return
    assert len(kept.records) + sum(kept.dropped.values()) == len(records)
    index = kept.labels.encode(record.expression for record in kept.records)
    assert [kept.labels.resolved[i] for i in index] == [
        merge.get(labels[int(r.source)], labels[int(r.source)]) for r in kept.records
    ]


@FEW
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(sorted(WORDS)), NAMES | st.just(""), NAMES | st.just(""), NAMES | st.just("")),
        min_size=1,
        max_size=6,
    ),
    delimiter=st.sampled_from(",;\t"),
)
def test_a_table_is_read_cell_by_cell_whatever_is_in_it(rows: list[tuple[str, str, str, str]], delimiter: str) -> None:
    with TemporaryDirectory() as folder:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=delimiter)
        writer.writerow(["path", "expression", "subject", "group", "split"])
        for i, row in enumerate(rows):
            (Path(folder) / f"{i}.png").touch()
            writer.writerow([f"{i}.png", *row])
        (Path(folder) / "faces.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
        found = Table(folder).records()
    said = [(r.expression, r.subject or "", r.group or "", r.split or "") for r in found]
    assert said == [(WORDS[word], *(cell.strip() for cell in others)) for word, *others in rows]


@FEW
@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_table_or_refused_with_the_name_of_the_file(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "faces.csv").write_bytes(content)
        with pytest.raises(FerError, match=r"faces\.csv"):
            Table(folder).records()


@FEW
@given(numbers=st.lists(st.integers(-300, 2**70), min_size=48 * 48, max_size=48 * 48) | st.lists(st.integers(0, 255), max_size=9))
@example(numbers=[4294967298] * 48 * 48)
@example(numbers=list(range(256)) * 9)
def test_pixels_are_read_as_they_stand_or_refused(numbers: list[int]) -> None:
    text = " ".join(map(str, numbers)).encode()
    if len(numbers) == 48 * 48 and 0 <= min(numbers) <= max(numbers) <= 255:
        assert parse_pixels(text, "line 2").ravel().tolist() == numbers
    else:
        with pytest.raises(DatabaseDamaged, match="line 2"):
            parse_pixels(text, "line 2")


@FEW
@given(edges=st.lists(st.integers(-(10**20), 10**20) | st.integers(-9, 99), min_size=4, max_size=4), margin=st.floats(0, 2))
def test_a_box_cuts_a_part_of_the_photograph_or_is_refused(edges: list[int], margin: float) -> None:
    photograph = np.arange(40 * 30, dtype=np.uint16).reshape(40, 30).astype(np.uint8)
    if max(map(abs, edges)) > FURTHEST:
        with pytest.raises(ValueError, match="beyond the edges"):
            FaceBox.checked(*edges)
        return
    cut = FaceBox.checked(*edges).widened(margin).cut(photograph)
    assert cut.shape[0] <= 40
    assert cut.shape[1] <= 30


#: YAML of any shape, of the words that a sweep file has and others.
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(("uniform", "grid", "val_loss", "1e-3", "", "ü")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("min", "max", "values", "q", "name")), inner, max_size=3)
    ),
    max_leaves=8,
)


@FEW
@given(
    changed=st.dictionaries(st.sampled_from(("method", "metric", "parameters", "command", "early_terminate", "run_cap")), VALUES)
)
@example(changed={"metric": {"name": ["val_loss"]}})
@example(changed={"parameters": {"seed": {"min": 0, "max": 10**400}}})
@example(changed={"parameters": {"seed": {"distribution": "q_uniform", "min": 0, "max": 1, "q": 1e-300}}})
@example(changed={"method": ["grid"]})
def test_a_sweep_file_of_any_shape_is_a_sweep_or_refused_with_its_name(changed: dict[str, object]) -> None:
    root = Path(__file__).parents[2]
    content = {**yaml.safe_load((root / "sweeps/smoke.yaml").read_text()), **changed, "program": str(root / "train.py")}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sweep.yaml"
        path.write_text(json.dumps(content, allow_nan=True).replace("Infinity", ".inf").replace("NaN", ".nan"))
        said = refusal(lambda: read_sweep(path))
    assert said == "" or "sweep.yaml" in said


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]",
        "a: 2001-13-45",
        "a: " + "[" * 3000,
        "\n".join(
            ["a0: &a0 [x, x, x, x, x, x, x, x]", *(f"a{i}: &a{i} [{', '.join(8 * [f'*a{i - 1}'])}]" for i in range(1, 20))]
        ),
        "? [a]\n: b",
        "a: !!python/object/apply:os.mkdir [exploded]",
    ],
    ids=["itself", "no such day", "deep", "a billion laughs", "a list as key", "a python object"],
)
def test_yaml_that_is_a_trap_is_refused_at_once(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sweep.yaml").write_text(text)
    with pytest.raises(FerError, match=r"sweep\.yaml"):
        read_sweep(tmp_path / "sweep.yaml")
    assert not (tmp_path / "exploded").exists()


@FEW
@given(text=st.text(alphabet=st.characters(codec=None) | st.sampled_from(string.printable), max_size=30))
@example(text="\x1b[31mred\x07\x9b\udcff")
def test_what_is_shown_holds_nothing_that_a_terminal_obeys(text: str) -> None:
    safe = shown(text)
    assert all(is_plain(line) for line in safe.replace("\t", "\n").split("\n"))
    assert shown(safe) == safe
    assert not is_plain(text) or safe == text
