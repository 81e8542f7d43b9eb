"""This file tests the protocols that treat databases as wholes: what trains, what validates, what is tested."""

import pytest
from planted import Planted

from fer.errors import ConfigError, ProtocolError
from fer.protocols.base import database_of
from fer.protocols.cross_database import CrossDatabase
from fer.protocols.leave_one_database_out import LeaveOneDatabaseOut
from fer.records import FaceRecord


def unsplit(name: str, people: int = 8) -> list[FaceRecord]:
    return [FaceRecord(f"{name}/{p}{e}", "", e, f"p{p}") for p in range(people) for e in ("anger", "fear")]


def three() -> list[FaceRecord]:
    return sorted([*unsplit("a"), *unsplit("b"), *Planted("c").records()], key=lambda record: record.id)


def databases(ids: tuple[str, ...]) -> set[str]:
    return {i.split("/")[0] for i in ids}


def test_each_database_that_is_not_trained_on_is_a_test_set() -> None:
    (fold,) = CrossDatabase(train=["a"]).folds(three())
    assert databases(fold.train) == databases(fold.val) == {"a"}
    assert fold.tests.keys() == {"b", "c"}
    assert set(fold.tests["c"]) == {record.id for record in Planted("c").records()}


def test_validation_is_other_people_of_the_training_databases() -> None:
    (fold,) = CrossDatabase(train=["a", "b"], validation=0.3).folds(three())
    person = {record.id: (database_of(record), record.subject) for record in three()}
    assert databases(fold.val) == {"a", "b"}
    assert not {person[i] for i in fold.train} & {person[i] for i in fold.val}


def test_a_published_split_of_the_training_database_is_kept_and_its_test_part_unread() -> None:
    (fold,) = CrossDatabase(train=["c"]).folds(three())
    by_id = {record.id: record for record in three()}
    assert {by_id[i].split for i in fold.train} == {"train"}
    assert {by_id[i].split for i in fold.val} == {"val"}


@pytest.mark.parametrize(
    ("train", "message"),
    [([], "found none of the databases a, b, c"), (["a", "b", "c"], "found all"), (["bb"], "'bb' is no database.*mean 'b'")],
)
def test_training_databases_that_make_no_sense_are_refused(train: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        list(CrossDatabase(train=train).folds(three()))


def test_one_database_is_too_few() -> None:
    with pytest.raises(ProtocolError, match=r"two databases or more, found a.*data="):
        list(LeaveOneDatabaseOut().folds(unsplit("a")))


def test_every_database_is_left_out_once_in_a_fold_of_its_name() -> None:
    folds = {fold.name: fold for fold in LeaveOneDatabaseOut().folds(three())}
    assert folds.keys() == {"a", "b", "c"}
    for name, fold in folds.items():
        assert fold.tests.keys() == {name}
        assert databases(fold.train) == folds.keys() - {name}


def test_a_split_without_a_training_part_is_refused() -> None:
    records = [*unsplit("a"), FaceRecord("d/1", "", "anger", split="evaluation")]
    with pytest.raises(ProtocolError, match=r"d has no training part.*evaluation"):
        list(LeaveOneDatabaseOut().folds(records))
