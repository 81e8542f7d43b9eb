from pathlib import Path
from typing import Any

import pytest
from composing import composed

from fer.data.databases.fer2013 import Fer2013
from fer.errors import ConfigError
from fer.training.experiment import RunSettings, open_run, require_valid
from fer.training.places import roots_of, with_roots, without_roots
from fer.training.settings import resolve_auto


def config(root: Path, **changed: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "data": {"fer2013": {"_target_": "fer.data.databases.fer2013.Fer2013", "root": str(root)}},
        "labels": {"_target_": "fer.labels.LabelSpace"},
        "preprocess": {"_target_": "fer.data.preprocessing.whole_image.WholeImage"},
        "features": {},
        "augment": {"_target_": "fer.data.augment.Augmentation"},
        "model": {"_target_": "fer.models.cnn.CompactCnn"},
        "loss": {"_target_": "fer.models.losses.cross_entropy.CrossEntropy"},
        "optim": {"_target_": "fer.training.optimisation.Optimisation", "optimizer": None},
        "trainer": {"_target_": "fer.training.settings.TrainerSettings", "epochs": 1},
        "protocol": {"_target_": "fer.protocols.official.Official"},
        "train_images": None,
        "seed": 0,
    }
    return {**made, **changed}


def folder(root: Path, **changed: Any) -> str:
    return open_run(config(root, **changed), title="t", run=RunSettings())[0].folder.name


def test_the_same_content_in_another_place_is_the_same_run(tmp_path: Path) -> None:
    for place in ("here", "there"):
        Fer2013.write_sample(tmp_path / place)
    assert folder(tmp_path / "here") == folder(tmp_path / "there")


def test_everything_a_result_depends_on_makes_another_run(tmp_path: Path) -> None:
    Fer2013.write_sample(tmp_path / "a", seed=1)
    Fer2013.write_sample(tmp_path / "b", seed=2)
    (tmp_path / "w.pth").write_bytes(b"1")
    weights = {"_target_": "fer.models.timm_backbone.TimmBackbone", "weights": str(tmp_path / "w.pth")}
    names = {
        folder(tmp_path / "a"),
        folder(tmp_path / "b"),
        folder(tmp_path / "a", seed=1),
        folder(tmp_path / "a", trainer={"epochs": 2}),
        folder(tmp_path / "a", model=weights),
    }
    (tmp_path / "w.pth").write_bytes(b"2")
    assert len(names | {folder(tmp_path / "a", model=weights)}) == 6


def test_auto_is_replaced_before_the_fingerprint_is_taken() -> None:
    resolved = resolve_auto({"accelerator": "cpu", "precision": "auto", "channels_last": "auto", "epochs": 3})
    assert resolved["precision"] in ("32-true", "bf16-mixed")
    assert resolved["channels_last"] is True
    assert resolve_auto({"accelerator": "cpu", "precision": "16-mixed"})["precision"] == "16-mixed"


def test_an_auto_that_is_not_replaced_yet_is_no_mistake() -> None:
    require_valid(composed("trainer=ddp"))
    with pytest.raises(ConfigError) as refused:
        require_valid(composed("trainer=ddp", "trainer.nodes=two", "model.stem=four"))
    assert [line.split(":")[-2].split()[-1] for line in str(refused.value).splitlines()] == ["model.stem", "trainer.nodes"]


def test_every_wrong_key_of_how_a_run_is_carried_out_has_a_sentence() -> None:
    with pytest.raises(ConfigError) as refused:
        RunSettings(workers=0, threads=0, loader_workers=-1, shard="2")
    assert str(refused.value).splitlines() == [
        "ConfigError: run.workers: found 0, expected at least 1",
        "    run.threads: found 0, expected at least 1",
        "    run.loader_workers: found -1, expected at least 0",
        "    run.shard: found '2', expected 1/N to N/N",
    ]


@pytest.mark.parametrize("shard", ["0/2", "3/2", "half", "1"])
def test_a_shard_that_is_none_is_refused(shard: str) -> None:
    with pytest.raises(ConfigError, match=r"run\.shard: found .* expected 1/N to N/N"):
        RunSettings(shard=shard)


def test_where_weights_lie_is_no_part_of_a_run_and_is_found_again(tmp_path: Path) -> None:
    Fer2013.write_sample(tmp_path / "d")
    names = set()
    for place in ("a.pth", "b.pth"):
        (tmp_path / place).write_bytes(b"1")
        names.add(folder(tmp_path / "d", model={"_target_": "fer.models.cnn.CompactCnn", "weights": str(tmp_path / place)}))
    assert len(names) == 1
    what = config(tmp_path / "d", model={"_target_": "fer.models.cnn.CompactCnn", "weights": "w.pth"})
    stored, roots = without_roots(what), roots_of(what)
    assert "w.pth" not in str(stored)
    assert with_roots(stored, roots)["model"]["weights"] == str(Path("w.pth").absolute())
