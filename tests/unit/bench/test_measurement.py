import time
from xml.etree import ElementTree

import pytest

from fer.bench.measurement import Measurement, by_turns
from fer.bench.shown import picture


def test_ratios_are_taken_within_a_round_so_that_a_busy_round_does_not_move_them() -> None:
    measured = Measurement("training", {}, {"bare loop": [100.0, 10.0, 90.0], "framework": [95.0, 9.5, 85.5]})
    assert measured.ratio("bare loop") == pytest.approx(0.95)
    assert measured.rate("bare loop") == 90.0


def test_every_way_has_its_turn_in_every_round_and_warms_up_before() -> None:
    order: list[str] = []

    def slow() -> int:
        order.append("slow")
        time.sleep(0.02)
        return 10

    def fast() -> int:
        order.append("fast")
        time.sleep(0.005)
        return 10

    rates = by_turns({"slow": slow, "fast": fast}, rounds=3)
    assert order == ["slow", "fast"] * 4
    assert {way: len(found) for way, found in rates.items()} == {"slow": 3, "fast": 3}
    assert Measurement("", {}, rates, ours="fast").ratio("slow") > 1.5
    assert max(rates["slow"]) <= 500


def test_the_picture_has_a_bar_for_every_way_in_proportion() -> None:
    measured = Measurement("training", {"model": "a<b"}, {"bare loop": [200.0], "framework": [100.0]})
    drawn = ElementTree.fromstring(picture([measured], title="a machine"))
    bars = [e for e in drawn.iter() if e.tag.endswith("rect") and len(e)]
    widths = [float(bar.attrib["width"]) for bar in bars]
    assert widths[0] == pytest.approx(2 * widths[1], rel=0.01)
    assert "training: a<b" in "".join(drawn.itertext())
