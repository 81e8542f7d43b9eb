"""This file tests that the page of a database is whole, safe, and needs nothing from outside."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from gallery import Gallery, pictures
from test_pages import Balance

from fer.data.databases.fer2013 import Fer2013
from fer.data.databases.synthetic import Synthetic
from fer.data.explore.portrait import portray
from fer.results.pages.explore import explore_page


def html_of(gallery: Gallery, images: int = 1000) -> str:
    return explore_page(portray(gallery, gallery.records(), images=images, seed=0))


def parsed(html: str) -> Balance:
    page = Balance()
    page.feed(html)
    assert page.open == []
    return page


@pytest.fixture(scope="module")
def fer2013(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("fer2013")
    Fer2013.write_sample(root)
    database = Fer2013(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_CACHE", str(root / "cache"))
        return explore_page(portray(database, database.records(), images=1000, seed=0))


def test_the_page_holds_everything_that_it_shows(fer2013: str) -> None:
    page = parsed(fer2013)
    assert len(page.addresses) > 150
    assert all(address.startswith(("data:image/jpeg;base64,", "data:,")) for address in page.addresses)
    assert not re.search(r"url\(|@import|<script", fer2013)


def test_the_page_says_what_there_is_and_what_is_wrong_with_it(fer2013: str) -> None:
    text = " ".join(parsed(fer2013).text.split())
    for words in ("175 images", "people not identified", "Do not publish it", "Research use", "PrivateTest", "PublicTest"):
        assert words in text
    for words in ("The same pixels, different labels · 1 of 1 groups", "Blank images · 1 of 1", "What annotators see"):
        assert words in text


def test_every_chart_is_valid_and_named(fer2013: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", fer2013, re.DOTALL)
    assert drawings
    for drawing in drawings:
        assert ElementTree.fromstring(drawing).attrib["aria-label"]
        assert "nan" not in drawing


def test_names_are_text_and_never_markup() -> None:
    page = parsed(html_of(Gallery(pictures(3), "<b>mine", expression=['<i>"', "anger", "fear"], split=["<u>", None, "x"])))
    assert "<b>mine" in page.text
    assert '<i>"' in page.text


def test_images_of_all_sizes_and_colours_are_shown() -> None:
    rng = np.random.default_rng(0)
    shapes = ((48, 48), (490, 640, 3), (30, 10), (762, 562, 3))
    page = parsed(html_of(Gallery([rng.integers(0, 256, shape).astype(np.uint8) for shape in shapes])))
    assert "10×30 to 640×762 pixels" in " ".join(page.text.split())


@pytest.mark.parametrize("count", [1, 2, 30])
def test_a_small_database_has_a_page(count: int) -> None:
    assert f"{count} images" in parsed(html_of(Gallery(pictures(count)))).text


def test_a_database_of_blank_images_has_a_page() -> None:
    text = " ".join(parsed(html_of(Gallery([np.full((48, 48), 9, np.uint8)] * 3))).text.split())
    assert "Blank images · 3 of 3" in text


def test_a_sample_is_called_one() -> None:
    assert "20 of them looked at, seed 0" in parsed(html_of(Gallery(pictures(30)), images=20)).text


def test_people_are_counted() -> None:
    gallery = Gallery(pictures(6), subject=["a", "a", "a", "b", "b", "c"])
    text = " ".join(parsed(html_of(gallery)).text.split())
    assert "3 people, from 1 to 3 images each, 2 in the middle." in text
    database = Synthetic(subjects=2, takes=1)
    page = parsed(explore_page(portray(database, database.records(), images=100, seed=0)))
    assert "2 people with 7 images each." in page.text
