"""This file tests that the pages are whole, safe and need nothing from outside."""

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from made_up_run import made_up_folds, write_run

from fer.errors import RunError
from fer.files import read_json, write_json
from fer.results.pages.render import heat
from fer.results.publish import write_leaderboard, write_report
from fer.results.table import duration

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Balance(HTMLParser):
    """Fails on a tag that is not closed in order, and gathers addresses and text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "data", "action")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(path: Path) -> Balance:
    page = Balance()
    page.feed(path.read_text(encoding="utf-8"))
    assert page.open == []
    return page


def page_of(run: Path) -> Balance:
    write_report(run)
    return parsed(run / "index.html")


def test_a_page_is_well_formed_and_asks_nothing_from_outside(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", made_up_folds(3))
    page = page_of(run)
    html = (run / "index.html").read_text(encoding="utf-8")
    assert {address for address in page.addresses if not address.startswith("#")} == {"data:,", "report.json"}
    assert not re.search(r"url\(|@import|<script", html)
    assert set(re.findall(r"https?://[^\"\s]*", html)) == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # names


def test_every_drawing_is_valid_and_named(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", made_up_folds(3))
    write_report(run)
    drawings = re.findall(r"<svg.*?</svg>", (run / "index.html").read_text(encoding="utf-8"), re.DOTALL)
    assert len(drawings) == 4  # reliability, people, and two panels of learning curves
    for drawing in drawings:
        assert ElementTree.fromstring(drawing).attrib["aria-label"]
        assert "NaN" not in drawing


def test_a_page_says_what_the_report_says(tmp_path: Path) -> None:
    text = page_of(write_run(tmp_path / "run", made_up_folds(2))).text
    for words in ("best val_macro_f1 on validation", "none found", "contempt 18", "python train.py model=resnet", "129a856"):
        assert words in text
    assert "perceived expression label" in text


def test_leaky_and_incomplete_runs_are_marked(tmp_path: Path) -> None:
    folds = made_up_folds(3)
    assert "LEAKY" not in page_of(write_run(tmp_path / "honest", folds)).text
    assert "LEAKY" in page_of(write_run(tmp_path / "leaky", folds, leaky=True)).text
    assert "1 of 3 folds done" in page_of(write_run(tmp_path / "half", folds, done=1)).text
    assert "nothing to score yet" in page_of(write_run(tmp_path / "started", folds, done=0)).text


def test_names_are_text_and_never_markup(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", made_up_folds(1, labels=("<b>anger", 'fe"ar')), model="<script>x</script>")
    page = page_of(run)
    assert "<script>x</script>" in page.text
    assert "<b>anger" in page.text


def test_a_run_without_epochs_or_provenance_has_a_page(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", made_up_folds(2), epochs=0)
    write_json(run / "provenance.json", {})
    assert "Training" not in page_of(run).text


def test_a_page_says_what_code_has_gone_on_with_the_run(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", made_up_folds(2))
    later = {"done": ["00"], "commit": "0f1e2d", "dirty": True, "versions": {"torch": "9"}, "hardware": {"cores": 6}}
    provenance = read_json(run / "provenance.json") | {"versions": {"torch": "2"}}
    whole = {"done": ["00", "01"], "versions": {"torch": "2"}}
    continued = {"2026-11-22T10:00:00+00:00": later, "2026-11-23T10:00:00+00:00": whole}
    write_json(run / "provenance.json", {**provenance, "continued": continued})
    text = page_of(run).text
    assert "2026-11-22T10:00:00+00:00, 1 of its folds done, by commit 0f1e2d, with uncommitted changes. torch 9. cores 6" in text
    assert "2026-11-23T10:00:00+00:00, 2 of its folds done" in text
    assert text.count("torch 2") == 1  # said again only where it differs


def test_the_ring_stands_at_the_epoch_of_the_card(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", made_up_folds(1))
    chosen = read_json(run / "folds" / "00" / "card.json")["selection"]["epoch"]
    row = (run / "folds" / "00" / "history.csv").read_text().splitlines()[chosen]  # the header is line 0
    write_report(run)
    html = (run / "index.html").read_text(encoding="utf-8")
    assert f"chosen: epoch {chosen}: val_loss {float(row.split(',')[2]):.4g}, fold 00<" in html


def test_the_errors_of_a_pretraining_are_drawn_as_shares_of_their_first_epoch(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", made_up_folds(1))
    rows = "layer_1,0,90,0.8,1\nlayer_1,1,90,0.2,1\nlayer_2,0,90,0.02,1\nlayer_2,1,90,0.01,1\n"
    (run / "folds" / "00" / "pretraining.csv").write_text(f"stage,epoch,images,error,seconds\n{rows}")
    assert "Reconstruction error of the pre-training" in page_of(run).text
    [drawing] = re.findall(r"<svg[^>]*Reconstruction.*?</svg>", (run / "index.html").read_text(encoding="utf-8"), re.DOTALL)
    assert {"epoch 2: layer_1 25, fold 00", "epoch 2: layer_2 50, fold 00"} <= set(re.findall(r"<title>([^<]*)<", drawing))
    (run / "folds" / "00" / "pretraining.csv").write_text("stage,epoch,images,error,seconds\nlayer_1,0,90,much,1\n")
    with pytest.raises(RunError, match=r"pretraining.csv is damaged: ValueError"):
        write_report(run)


def test_a_fold_at_work_has_its_curves_on_the_page_of_its_run(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", made_up_folds(2), done=1)
    working = run / "folds" / ".01.working"
    working.mkdir()
    (working / "history.csv").write_text("epoch,train_loss,val_loss\n0,1.5,1.4\n1,1.25,1.125\n")
    text = page_of(run).text
    assert "Fold 01: 2 epochs so far." in text
    assert "epoch 2: val_loss 1.125, fold 01" in text


def test_the_model_card_names_the_data_the_weakest_label_and_what_it_is_not_for(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", made_up_folds(2))
    worst = min(write_report(run).tests[0].per_class, key=lambda label: label.recall or 0)
    text = page_of(run).text
    for words in (
        "2,400 images a fold",
        f"{worst.name} ({100 * (worst.recall or 0):.0f} % of {worst.n:,}) is recognised least",
        "lie detection",
    ):
        assert words in text


def test_what_was_explained_is_shown_and_linked(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", made_up_folds(1))
    assert "Why this label" not in page_of(run).text
    (run / "explained").mkdir()
    write_json(run / "explained" / "explained.json", {"title": "Grad-CAM", "verdict": "The maps are <better> than chance."})
    page = page_of(run)
    assert "The maps are <better> than chance." in page.text
    assert {"explained/faces.png", "explained/index.html"} <= set(page.addresses)


def test_people_are_drawn_where_they_are_known_and_folds_where_they_are_many(tmp_path: Path) -> None:
    def titles(run: Path) -> set[str]:
        return set(re.findall(r"(People|Folds) by accuracy</h3>", (write_report(run).path / "index.html").read_text()))

    assert titles(write_run(tmp_path / "known", made_up_folds(6))) == {"People", "Folds"}
    assert titles(write_run(tmp_path / "unknown", made_up_folds(2, subjects=0))) == set()
    assert titles(write_run(tmp_path / "one_each", made_up_folds(6, subjects=1))) == {"People"}


def test_what_a_network_drew_is_shown_with_its_caption(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", made_up_folds(1))
    card = read_json(run / "folds" / "00" / "card.json")
    write_json(run / "folds" / "00" / "card.json", {**card, "pictures": {"filters.png": "Filters <of> layer 1"}})
    page = page_of(run)
    assert "Filters <of> layer 1" in page.text
    assert 'src="folds/00/filters.png"' in (run / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("history", ["epoch,train_loss\n0,1.5\n", "epoch,train_loss,val_loss\n0,nan,inf\n1,2.0,\n", "epoch,lr\n"])
def test_short_and_diverged_histories_are_drawn(tmp_path: Path, history: str) -> None:
    run = write_run(tmp_path / "run", made_up_folds(1))
    (run / "folds" / "00" / "history.csv").write_text(history)
    page_of(run)


def test_a_card_with_little_in_it_is_enough(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", made_up_folds(1))
    write_json(run / "folds" / "00" / "card.json", {"schema": 1, "fold": "00", "selection": None})
    assert read_json(run / "folds" / "00" / "card.json")["selection"] is None
    page_of(run)


def test_the_leaderboard_links_to_the_pages(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / name, made_up_folds(2)) for name in ("one", "sweep/t wo")]
    write_leaderboard(tmp_path, [write_report(run).path for run in runs])
    page = parsed(tmp_path / "index.html")
    assert {"one/index.html", "sweep/t%20wo/index.html", "leaderboard.csv"} <= set(page.addresses)


def test_no_cell_of_the_confusion_matrix_has_a_middle_tone() -> None:
    tones = [heat(share / 100) for share in range(101)]
    assert tones == sorted(tones)
    assert not [tone for tone in tones if 52 <= tone < 72]


def test_durations_have_the_unit_a_person_would_use() -> None:
    assert [duration(s) for s in (7.4, 300, 9000)] == ["7 s", "5 min", "2.5 h"]
