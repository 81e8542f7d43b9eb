"""This file gives tests a browser, which may speak to this machine alone, and runs to look at."""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from looked_at import copy_run, made_up_folds, started, write_run

from fer.files import read_json, write_json
from fer.results.report import make_report
from fer.results.stored_run import read_run


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium as the system has it; playwright's own is never fetched."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser: pip install 'ferlab[dev]'")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A page; the test fails for any error on its console, and for a request to anything but this machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    found = context.new_page()
    wrong: list[str] = []
    found.on("console", lambda said: wrong.append(f"{said.type}: {said.text}") if said.type in ("error", "warning") else None)
    found.on("pageerror", lambda error: wrong.append(str(error)))
    found.on("request", lambda request: None if is_here(request.url) else wrong.append(f"request to {request.url}"))
    yield found
    context.close()
    assert wrong == []


@pytest.fixture
def is_quick(tab: Any) -> Callable[[str], bool]:
    """Whether a leaderboard of 1,000 runs is there, and filtered by model, within two seconds of asking for it.

    Once in three times is enough, and where more wants to run than there are cores, a share of a core counts for one.
    """

    def within_two_seconds(address: str) -> bool:
        began = time.monotonic()
        tab.goto(address)
        tab.locator("#filters [name=model]").select_option("resnet")
        tab.locator("#filters output", has_text="250 of 1,000 runs").wait_for()
        return time.monotonic() - began < 2 * max(1, os.getloadavg()[0] / (os.cpu_count() or 1))

    return lambda address: any(within_two_seconds(address) for _ in range(3))


def is_here(url: str) -> bool:
    """Whether an address is that of this machine, of a file, or of the page itself."""
    return re.match(r"(http://127\.0\.0\.1:|file:///|data:)", url) is not None


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[[Path], str]]:
    """`fer dashboard` of a folder, until the tests of the module are over; gives its address."""
    processes = []

    def start(outputs: Path) -> str:
        process, address = started(outputs)
        processes.append(process)
        return address

    yield start
    for process in processes:
        process.terminate()
        process.communicate(timeout=10)


@pytest.fixture(scope="session")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 1,000 finished runs on two boards: one that is real, and copies with other names, models and scores."""
    outputs = tmp_path_factory.mktemp("thousand") / "outputs"
    first = write_run(outputs / "synthetic-cnn-subject_independent-00000000", made_up_folds(1, n=60), model="cnn")
    config, report = read_json(first / "config.json"), make_report(read_run(first)).to_json()
    write_json(first / "report.json", report)
    for number in range(1, 1000):
        copy_run(first, number, config=config, report=report)
    return outputs
