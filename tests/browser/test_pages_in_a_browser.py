"""This file tests the pages that `fer report` writes in a browser: sorting and filtering, every section, and no request."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from looked_at import made_up_folds, write_run

from fer.results.publish import write_leaderboard, write_report


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four finished runs, one of them leaky, and one that is half done."""
    folder = tmp_path_factory.mktemp("static") / "outputs"
    skills = {"cnn": 3.0, "resnet": 4.0, "svm": 1.0}
    for model, skill in skills.items():
        rows = made_up_folds(3, n=60, subjects=6, skill=skill)
        write_report(write_run(folder / f"run-{model}", rows, model=model, leaks={"a copy in train": 2}))
    rows = made_up_folds(3, n=60, subjects=6)
    write_report(write_run(folder / "run-leaky", rows, model="cnn", protocol="image_random", leaky=True))
    half = write_run(folder / "run-half", rows, model="vgg", done=1)
    (half / "folds" / ".01.working").mkdir()
    (half / "folds" / ".01.working" / "history.csv").write_text("epoch,train_loss,val_loss\n0,1.5,1.4\n1,1.1,1.2\n")
    write_report(half)
    write_leaderboard(folder, sorted(folder.iterdir()))
    return folder


def runs_shown(tab: Any) -> list[str]:
    return [row.get_attribute("data-run") for row in tab.locator(".board tbody tr:visible").all()]


def test_the_leaderboard_is_sorted_by_a_click_on_a_column_and_the_other_way_round_by_a_second(tab: Any, outputs: Path) -> None:
    tab.goto((outputs / "index.html").as_uri())
    board = tab.locator(".board").first
    assert runs_shown(tab)[:3] == ["run-resnet", "run-cnn", "run-svm"]
    board.get_by_role("button", name="Run").click()
    assert runs_shown(tab)[:4] == ["run-cnn", "run-half", "run-resnet", "run-svm"]
    board.get_by_role("button", name="Run").click()
    assert runs_shown(tab)[:4] == ["run-svm", "run-resnet", "run-half", "run-cnn"]
    assert board.locator("th[aria-sort]").all_inner_texts() == ["Run"]


def test_a_run_that_is_not_ranked_stays_last_whichever_way_ranks_are_sorted(tab: Any, outputs: Path) -> None:
    tab.goto((outputs / "index.html").as_uri())
    for _ in range(2):
        tab.locator(".board").first.get_by_role("button", name="#").click()
        assert runs_shown(tab)[3] == "run-half"


def test_the_leaderboard_is_filtered_by_words_model_protocol_and_leaks(tab: Any, outputs: Path) -> None:
    tab.goto((outputs / "index.html").as_uri())
    filters = tab.locator("#filters")
    filters.locator("[name=words]").fill("RESNET run")
    assert runs_shown(tab) == ["run-resnet"]
    assert filters.locator("output").inner_text() == "1 of 5 runs"
    filters.locator("[name=words]").fill("")
    filters.locator("[name=protocol]").select_option("image_random")
    assert runs_shown(tab) == ["run-leaky"]
    filters.locator("[name=protocol]").select_option("")
    filters.locator("[name=honest]").check()
    assert "run-leaky" not in runs_shown(tab)
    filters.locator("[name=model]").select_option("svm")
    assert runs_shown(tab) == ["run-svm"]


def test_every_section_of_a_run_is_on_its_page_and_found_by_its_link(tab: Any, outputs: Path) -> None:
    tab.goto((outputs / "index.html").as_uri())
    tab.get_by_role("link", name="run-cnn").click()
    sections = {section.get_attribute("id") for section in tab.locator("section[id]").all()}
    assert {"scores", "measured", "test-1", "training", "folds", "card", "run"} <= sections
    linked = {link.get_attribute("href")[1:] for link in tab.locator("nav.sections a").all()}
    assert linked <= sections
    for section in sections:
        box = tab.locator(f"section#{section}").bounding_box()
        assert box is not None
        assert box["height"] > 20


def test_the_charts_of_a_run_say_what_they_show_and_take_the_colours_of_the_page(tab: Any, outputs: Path) -> None:
    tab.goto((outputs / "run-cnn" / "index.html").as_uri())
    charts = tab.locator("svg[role=img]")
    assert charts.count() >= 3
    assert all(chart.get_attribute("aria-label") for chart in charts.all())
    colour = "getComputedStyle(document.querySelector('#training svg path[stroke*=series]')).stroke"
    light = tab.evaluate(colour)
    tab.emulate_media(color_scheme="dark")
    assert tab.evaluate(colour) != light


def test_a_page_is_no_wider_than_a_phone(tab: Any, outputs: Path) -> None:
    tab.set_viewport_size({"width": 390, "height": 800})
    for page in ("index.html", "run-cnn/index.html", "run-half/index.html"):
        tab.goto((outputs / page).as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") == 390


def test_a_half_finished_run_shows_the_folds_at_work(tab: Any, outputs: Path) -> None:
    tab.goto((outputs / "run-half" / "index.html").as_uri())
    assert "Fold 01: 2 epochs so far" in tab.locator(".notice").inner_text()
    assert tab.locator("#training svg title", has_text="epoch 2: val_loss").count() >= 1


def test_a_thousand_runs_are_filtered_within_two_seconds(thousand: Path, is_quick: Callable[[str], bool]) -> None:
    write_leaderboard(thousand, sorted(path for path in thousand.iterdir() if path.is_dir()))
    assert is_quick((thousand / "index.html").as_uri())
