"""This file tests `fer data` as a user runs it."""

import csv
from pathlib import Path

import pytest

from fer.cli.main import main
from fer.data.databases.fer2013 import Fer2013

PLUGIN = """
from gallery import Gallery, pictures


class Mine(Gallery):
    \"\"\"Pictures of a plug-in.\"\"\"

    def __init__(self, images: int) -> None:
        super().__init__([*pictures(images), *pictures(1)], "mine")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FER_DATA", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def plugin(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of configuration with a database that is none of the project's."""
    (folder / "fer_data_plugin.py").write_text(PLUGIN)
    (folder / "own" / "data").mkdir(parents=True)
    (folder / "own" / "data" / "mine.yaml").write_text("_target_: fer_data_plugin.Mine\nimages: 4\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("FER_PLUGINS", "fer_data_plugin")
    return folder / "own"


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The message of a command that must fail."""
    assert main(["data", *arguments]) == 2
    return capsys.readouterr().err


def test_databases_that_are_here_and_that_are_not_are_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data"]) == 0
    rows = {row.split()[0]: row for row in capsys.readouterr().out.splitlines() if row}
    assert "not here" in rows["fer2013"]
    assert "3,360" in rows["synthetic"]
    assert "60" in rows["synthetic"]


def test_a_damaged_database_keeps_none_from_the_list(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "fer2013").mkdir()
    (folder / "fer2013" / "fer2013.csv").write_text("emotion,pixels,Usage\n9,1 2,Training\n")
    assert main(["data"]) == 0
    rows = {row.split()[0]: row for row in capsys.readouterr().out.splitlines() if row}
    assert "cannot be read" in rows["fer2013"]
    assert "label '9'" in refused(capsys, "fer2013")


def test_counts_stand_beside_the_published_ones(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Fer2013.write_sample(folder / "fer2013")
    assert main(["data", "fer2013"]) == 0
    shown = capsys.readouterr().out
    assert "PrivateTest" in shown
    assert "3,589  ← differs" in shown
    assert "Research use" in shown


def test_a_missing_database_is_described_with_how_to_obtain_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "fer2013"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"Files not here: fer2013 is not in {folder}/fer2013 (looked for " in shown
    assert shown.count("Download fer2013.csv from") == 1
    assert "DatabaseNotFound" not in shown
    assert "Then set data.fer2013.root, or FER_DATA" in shown


def test_an_unknown_database_is_answered_with_the_nearest(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no database 'fer213'; did you mean 'fer2013'?" in refused(capsys, "fer213")


def test_an_audit_prints_what_it_found_and_writes_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Fer2013.write_sample(folder / "elsewhere")
    assert main(["data", "audit", "fer2013", "--root", str(folder / "elsewhere"), "--csv", "found.csv"]) == 0
    rows = {" ".join(row.split()[:-1]): row.split()[-1] for row in capsys.readouterr().out.splitlines() if row}
    assert rows["images"] == "175"
    with (folder / "found.csv").open(newline="", encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    assert f"{len({row['finding'] for row in written}):,} findings" in rows
    assert all(row["id"].startswith("fer2013/") for row in written)


def test_an_audit_of_two_databases_finds_what_they_share(folder: Path, plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (plugin / "data" / "other.yaml").write_text("_target_: fer_data_plugin.Other\n")
    (folder / "fer_data_plugin.py").write_text(
        PLUGIN + '\n\nclass Other(Gallery):\n    def __init__(self) -> None:\n        super().__init__(pictures(2), "other")\n'
    )
    assert main(["data", "audit", "mine", "other", "--config-dir", str(plugin)]) == 0
    shown = [row.split() for row in capsys.readouterr().out.splitlines()]
    assert ["other", "2", "mine", "2", "0"] in shown


def test_a_database_is_drawn_as_a_page(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "explore", "synthetic", "subjects=2", "takes=2", "expressions=[anger,fear]"]) == 0
    page = folder / "outputs" / "data" / "synthetic.html"
    assert str(page.relative_to(folder)) in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    assert "8 images" in text
    assert "happiness" not in text.partition("Class balance")[2]


def test_a_page_of_a_sample_lies_where_it_was_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["data", "explore", "synthetic", "subjects=2", "takes=2", "--images", "9", "--seed", "3", "--output", "a/page.html"]
    assert main(command) == 0
    assert "9 of them looked at, seed 3" in (folder / "a" / "page.html").read_text(encoding="utf-8")


def test_a_database_of_ones_own_is_found_in_a_folder_of_ones_own(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "--config-dir", str(plugin)]) == 0
    rows = {row.split()[0]: row for row in capsys.readouterr().out.splitlines() if row}
    assert "5" in rows["mine"]
    assert "synthetic" in rows
    assert main(["data", "audit", "mine", "images=6", "--config-dir", str(plugin)]) == 0
    shown = capsys.readouterr().out
    assert "groups of exact copies" in shown
    assert ["images", "7"] in [row.split() for row in shown.splitlines()]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("nope/found.csv", "ConfigError: --csv: there is no folder nope, expected the name of a file in a folder that exists"),
        (".", "OutputError: . cannot be written: Is a directory."),
        ("/proc/found.csv", "OutputError: /proc/found.csv cannot be written: "),
    ],
)
def test_an_audit_does_not_begin_where_its_findings_cannot_be_written(
    folder: Path, capsys: pytest.CaptureFixture[str], place: str, message: str
) -> None:
    assert main(["data", "audit", "synthetic", "subjects=2", "takes=1", "--csv", place]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(message)
    assert shown.out == ""
    assert not (folder / "nope").exists()


def test_a_page_is_not_drawn_where_it_cannot_be_written(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fer.cli.data_explore.portray", lambda *_, **__: pytest.fail("the page was drawn"))
    assert "OutputError: /proc/new/page.html cannot be written" in refused(
        capsys, "explore", "synthetic", "--output", "/proc/new/page.html"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["audit"], "fer data audit: found no database"),
        (["explore", "synthetic", "fer2013"], "expected one database at a time"),
        (["audit", "synthetic", "synthetic"], "expected each database once"),
        (["audit", "synthetic", "fer2013", "takes=2"], "belong to one database"),
        (["synthetic", "--csv", "a.csv"], "--csv belongs to `fer data audit`"),
        (["explore", "synthetic", "--images", "0"], "--images: found 0, expected 1 or more"),
        (["explore", "synthetic", "tackes=2"], "Synthetic takes no such argument; did you mean 'takes'?"),
        (["explore", "synthetic", "takes=[1"], "takes=[1"),
        (["explore", "synthetic", "--root", "somewhere"], "data.synthetic.root: Synthetic takes no such argument"),
        (["audit", "fer2013"], "DatabaseNotFound: fer2013 is not in"),
        (["--config-dir", "nowhere"], "nowhere has no folder data"),
    ],
)
def test_mistakes_are_answered_in_one_message(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    shown = refused(capsys, *arguments)
    assert message in shown
    assert "Traceback" not in shown
