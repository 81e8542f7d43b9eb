from collections import Counter
from itertools import combinations

import pytest
from planted import Planted

from fer.data.databases.synthetic import Synthetic
from fer.errors import ProtocolError
from fer.protocols.balance import cut, deal, units
from fer.protocols.base import for_each_seed
from fer.protocols.image_random import ImageRandom
from fer.protocols.leave_one_subject_out import LeaveOneSubjectOut
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


@pytest.mark.parametrize(("split", "way_out"), [("Training", "protocol=official"), (None, "protocol=cross_database")])
def test_a_database_without_subjects_is_refused_with_a_way_out(split: str | None, way_out: str) -> None:
    records = [FaceRecord(f"fer2013/{i}", "", "anger", split=split) for i in range(9)]
    with pytest.raises(ProtocolError, match=rf"fer2013 does not say who is in its images.*Use {way_out}[^,]*, a database"):
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


def test_people_are_dealt_out_by_ascending_id_as_ck_plus_is_published() -> None:
    records = faces(*(f"S{number:03d}" for number in (5, 10, 11, 14, 22, 26, 28, 29, 32, 34, 35, 37)))
    folds = list(SubjectIndependent(folds=10, people="ascending").folds(records))
    assert subjects(records, folds[0].tests["d"]) == {"S005", "S035"}
    assert subjects(records, folds[1].tests["d"]) == {"S010", "S037"}
    assert subjects(records, folds[9].tests["d"]) == {"S034"}


def test_leave_one_subject_out_tests_each_person_alone_and_once() -> None:
    records = list(Planted().records())
    folds = list(LeaveOneSubjectOut().folds(records))
    tested = [subjects(records, fold.tests["planted"]) for fold in folds]
    assert [len(people) for people in tested] == [1] * 12
    assert set.union(*tested) == subjects(records, tuple(record.id for record in records))
    for fold in folds:
        for first, second in combinations(fold.parts.values(), 2):
            assert not subjects(records, first) & subjects(records, second)


def test_more_than_a_hundred_folds_sort_by_number() -> None:
    records = faces(*(f"p{i:03d}" for i in range(118)))
    names = [fold.name for fold in LeaveOneSubjectOut().folds(records)]
    assert names == sorted(names)
    assert (names[0], names[-1]) == ("000", "117")


def test_leaving_one_subject_out_needs_three_people() -> None:
    with pytest.raises(ProtocolError, match="fewer than 3 people"):
        list(LeaveOneSubjectOut().folds(faces("a", "b")))


def test_image_random_puts_people_into_training_and_test_and_says_so() -> None:
    records = list(Planted().records())
    folds = list(ImageRandom(folds=3).folds(records))
    assert ImageRandom.leaky
    assert all(subjects(records, fold.train) & subjects(records, fold.tests["planted"]) for fold in folds)
    assert Counter(i for fold in folds for i in fold.tests["planted"]) == Counter(record.id for record in records)
    assert all(len(set(fold.train) | set(fold.val)) + len(fold.tests["planted"]) == len(records) for fold in folds)


def test_images_are_dealt_in_equal_shares_of_every_expression() -> None:
    records = [FaceRecord(f"d/{e}{i:02d}", "", e) for e, n in (("anger", 40), ("fear", 23)) for i in range(n)]
    part = deal(records, [0.1] * 10, seed=0)
    for expression, counts in (("anger", {4}), ("fear", {2, 3})):
        of_part = Counter(p for record, p in zip(records, part.tolist(), strict=True) if record.expression == expression)
        assert set(of_part.values()) == counts


def test_several_seeds_repeat_every_fold_under_a_name_of_its_own() -> None:
    folds = list(SubjectIndependent(folds=3).folds(Planted().records()))
    repeated = for_each_seed(folds, [4, 7])
    assert [fold.name for fold in repeated] == ["00-seed4", "01-seed4", "02-seed4", "00-seed7", "01-seed7", "02-seed7"]
    assert [fold.cut for fold in repeated] == ["00", "01", "02"] * 2
    assert [fold.tests for fold in repeated] == [fold.tests for fold in folds] * 2
    assert [fold.name for fold in for_each_seed(folds, [4])] == ["00", "01", "02"]
