"""This file holds every preprocessing of conf/preprocess/ against the contract of Preprocess."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from portrait import PUPILS, landmarks_at, portrait

from fer.build import build
from fer.data.databases.synthetic import Synthetic
from fer.data.preprocessing.base import Preprocess
from fer.data.preprocessing.resizing import resize
from fer.errors import ConfigError

CONF = Path(__file__).parents[2] / "conf" / "preprocess"
PATHS = sorted(CONF.glob("*.yaml"))
DRAWN = Synthetic(subjects=1, takes=1)
WAYS: list[dict[str, Any]] = [{}, {"cropped": True}, {"landmarks": landmarks_at(np.array(PUPILS))}]


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def preprocess(request: pytest.FixtureRequest) -> Preprocess:
    """Each preprocessing in turn."""
    built: Preprocess = build(yaml.safe_load(request.param.read_text(encoding="utf-8")), "preprocess")
    return built


def test_there_are_preprocessings() -> None:
    assert {path.stem for path in PATHS} >= {"none", "face", "lopes"}


@pytest.mark.parametrize("way", WAYS, ids=["unknown", "cropped", "landmarks"])
@pytest.mark.parametrize("grey", [True, False])
def test_a_face_becomes_the_same_bytes_on_every_call_and_the_image_stays_as_it_is(
    preprocess: Preprocess, way: dict[str, Any], grey: bool
) -> None:
    image = np.ascontiguousarray(portrait()[..., 1] if grey else portrait())
    before = image.copy()
    first, second = preprocess.cut_face(image, **way), preprocess.cut_face(image, **way)
    np.testing.assert_array_equal(image, before)
    if way == {"cropped": True} and first is None:  # the image is no face alone
        return
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first, second)
    assert first.dtype == np.uint8
    assert first.ndim == image.ndim
    assert min(first.shape[:2]) > 1


def test_finish_keeps_the_shape_and_the_face_it_was_given(preprocess: Preprocess) -> None:
    for face in (resize(portrait(), 32), resize(portrait()[..., 0], 32)):
        before = face.copy()
        finished = preprocess.finish(face)
        np.testing.assert_array_equal(face, before)
        assert finished.shape == face.shape
        assert finished.dtype == np.uint8


def test_cropped_drawn_faces_are_found(preprocess: Preprocess) -> None:
    for image in DRAWN.read_many(DRAWN.records()):
        assert preprocess.cut_face(image, cropped=True) is not None


@pytest.mark.parametrize("path", [path for path in PATHS if path.stem != "none"], ids=lambda path: path.stem)
def test_only_the_rules_that_exist_are_accepted_for_faces_that_are_not_found(path: Path) -> None:
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert build({**config, "not_found": "refuse"}, "preprocess").not_found == "refuse"
    with pytest.raises(ConfigError, match=r"preprocess\.not_found: found 'drop', expected one of centre, refuse"):
        build({**config, "not_found": "drop"}, "preprocess")
