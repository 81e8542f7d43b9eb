"""This file tests that an audit finds what was planted, and says of nothing else that something is the matter with it."""

import csv
from pathlib import Path

import numpy as np
import pytest
from gallery import Gallery, pictures

from fer.data.audit import Audit, findings, overlaps
from fer.data.audit_table import print_audit, summary, write_findings
from fer.data.databases.fer2013 import Fer2013


def audit_of(*galleries: Gallery) -> Audit:
    return Audit.of([(gallery, gallery.records()) for gallery in galleries])


def damaged() -> Gallery:
    """Eight images: 5 is a copy of 0 with another label, 6 a near copy of 1, 7 is 2 mirrored; 3 and 4 are blank copies."""
    a, b, c = pictures(3)
    blank = np.zeros((48, 48), np.uint8)
    return Gallery(
        [a, b, c, blank, blank, a, (b * 0.9).astype(np.uint8), c[:, ::-1]],
        expression=["anger"] * 5 + ["fear", "anger", "anger"],
        split=["train"] * 4 + ["train", "test", "test", "test"],
        subject=["p0", "p1", "p2", "p3", "p3", "p0", "p4", None],
    )


def test_a_clean_database_has_no_findings() -> None:
    audit = audit_of(Gallery(pictures(20), split=["train"] * 10 + ["test"] * 10, subject=[f"p{i}" for i in range(20)]))
    assert list(findings(audit)) == []
    assert overlaps(audit) == []
    assert audit.distinct == 20


def test_everything_that_was_planted_is_found() -> None:
    audit = audit_of(damaged())
    assert audit.distinct == 6
    assert [group.tolist() for group in audit.copies] == [[0, 5], [3, 4]]
    assert [group.tolist() for group in audit.conflicting] == [[0, 5]]
    assert audit.mirrored == [(2, 7)]
    assert audit.blank == [3, 4]
    assert audit.near.pairs.tolist() == [[1, 6]]
    assert {name: rows.tolist() for name, rows in audit.in_several_splits("subject").items()} == {"p0": [0, 5]}


def test_images_of_one_split_with_a_copy_in_another_are_counted_against_training() -> None:
    (overlap,) = overlaps(audit_of(damaged()))
    assert (overlap.part, overlap.other, overlap.images) == ("test", "train", 3)
    assert overlap.exact.tolist() == [5]
    assert overlap.near.tolist() == [6, 7]


def test_copies_across_databases_are_found() -> None:
    images = pictures(5)
    one, two = Gallery(images[:3], "one"), Gallery([images[3], images[1], (images[0] * 0.9).astype(np.uint8)], "two")
    (overlap,) = overlaps(audit_of(one, two))
    assert (overlap.part, overlap.other) == ("two", "one")
    assert overlap.exact.tolist() == [4]
    assert overlap.near.tolist() == [5]


def test_people_of_two_databases_are_two_people() -> None:
    images = pictures(4)
    galleries = [
        Gallery(images[2 * i :][:2], name, subject=["p0", "p0"], split=[name] * 2) for i, name in enumerate(("one", "two"))
    ]
    assert audit_of(*galleries).in_several_splits("subject") == {}


def test_every_finding_is_written_with_its_ids(tmp_path: Path) -> None:
    audit = audit_of(damaged())
    count = write_findings(audit, tmp_path / "below" / "findings.csv")
    with (tmp_path / "below" / "findings.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert count == len({row["finding"] for row in rows}) == len(list(findings(audit)))
    by_kind = {kind: sorted(row["id"][-1] for row in rows if row["kind"] == kind) for kind in {row["kind"] for row in rows}}
    assert by_kind == {
        "exact copies": ["0", "3", "4", "5"],
        "conflicting labels": ["0", "5"],
        "mirrored copies": ["2", "7"],
        "near copies": ["1", "6"],
        "blank": ["3", "4"],
        "subject in several splits": ["0", "5"],
        "exact copy in another part": ["5"],
        "near copy in another part": ["6", "7"],
    }


def test_the_made_up_fer2013_has_the_damage_of_the_published_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Fer2013.write_sample(tmp_path)
    database = Fer2013(tmp_path)
    audit = Audit.of([(database, database.records())])
    counts = {what: count for what, count, _ in summary(audit)}
    assert counts["images"] == 175
    assert counts["blank images"] == 1
    assert counts["groups of exact copies"] == 5
    assert counts["groups with conflicting labels"] == 1
    assert counts["mirrored copies"] == 1
    shared = {(overlap.part, overlap.other): len(overlap.exact) for overlap in overlaps(audit)}
    assert shared["PrivateTest", "Training"] == 4
    assert shared["PublicTest", "Training"] == 1
    print_audit(audit)
    assert "groups with conflicting labels" in capsys.readouterr().out
