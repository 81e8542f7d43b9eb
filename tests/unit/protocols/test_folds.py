from collections import Counter
from itertools import combinations

import pytest
from planted import Planted

from fer.data.databases.synthetic import Synthetic
from fer.errors import ProtocolError
from fer.protocols.balance import cut, units
from fer.protocols.official import Official
from fer.protocols.subject_independent import SubjectIndependent
from fer.records import FaceRecord


def subjects(records: list[FaceRecord], ids: tuple[str, ...]) -> set[str | None]:
    by_id = {record.id: record for record in records}
    return {by_id[i].subject for i in ids}


def faces(*people: str, group: str | None = None) -> list[FaceRecord]:
    return [FaceRecord(f"d/{p}{i}", f"{p}{i}", e, p, group) for p in people for i, e in enumerate(("anger", "fear"))]


def test_no_subject_is_in_two_parts() -> None:
    records = list(Planted().records())
    for fold in SubjectIndependent(folds=4).folds(records):
        for first, second in combinations(fold.parts.values(), 2):
            assert not subjects(records, first) & subjects(records, second)


def test_every_face_is_tested_exactly_once() -> None:
    records = list(Planted().records())
    tested = Counter(i for fold in SubjectIndependent(folds=5).folds(records) for i in fold.tests["planted"])
    assert tested == Counter(record.id for record in records)


def test_every_part_of_every_fold_covers_all_faces() -> None:
    records = list(Planted().records())
    for fold in SubjectIndependent(folds=3).folds(records):
        assert sorted(i for part in fold.parts.values() for i in part) == [record.id for record in records]


def test_two_calls_give_the_same_folds_and_another_seed_gives_others() -> None:
    records = Planted().records()
    first, again = (list(SubjectIndependent(seed=3).folds(records)) for _ in range(2))
    assert first == again
    assert list(SubjectIndependent(seed=4).folds(records)) != first


def test_folds_are_stratified_where_people_show_different_expressions() -> None:
    records = [FaceRecord(f"d/{p:02d}{i}", "", "anger" if p % 2 else "fear", f"p{p}") for p in range(40) for i in range(3)]
    for fold in SubjectIndependent(folds=5).folds(records):
        shown = Counter(record.expression for record in records if record.id in set(fold.tests["d"]))
        assert shown == {"anger": 12, "fear": 12}


def test_people_who_share_a_group_are_one_unit() -> None:
    records = faces("a", "b", group="together") + faces("c", "d")
    assert units(records).tolist() == [0, 0, 0, 0, 1, 1, 2, 2]


def test_people_of_two_databases_with_one_name_are_two_people() -> None:
    records = [FaceRecord("x/1", "", "anger", "p1"), FaceRecord("y/1", "", "anger", "p1")]
    assert len(set(units(records).tolist())) == 2


def test_a_cut_keeps_to_its_shares() -> None:
    records = Synthetic(subjects=50, takes=2).records()
    part = cut(records, [0.8, 0.2], seed=0)
    assert 0.15 <= part.mean() <= 0.25


def test_no_part_stays_empty_where_people_are_few() -> None:
    (first, *_) = SubjectIndependent(folds=2, validation=0.1).folds(faces("a", "b", "c", "d"))
    assert all(first.parts.values())


def test_a_database_without_subjects_is_refused_with_a_way_out() -> None:
    records = [FaceRecord(f"fer2013/{i}", "", "anger") for i in range(9)]
    with pytest.raises(ProtocolError, match=r"fer2013 does not say who is in its images.*protocol=official"):
        list(SubjectIndependent().folds(records))


def test_too_few_people_are_refused() -> None:
    with pytest.raises(ProtocolError, match="found 3 people, expected at least 6"):
        list(SubjectIndependent(folds=5).folds(faces("a", "b", "c")))


def test_the_official_split_is_followed_to_the_letter() -> None:
    words = ("Training", "PublicTest", "PrivateTest")
    records = [FaceRecord(f"fer2013/{i}", "", "anger", split=words[i % 3]) for i in range(9)]
    (fold,) = Official().folds(records)
    assert fold.train == ("fer2013/0", "fer2013/3", "fer2013/6")
    assert fold.val == ("fer2013/1", "fer2013/4", "fer2013/7")
    assert fold.tests == {"private": ("fer2013/2", "fer2013/5", "fer2013/8")}


def test_a_split_without_validation_gives_up_a_part_of_its_training_people() -> None:
    records = [record for record in Planted().records() if record.split != "val"]
    (fold,) = Official(validation_share=0.25).folds(records)
    assert len(subjects(records, fold.val)) == 2
    assert not subjects(records, fold.val) & subjects(records, fold.train)
    assert list(fold.tests) == ["test"]


def test_a_database_without_a_split_is_refused_with_a_way_out() -> None:
    with pytest.raises(ProtocolError, match=r"no training part.*found the parts: none.*subject_independent"):
        list(Official().folds(faces("a", "b")))
