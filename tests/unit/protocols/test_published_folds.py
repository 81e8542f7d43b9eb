"""This file tests folds that come from a user's file."""

from pathlib import Path

import pytest
from planted import Planted

from fer.errors import ConfigError, ProtocolError
from fer.protocols.published_folds import PublishedFolds
from fer.records import FaceRecord

RECORDS = [FaceRecord(f"d/p{p}{e[0]}", "", e, f"p{p}") for p in range(6) for e in ("anger", "fear")]


def folds_of(path: Path, text: str, **options: bool) -> PublishedFolds:
    path.write_text(text)
    return PublishedFolds(str(path), validation=0.3, **options)


def by_subject(*, folds: int = 3, people: int = 6) -> str:
    return "subject,fold\n" + "".join(f"p{p},{p % folds + 1}\n" for p in range(people))


def test_a_file_of_subjects_says_who_is_tested_where(tmp_path: Path) -> None:
    folds = list(folds_of(tmp_path / "f.csv", by_subject()).folds(RECORDS))
    assert [fold.name for fold in folds] == ["1", "2", "3"]
    assert folds[0].tests == {"d": ("d/p0a", "d/p0f", "d/p3a", "d/p3f")}
    assert len(folds[0].train) + len(folds[0].val) == 8
    assert folds[0].val


def test_ten_folds_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    records = [FaceRecord(f"d/{p:02d}", "", "anger", f"p{p}") for p in range(20)]
    names = [fold.name for fold in folds_of(tmp_path / "f.csv", by_subject(folds=10, people=20)).folds(records)]
    assert names == [str(number) for number in range(1, 11)]


def test_a_file_of_ids_with_parts_is_followed_to_the_letter(tmp_path: Path) -> None:
    rows = ["id, fold, part", "d/p0a, x, test", "d/p1a, x, validation", "d/p2a, x, train", "d/p3f, x, train"]
    (fold,) = folds_of(tmp_path / "f.csv", "\n".join(rows), allow_missing=True).folds(RECORDS)
    assert (fold.name, fold.train, fold.val, fold.tests) == ("x", ("d/p2a", "d/p3f"), ("d/p1a",), {"d": ("d/p0a",)})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subject,fold\n" + "p9,1\n" + "".join(f"p{p},1\n" for p in range(6)), "1 of its subjects are not among.*p9"),
        ("subject,fold\np0,1\np1,2\n", r"4 subjects of the faces are in no fold \(p2, p3, p4, p5\).*allow_missing"),
        ("subject,fold\np0,1\np0,2\n", "1 subjects stand twice: p0"),
        ("subject,fold\np0,\n", "row 2: found an empty fold"),
        ("subject,fold\np0,../x\n", "row 2: found the fold '../x'"),
        ("subject,fold,part\np0,1,dev\n", "row 2: found the part 'dev'"),
        ("name,fold\np0,1\n", "found the columns name, fold"),
        ("subject,fold\n", "and 0 rows"),
        ("", "found the columns none"),
    ],
)
def test_files_that_do_not_fit_are_refused_with_the_reason(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        list(folds_of(tmp_path / "f.csv", text).folds(RECORDS))


def test_missing_faces_are_left_out_where_that_is_meant(tmp_path: Path) -> None:
    text = "subject,fold\np0,1\np1,2\np2,1\np3,2\np9,1\n"
    folds = list(folds_of(tmp_path / "f.csv", text, allow_missing=True).folds(RECORDS))
    assert {i for fold in folds for part in fold.parts.values() for i in part} == {r.id for r in RECORDS if r.subject < "p4"}


def test_a_file_that_is_not_there_or_not_named_is_said(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="there is no file"):
        list(PublishedFolds(str(tmp_path / "none.csv")).folds(Planted().records()))
    with pytest.raises(ConfigError, match=r"protocol.file: found null"):
        PublishedFolds()
