"""This file holds every protocol of conf/protocol/ against what it promises, for records of any shape."""

import csv
import os
from collections import Counter
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from fer.build import build
from fer.errors import FerError
from fer.protocols.base import EvaluationProtocol, Fold
from fer.records import EXPRESSIONS, FaceRecord

CONF = Path(__file__).parents[2] / "conf" / "protocol"
PROTOCOLS = sorted(path.stem for path in CONF.glob("*.yaml"))

#: Those in which every face is tested exactly once; the others have a published or a listed test part.
TEST_ALL = ("subject_independent", "leave_one_subject_out", "image_random")

#: Many in the slow run, few in `make test`, where they are the same every time.
EXAMPLES = int(os.environ.get("FER_EXAMPLES", "25"))
FEW = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES <= 25, suppress_health_check=list(HealthCheck), database=None
)

SPLITS = (None, "train", "val", "test", "Training", "PublicTest", "PrivateTest", "extra")


@st.composite
def faces(draw: st.DrawFn) -> list[FaceRecord]:
    """Records of one to three databases: few people or none, sequences, splits, one expression or many, in any proportion."""
    records = []
    everybody_known = draw(st.booleans())
    for database in ("a", "b", "c")[: draw(st.sampled_from((1, 1, 2, 3)))]:
        people = draw(st.integers(3, 9) if everybody_known else st.integers(0, 6))
        labels = draw(st.lists(st.sampled_from(EXPRESSIONS), min_size=1, max_size=4, unique=True))
        splits = draw(st.lists(st.sampled_from(SPLITS), min_size=1, max_size=3, unique=True))
        groups = draw(st.sampled_from((0, 0, 1, 4)))
        for i in range(draw(st.integers(0, 4) | st.integers(12, 40) | st.integers(12, 40))):
            person = draw(st.integers(0, people)) if people else None
            subject = None if person is None or (person == 0 and not everybody_known) else f"s{person}"
            group = f"g{draw(st.integers(0, groups))}" if groups and draw(st.booleans()) else None
            label, split = draw(st.sampled_from(labels)), draw(st.sampled_from(splits))
            records.append(FaceRecord(f"{database}/{i:03d}", f"{i}", label, subject, group, split))
    return sorted(records, key=lambda record: record.id)


def configured(name: str, **changed: Any) -> dict[str, Any]:
    """The configuration of a protocol with some of its settings changed."""
    return {**yaml.safe_load((CONF / f"{name}.yaml").read_text()), **changed}


def made(name: str, draw: st.DataObject, folds_file: str) -> EvaluationProtocol:
    """A protocol with settings that make sense or do not; FerError where it says that they do not."""
    config = configured(name)
    changed: dict[str, Any] = {"seed": draw.draw(st.integers(0, 3))} if "seed" in config else {}
    if "folds" in config:
        changed["folds"] = draw.draw(st.sampled_from((0, 2, 2, 3, 5)))
    if "train" in config and name == "cross_database":
        changed["train"] = draw.draw(st.sampled_from((["a"], ["a"], ["b", "a"], ["d"], [])))
    if "people" in config:
        changed["people"] = draw.draw(st.sampled_from(("stratified", "ascending")))
    if "file" in config:
        changed |= {"file": folds_file, "allow_missing": draw.draw(st.booleans())}
    protocol: EvaluationProtocol = build({**config, **changed}, "protocol")
    return protocol


def write_folds(path: Path, records: list[FaceRecord], draw: st.DataObject) -> None:
    """A file of folds over images or people, with parts or without, that may name strangers or leave faces out."""
    key = draw.draw(st.sampled_from(("id", "subject")))
    named = sorted({str(getattr(record, key)) for record in records}) + draw.draw(st.sampled_from(([], [], ["stranger"])))
    with_parts = draw.draw(st.booleans())
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["fold", key, *(["part"] if with_parts else [])])
        for name in named:
            part = [draw.draw(st.sampled_from(("train", "validation", "test")))] if with_parts else []
            writer.writerow([draw.draw(st.sampled_from(("1", "2", "ten"))), name, *part])


@pytest.mark.parametrize("name", PROTOCOLS)
@FEW
@given(records=faces(), draw=st.data())
def test_folds_cover_the_faces_are_disjoint_and_the_same_on_every_call(
    name: str, records: list[FaceRecord], draw: st.DataObject
) -> None:
    with NamedTemporaryFile(suffix=".csv") as file:
        write_folds(Path(file.name), records, draw)
        try:
            protocol = made(name, draw, file.name)
            folds = list(protocol.folds(records))
            assert folds == list(protocol.folds(list(records)))
        except FerError as refused:
            event("refused")
            message = str(refused)
        else:
            event("folds")
            message = ""
    if message:
        assert message.strip().count(":")
        return
    assert folds
    assert len({fold.name for fold in folds}) == len(folds)
    for fold in folds:
        check(fold, protocol, records, shared_is_refused_later=name in ("official", "official_validation", "published_folds"))
    if name in TEST_ALL:
        tested = Counter(i for fold in folds for ids in fold.tests.values() for i in ids)
        assert tested == Counter(record.id for record in records)


def check(fold: Fold, protocol: EvaluationProtocol, records: list[FaceRecord], *, shared_is_refused_later: bool) -> None:
    """What holds of every fold; a published split that shares people is refused by the leak check, which has its own tests."""
    known = {record.id: record for record in records}
    ids = [i for part in fold.parts.values() for i in part]
    assert set(ids) <= known.keys()
    assert len(set(ids)) == len(ids), "no image is in two parts"
    if protocol.leaky or shared_is_refused_later:
        return
    for field in protocol.disjoint:
        owners: dict[tuple[str, str], str] = {}
        for part, members in fold.parts.items():
            where = "test" if part.startswith("test") else part
            for i in members:
                if (value := getattr(known[i], field)) is not None and not published(fold, known):
                    assert owners.setdefault((i.partition("/")[0], value), where) == where, f"{field} {value} is in two parts"


def published(fold: Fold, known: dict[str, FaceRecord]) -> bool:
    """Whether parts of the fold are a database's own split, which nobody can promise to be of different people."""
    return any(known[i].split is not None for i in (*fold.train, *fold.val))


@FEW
@given(records=faces(), draw=st.data())
def test_other_records_of_the_same_kind_do_not_move_who_is_tested_where_by_ascending_id(
    records: list[FaceRecord], draw: st.DataObject
) -> None:
    protocol: EvaluationProtocol = build(configured("subject_independent", folds=2, people="ascending"), "protocol")
    try:
        before = {i: fold.name for fold in protocol.folds(records) for ids in fold.tests.values() for i in ids}
    except FerError:
        return
    shuffled = draw.draw(st.permutations(records))
    after = {i: f.name for f in protocol.folds(sorted(shuffled, key=lambda r: r.id)) for ids in f.tests.values() for i in ids}
    assert after == before
