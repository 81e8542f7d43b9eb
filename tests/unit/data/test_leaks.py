from dataclasses import replace

import pytest
from planted import Planted

from fer.data.cohort import Cohort
from fer.data.leaks import check, find_leaks
from fer.data.prepare import prepare
from fer.data.preprocessing.whole_image import WholeImage
from fer.errors import LeakError
from fer.labels import LabelSpace
from fer.protocols.base import EvaluationProtocol, Fold
from fer.protocols.official import Official
from fer.protocols.subject_independent import SubjectIndependent


class Strict(Official):
    """The official split, with copies refused."""

    on_copies = "refuse"


class Demonstration(Strict):
    """A protocol that exists to show what leaks are worth."""

    leaky = True


def planned(leak: str, protocol: EvaluationProtocol) -> tuple[Cohort, Fold]:
    database = Planted(leak=leak)
    records = database.records()
    restriction = LabelSpace().restrict(records)
    faces = prepare(database, records, preprocess=WholeImage(), spec={}, size=24, channels=1)
    cohort = Cohort.join([(records, faces)], records=restriction.records, labels=restriction.labels)
    return cohort, next(iter(protocol.folds(restriction.records)))


def test_a_clean_fold_has_no_leaks() -> None:
    cohort, fold = planned("none", Strict())
    ((checked, counts),) = check([fold], cohort, Strict())
    assert checked == fold
    assert counts == {}


@pytest.mark.parametrize(
    ("leak", "message"),
    [
        ("subject", r"fold '00': subject p00 is in train and in test 'test' \(1 image\)"),
        ("group", r"fold '00': group g00 is in train and in test 'test' \(1 image\)"),
        ("exact", r"test 'test' has 1 image with an exact copy in train: planted/p00_anger_0 = planted/p11_sadness_1"),
        ("mirrored", r"test 'test' has 1 image with a mirrored copy in train: planted/p00_anger_0 = planted/p11_sadness_1"),
    ],
)
def test_a_leak_is_refused_with_names_and_counts(leak: str, message: str) -> None:
    cohort, fold = planned(leak, Strict())
    with pytest.raises(LeakError, match=message):
        check([fold], cohort, Strict())


@pytest.mark.parametrize("leak", ["exact", "mirrored"])
def test_copies_between_people_are_refused_by_subject_independent_folds(leak: str) -> None:
    protocol = SubjectIndependent(folds=2)
    cohort, _ = planned(leak, protocol)
    folds = list(protocol.folds(cohort.records))
    with pytest.raises(LeakError, match="copy in"):
        check(folds, cohort, protocol)


def test_a_published_split_with_copies_runs_and_gets_a_clean_test_set() -> None:
    cohort, fold = planned("exact", Official())
    ((checked, counts),) = check([fold], cohort, Official())
    assert counts == {"exact copy: train → test 'test'": 1}
    assert set(checked.tests["test"]) - set(checked.tests["test_clean"]) == {"planted/p11_sadness_1"}


def test_a_published_split_that_shares_a_person_is_still_refused() -> None:
    cohort, fold = planned("subject", Official())
    with pytest.raises(LeakError, match="subject p00"):
        check([fold], cohort, Official())


def test_a_leaky_protocol_runs_and_counts() -> None:
    cohort, fold = planned("exact", Demonstration())
    ((_, counts),) = check([fold], cohort, Demonstration())
    assert sum(counts.values()) == 1


def test_an_image_that_is_its_own_mirror_counts_as_an_exact_copy_only() -> None:
    cohort, fold = planned("exact", Strict())
    cohort.copies[:, 1] = cohort.copies[:, 0]
    assert [leak.kind for leak in find_leaks(fold, cohort, ())] == ["exact copy"]


def test_a_copy_in_a_validation_part_that_was_cut_out_of_training_is_not_clean() -> None:
    cohort, fold = planned("exact", Official())
    moved = tuple(i for i in fold.train if i.startswith("planted/p00"))
    without = tuple(i for i in fold.train if i not in moved)
    for published, clean in ((False, {"planted/p11_sadness_1"}), (True, set())):
        other = replace(fold, train=without, val=(*fold.val, *moved), val_published=published)
        ((checked, _),) = check([other], cohort, Official())
        left_out = set(checked.tests["test"]) - set(checked.tests.get("test_clean", checked.tests["test"]))
        assert left_out == clean


def test_where_one_fold_has_copies_every_fold_gets_a_clean_test_set() -> None:
    class Lenient(SubjectIndependent):
        on_copies = "report"

    protocol = Lenient(folds=4)
    cohort, _ = planned("exact", protocol)
    checked = check(protocol.folds(cohort.records), cohort, protocol)
    tested = [i for fold, _ in checked for i in fold.tests["planted"]]
    clean = [i for fold, _ in checked for i in fold.tests["planted_clean"]]
    assert len(tested) == len(cohort.records)
    assert set(tested) - set(clean) == {"planted/p00_anger_0", "planted/p11_sadness_1"}
