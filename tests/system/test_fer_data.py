from pathlib import Path

import pytest

from fer.cli.main import main
from fer.data.databases.fer2013 import Fer2013


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FER_DATA", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


def test_databases_that_are_here_and_that_are_not_are_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data"]) == 0
    rows = {row.split()[0]: row for row in capsys.readouterr().out.splitlines() if row}
    assert "not here" in rows["fer2013"]
    assert "3,360" in rows["synthetic"]
    assert "60" in rows["synthetic"]


def test_counts_stand_beside_the_published_ones(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Fer2013.write_sample(folder / "fer2013")
    assert main(["data", "fer2013"]) == 0
    shown = capsys.readouterr().out
    assert "PrivateTest" in shown
    assert "3,589  ← differs" in shown
    assert "Research use" in shown


def test_a_missing_database_is_described_with_how_to_obtain_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "fer2013"]) == 0
    assert "Then set data.fer2013.root, or FER_DATA" in " ".join(capsys.readouterr().out.split())


def test_an_unknown_database_is_answered_with_the_nearest(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "fer213"]) == 2
    assert "there is no database 'fer213'; did you mean 'fer2013'?" in capsys.readouterr().err
