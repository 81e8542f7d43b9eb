"""This file tests `fer demo` in a browser whose camera is a film: consent first, then boxes, bars, and a picture of one's own."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_camera import arguments, write_film
from PIL import Image
from portrait import portrait

from fer.deploy import box
from fer.deploy.model import DEFAULT

pytest.importorskip("fastapi", reason="pip install 'ferlab[serve]'")

pytestmark = pytest.mark.slow  # a network, a film and a browser are started for it

ROOT = Path(__file__).parents[2]
SECONDS = 1000  # playwright counts in milliseconds

#: Every face's bars, as numbers.
BARS = "[...document.querySelectorAll('.faces .meter i')].map(bar => parseFloat(bar.style.width))"

#: How many pixels are drawn on.
DRAWN = """[...document.getElementById('boxes').getContext('2d').getImageData(0, 0, boxes.width, boxes.height).data]
    .filter((value, place) => place % 4 === 3 && value > 0).length"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """`fer demo` in a process of its own."""
    command = [sys.executable, "-m", "fer", "demo", "--threads", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
    assert process.stdout is not None
    yield process.stdout.readline().split()[1]
    process.terminate()
    process.communicate(timeout=20)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium with the film before it."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser: pip install 'ferlab[dev]'")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    film = write_film(tmp_path_factory.mktemp("film") / "film.y4m")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=["--no-sandbox", *arguments(film)])
        yield started
        started.close()


@pytest.fixture
def visit(chromium: Any, address: str) -> Iterator[Any]:
    """The page; the test fails for any error on its console, and for a request to anything but the demo."""
    context = chromium.new_context(viewport={"width": 1100, "height": 1000})
    found = context.new_page()
    wrong: list[str] = []
    found.on("console", lambda said: wrong.append(f"{said.type}: {said.text}") if said.type in ("error", "warning") else None)
    found.on("pageerror", lambda error: wrong.append(str(error)))
    found.on("request", lambda request: None if request.url.startswith((address, "data:")) else wrong.append(request.url))
    found.goto(address)
    yield found
    context.close()
    assert wrong == []


def test_nothing_is_sent_before_the_visitor_has_agreed(visit: Any) -> None:
    sent = []
    visit.on("request", lambda request: sent.append(request.url))
    assert visit.get_by_text("stored nowhere").is_visible()
    time.sleep(0.5)
    assert sent == []
    assert visit.evaluate("document.getElementById('video').srcObject") is None


def test_the_camera_is_shown_with_boxes_and_bars_that_change_until_it_is_stopped(visit: Any) -> None:
    visit.locator("#start").click()
    visit.locator("#faces .panel").wait_for(timeout=20 * SECONDS)
    first = visit.evaluate(BARS)
    assert len(first) == 7
    assert sum(first) == pytest.approx(100, abs=1)
    visit.wait_for_function(f"before => {BARS}.some((value, place) => Math.abs(value - before[place]) > 0.5)", arg=first)
    assert visit.evaluate(DRAWN) > 500
    assert not visit.locator("#note").is_visible()
    assert "frames/s" in visit.locator("#speed").inner_text()
    tracks = visit.evaluate_handle("document.getElementById('video').srcObject.getTracks()")
    visit.locator("#stop").click()
    assert visit.evaluate("tracks => tracks.map(track => track.readyState)", tracks) == ["ended"]
    time.sleep(0.3)
    assert visit.locator("#faces .panel").count() == 0
    assert visit.locator("#note").is_visible()


def test_a_picture_is_looked_at_and_what_is_none_is_told(visit: Any, tmp_path: Path) -> None:
    photo, none = tmp_path / "photo.png", tmp_path / "none.png"
    Image.fromarray(portrait()).save(photo)
    Image.new("L", (64, 64), 90).save(none)
    visit.locator("#file").set_input_files(photo)
    visit.locator("#faces .panel").wait_for(timeout=20 * SECONDS)
    assert visit.locator(".meter.best").get_attribute("data-label") == "happiness"
    assert visit.evaluate(DRAWN) > 500
    visit.locator("#file").set_input_files(none)
    visit.get_by_text("No face was found.").wait_for()
    assert visit.locator("#faces .panel").count() == 0


def test_the_page_fits_a_phone_and_tells_which_model_it_is(visit: Any) -> None:
    visit.set_viewport_size({"width": 360, "height": 740})
    visit.locator("summary").click()
    accuracy = box.read_card(DEFAULT)["scores"]["private"]["accuracy"]["value"]
    assert visit.get_by_text(f"private: accuracy {100 * accuracy:.1f} %").is_visible()
    assert visit.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_camera_is_followed_at_15_frames_a_second(visit: Any, capsys: pytest.CaptureFixture[str]) -> None:
    visit.locator("#start").click()
    visit.locator("#faces .panel").wait_for(timeout=20 * SECONDS)
    time.sleep(3)
    rates = []
    for _ in range(10):
        time.sleep(1)
        rates.append(float(visit.locator("#speed").get_attribute("data-rate")))
    with capsys.disabled():
        print(f"\n640 × 480 in headless Chromium: {min(rates):.0f} to {max(rates):.0f} frames/s, load {os.getloadavg()[0]:.1f}")
    assert max(rates) >= 15
