from pathlib import Path

import pytest

from fer.cli.main import main

CONF = Path(__file__).parents[2] / "conf"


def test_every_model_is_listed_with_its_cost_and_source(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert main(["models"]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()[1:] if line and not line.startswith(" ")}
    assert {path.stem for path in (CONF / "model").glob("*.yaml")} <= set(rows)
    assert "0.68 M" in rows["cnn"]
    assert "56.2 M" in rows["cnn"]
    assert "Khaireddin & Chen" in rows["vgg"]
    assert "features" in rows["svm"]
    assert "(resnet18)" in rows["resnet"]
    assert "1.8 G" in rows["resnet"]  # ResNet-18 at 224×224 has 1.8 billion multiply-adds (He et al. 2016, table 1)


def test_a_model_of_ones_own_is_listed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "tiny.yaml").write_text("_target_: tiny.Tiny\nwidth: 4\n")
    (tmp_path / "tiny.py").write_text(
        '"""This file defines a network for a test."""\n'
        "from fer.models.cnn import CompactCnn\n\n\n"
        "class Tiny(CompactCnn):\n"
        '    source = "Nobody, 2026"\n\n'
        "    def __init__(self, width):\n"
        "        super().__init__(width, (width,))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("FER_PLUGINS", "tiny")
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["models", "tiny", "--config-dir", str(tmp_path / "conf")]) == 0
    listed = capsys.readouterr().out
    assert next(line for line in listed.splitlines() if line.startswith("tiny")).rstrip().endswith("Nobody, 2026")


@pytest.mark.parametrize("columns", [60, 80])
def test_in_a_narrow_terminal_only_the_source_is_wrapped(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["models", "sparse_representation", "cnn"]) == 0
    printed = capsys.readouterr().out
    assert "…" not in printed.replace("data=…", "")
    names = {line.split()[0] for line in printed.splitlines() if line and not line.startswith(" ")}
    assert {"sparse_representation", "cnn"} <= names
    assert "Multiply-adds" in printed.splitlines()[0]


def test_a_mistyped_model_is_answered_with_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "atentional"]) == 2
    assert "there is no model 'atentional'; did you mean 'attentional'?" in capsys.readouterr().err
