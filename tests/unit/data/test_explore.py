"""This file tests what is chosen to be shown of a database."""

import base64

import cv2
import numpy as np
import pytest
from gallery import Gallery, pictures

from fer.data.audit import Audit
from fer.data.explore.classes import ODD, SHOWN, face_classes, oddness
from fer.data.explore.groups import chosen_conflicts, chosen_copies, chosen_near_copies
from fer.data.explore.pictures import LONGER_SIDE, picture
from fer.data.explore.portrait import data_sheet, portray
from fer.data.explore.votes import count_votes
from fer.errors import DatabaseDamaged
from fer.records import FaceRecord


def audit_of(gallery: Gallery) -> Audit:
    return Audit.of([(gallery, gallery.records())])


def test_the_same_seed_shows_the_same_faces_and_another_seed_others() -> None:
    gallery = Gallery(pictures(80))
    audit = audit_of(gallery)
    (first,), (again,), (other,) = (face_classes(audit, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first.faces == again.faces != other.faces
    assert len(set(first.faces)) == SHOWN
    assert len(set(first.odd)) == ODD


def test_classes_are_in_canonical_order_with_counts_by_split() -> None:
    gallery = Gallery(pictures(6), expression=["neutral", "anger", "anger", "own", "fear", "anger"], split=["train", "test"] * 3)
    classes = face_classes(audit_of(gallery), np.random.default_rng(0))
    assert [(c.expression, dict(c.counts)) for c in classes] == [
        ("anger", {"train": 1, "test": 2}),
        ("fear", {"train": 1, "test": 0}),
        ("neutral", {"train": 1, "test": 0}),
        ("own", {"train": 0, "test": 1}),
    ]
    assert [set(c.means) for c in classes] == [{"train", "test"}, {"train"}, {"train"}, {"test"}]


def test_what_is_unlike_all_others_is_odd() -> None:
    faces = np.stack(pictures(200))
    faces[:199] = np.clip(faces[:1] * 0.8 + faces[:199] * 0.2, 0, 255)
    faces[199] = 255 * (np.indices((48, 48)).sum(axis=0) // 4 % 2)
    assert oddness(faces).argmax() == 199


def test_conflicts_show_an_image_of_each_label() -> None:
    a, b, c = pictures(3)
    gallery = Gallery([a, a, a, b, b, c], expression=["fear", "anger", "fear", "anger", "anger", "fear"])
    (group,) = chosen_conflicts(audit_of(gallery))
    assert (group.rows, group.more) == ((0, 1), 1)
    assert [(g.rows, g.more) for g in chosen_copies(audit_of(gallery))] == [((0, 1), 1), ((3, 4), 0)]


def test_near_copies_that_are_shown_are_of_every_kind() -> None:
    images = pictures(40)
    plain = [(image * 0.9).astype(np.uint8) for image in images]
    plain[:2] = [image[:, ::-1] for image in plain[:2]]
    gallery = Gallery([*images, *plain], expression=["anger"] * 76 + ["fear"] * 4)
    chosen = chosen_near_copies(audit_of(gallery), np.random.default_rng(0))
    rows = [group.rows for group in chosen]
    assert len(rows) == len(set(rows)) == 24
    assert sum("mirrored" in group.note for group in chosen) == 2
    assert {(36, 76), (37, 77), (38, 78), (39, 79)} <= set(rows)


def test_a_large_database_is_sampled() -> None:
    gallery = Gallery(pictures(60))
    portrait = portray(gallery, gallery.records(), images=40, seed=0)
    assert (portrait.total, len(portrait.records)) == (60, 40)
    assert len({record.id for record in portrait.records}) == 40
    others = portray(gallery, gallery.records(), images=40, seed=1).records
    assert {record.id for record in others} != {record.id for record in portrait.records}


def test_every_face_that_is_shown_has_a_picture() -> None:
    gallery = Gallery([*pictures(50), np.zeros((48, 48), np.uint8)])
    portrait = portray(gallery, gallery.records(), images=1000, seed=0)
    shown = {row for c in portrait.classes for row in (*c.faces, *c.odd)} | {*portrait.blank, *portrait.faint}
    assert shown == set(portrait.pictures)
    assert portrait.blank == (50,)


def test_pictures_keep_their_colours_and_proportions() -> None:
    image = np.zeros((200, 400, 3), np.uint8)
    image[..., 0] = 220
    shown = picture(image)
    assert (shown.width, shown.height) == (400, 200)
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(shown.address.partition(",")[2]), np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == (LONGER_SIDE // 2, LONGER_SIDE, 3)
    assert decoded[20, 20, 2] > 200 > 40 > decoded[20, 20, 0]


def test_an_unreadable_image_is_named() -> None:
    gallery = Gallery([np.zeros((4, 4), np.int32)])  # type: ignore[list-item]
    with pytest.raises(DatabaseDamaged, match="gallery/00000"):
        portray(gallery, gallery.records(), images=10, seed=0)


def test_votes_are_shared_out_by_label() -> None:
    votes = [{"anger": 8.0, "fear": 2.0}, {"anger": 4.0, "fear": 6.0}, None, {}, {"unknown": 5.0}]
    records = [FaceRecord(f"g/{i}", str(i), "anger" if i < 4 else "fear", votes=vote) for i, vote in enumerate(votes)]
    counted = count_votes(records)
    assert counted is not None
    assert (counted.images, counted.same) == (3, 1)
    assert counted.names == ("anger", "fear", "unknown")
    assert counted.shares["anger"] == pytest.approx({"anger": 0.6, "fear": 0.4, "unknown": 0})
    assert counted.agreement.tolist() == [0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1]
    assert count_votes(records[2:4]) is None


def test_the_data_sheet_is_read_by_heading() -> None:
    headline, sheet = data_sheet(Gallery([]))
    assert headline == "Images with the labels that a test gives them."
    assert dict(sheet)["Labels"] == "those of the test, on two lines."
    assert list(dict(sheet)) == ["Input", "Labels", "Licence", "Citation", "Obtain"]
