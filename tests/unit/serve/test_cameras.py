"""This file tests that every camera has a memory of its own."""

import pytest
from bright_network import Made

from fer.deploy.detectors.haar import Haar
from fer.deploy.following import FollowingHaar
from fer.serve.cameras import Cameras


def test_every_camera_has_its_own_memory_and_only_so_many_are_remembered(
    predictor: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = predictor()
    one.detector = Haar()
    monkeypatch.setattr("fer.serve.cameras.CAMERAS", 2)
    cameras = Cameras(one)
    first = cameras.of("a")
    assert isinstance(first.detector, FollowingHaar)
    assert first.model is one.model
    assert first.detector is not cameras.of("b").detector
    assert cameras.of("a") is first
    cameras.of("c")
    assert cameras.of("a") is first
    assert len(cameras.known) == 2
