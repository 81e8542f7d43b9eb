"""This file tests LabelSpace: which images keep which label, under every rule."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from fer.errors import ConfigError
from fer.labels import VOTE_RULES, LabelSpace, label_from_votes
from fer.records import EXPRESSIONS, FaceRecord

CONF = Path(__file__).parents[2] / "conf" / "labels"
NAMES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "not_a_face")


def face(expression: str, **votes: float) -> FaceRecord:
    """A record whose votes stand in the order of the FER+ file."""
    counts = {name: float(votes.get(name, 0)) for name in NAMES} if votes else None
    return FaceRecord("fer2013/00000", "fer2013.csv:2", expression, votes=counts)


def test_own_labels_are_named_in_canonical_order() -> None:
    restriction = LabelSpace().restrict([face("neutral"), face("anger"), face("neutral"), face("contempt")])
    assert restriction.labels.resolved == ("anger", "neutral", "contempt")
    assert [record.expression for record in restriction.records] == ["neutral", "anger", "neutral", "contempt"]


def test_an_index_is_the_place_of_a_name() -> None:
    labels = LabelSpace(["surprise", "anger"])
    encoded = labels.encode(["anger", "surprise", "anger"])
    assert encoded.tolist() == [1, 0, 1]
    assert encoded.dtype == np.int64


def test_what_is_dropped_is_counted_by_name() -> None:
    restriction = LabelSpace(["anger", "fear"]).restrict([face("anger"), face("neutral"), face("neutral"), face("contempt")])
    assert len(restriction.records) == 1
    assert restriction.dropped == {"neutral": 2, "contempt": 1}


def test_merging_comes_before_dropping_and_is_counted() -> None:
    labels = LabelSpace(["anger", "disgust"], merge={"contempt": "disgust"})
    restriction = labels.restrict([face("contempt"), face("anger"), face("contempt")])
    assert [record.expression for record in restriction.records] == ["disgust", "anger", "disgust"]
    assert restriction.merged == {"contempt → disgust": 2}
    assert not restriction.dropped


def test_a_merged_name_of_the_users_own_becomes_a_label() -> None:
    restriction = LabelSpace(merge={"anger": "negative", "fear": "negative"}).restrict([face("anger"), face("happiness")])
    assert restriction.labels.resolved == ("happiness", "negative")


@pytest.mark.parametrize(
    ("votes", "label"),
    [
        ({"happiness": 10}, "happiness"),
        ({"happiness": 5, "neutral": 5}, "no_majority"),  # half is not more than half
        ({"happiness": 5, "neutral": 4, "fear": 1}, "happiness"),  # the single vote is dropped: 5 of 9
        ({"happiness": 4, "neutral": 1, "fear": 1, "anger": 1, "sadness": 1, "disgust": 1, "contempt": 1}, "happiness"),
        ({"anger": 4, "fear": 3, "sadness": 3}, "no_majority"),
        ({"unknown": 6, "fear": 4}, "unknown"),
        ({"not_a_face": 10}, "not_a_face"),
        ({name: 1 for name in NAMES}, "no_majority"),  # all are single votes, and all are dropped
    ],
)
def test_majority_follows_the_reference_rule(votes: dict[str, float], label: str) -> None:
    assert label_from_votes(face("neutral", **votes), "majority") == label
    assert label_from_votes(face("neutral", **votes), "soft") == label


@pytest.mark.parametrize(
    ("votes", "label"),
    [
        ({"anger": 4, "fear": 3, "sadness": 3}, "anger"),
        ({"fear": 5, "happiness": 5}, "happiness"),  # a tie goes to the first column
        ({name: 1 for name in NAMES}, "neutral"),
        ({"not_a_face": 10}, "not_a_face"),
    ],
)
def test_argmax_takes_most_votes(votes: dict[str, float], label: str) -> None:
    assert label_from_votes(face("neutral", **votes), "argmax") == label


def test_votes_relabel_and_drop_images() -> None:
    records = [face("fear", surprise=9, fear=1), face("fear", unknown=9), face("anger", anger=5, fear=5)]
    restriction = LabelSpace(EXPRESSIONS, votes="majority").restrict(records)
    assert [record.expression for record in restriction.records] == ["surprise"]
    assert restriction.dropped == {"unknown": 1, "no_majority": 1}


def test_soft_targets_are_the_shares_of_the_votes_without_single_ones() -> None:
    labels = LabelSpace(["anger", "fear", "neutral"], votes="soft")
    targets = labels.targets([face("fear", fear=6, anger=2, unknown=1, neutral=1)])
    assert targets.dtype == np.float32
    np.testing.assert_allclose(targets, [[0.25, 0.75, 0.0]])


def test_soft_targets_leave_out_what_is_no_label() -> None:
    targets = LabelSpace(["fear", "neutral"], votes="soft").targets([face("fear", fear=6, unknown=2, neutral=2)])
    np.testing.assert_allclose(targets, [[0.75, 0.25]])


def test_soft_targets_merge_votes_as_labels_are_merged() -> None:
    labels = LabelSpace(["disgust", "neutral"], merge={"contempt": "disgust"}, votes="soft")
    restriction = labels.restrict([face("contempt", contempt=6, disgust=2, neutral=2)])
    np.testing.assert_allclose(restriction.labels.targets(restriction.records), [[0.8, 0.2]])


@pytest.mark.parametrize("votes", [None, *VOTE_RULES])
def test_no_record_gives_no_target(votes: str | None) -> None:
    assert len(LabelSpace(["anger", "fear"], votes=votes).targets([])) == 0  # type: ignore[arg-type]


def test_targets_are_indices_unless_soft() -> None:
    targets = LabelSpace(["anger", "fear"], votes="majority").targets([face("fear", fear=10)])
    assert targets.tolist() == [1]


def test_every_rule_is_stated_in_words() -> None:
    assert LabelSpace().rule == "the databases' own labels"
    assert len({LabelSpace(votes=rule).rule for rule in VOTE_RULES}) == 3


def test_missing_votes_are_said_with_the_file_that_lacks() -> None:
    with pytest.raises(ConfigError, match=r"fer2013/00000 has no votes.*fer2013new\.csv"):
        LabelSpace(votes="majority").restrict([face("fear")])


def test_an_unknown_name_is_said_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="happy is no expression; the names are anger, "):
        LabelSpace(["anger", "happy"])
    with pytest.raises(ConfigError, match="happy is no expression"):
        LabelSpace(merge={"happy": "happiness"})


def test_an_unknown_rule_is_said_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="found 'mean', expected one of majority, argmax, soft"):
        LabelSpace(votes="mean")  # type: ignore[arg-type]


@pytest.mark.parametrize(("names", "found"), [([], "none"), (["anger"], "anger")])
def test_fewer_than_two_labels_are_refused(names: list[str], found: str) -> None:
    with pytest.raises(ConfigError, match=f"labels.names: found {found}, expected at least two expressions, or null"):
        LabelSpace(names)


def test_databases_that_leave_one_label_are_refused_with_what_they_have() -> None:
    records = [face("anger"), face("contempt"), face("contempt")]
    with pytest.raises(ConfigError, match=r"labels: all 3 images are labelled contempt, expected at least two .*merge"):
        LabelSpace(merge={"anger": "contempt"}).restrict(records)


def test_labels_that_no_image_has_are_refused_with_what_was_found() -> None:
    with pytest.raises(ConfigError, match=r"labels: no image is labelled fear or sadness; found anger \(1\), neutral \(2\)"):
        LabelSpace(["fear", "sadness"]).restrict([face("neutral"), face("neutral"), face("anger")])


def test_a_name_that_stands_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="found anger, fear, anger, expected each expression once"):
        LabelSpace(["anger", "fear", "anger"])


@pytest.mark.parametrize(
    ("name", "count", "rule"),
    [("own", None, None), ("basic7", 7, None), ("basic6", 6, None), ("all8", 8, None), ("ferplus", 8, "majority")],
)
def test_a_configured_label_space_is_what_its_name_says(name: str, count: int | None, rule: str | None) -> None:
    config = yaml.safe_load((CONF / f"{name}.yaml").read_text(encoding="utf-8"))
    assert config.pop("_target_") == "fer.labels.LabelSpace"
    labels = LabelSpace(**config)
    assert labels.names == (None if count is None else tuple(e for e in EXPRESSIONS if e in config["names"]))
    assert count is None or len(labels) == count
    assert labels.votes == rule


def test_merging_and_dropping_is_said_in_a_sentence() -> None:
    records = [FaceRecord(f"d/{i}", "", e) for i, e in enumerate(["anger", "anger", "contempt", "neutral", "fear"])]
    found = LabelSpace(names=["anger", "fear"], merge={"contempt": "anger"}).restrict(records)
    assert str(found) == "4 images of 2 labels: anger, fear; merged contempt → anger (1); dropped neutral (1)"
