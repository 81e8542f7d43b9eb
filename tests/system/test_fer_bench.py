import json
from pathlib import Path
from statistics import median
from xml.etree import ElementTree

import pytest

from fer.bench.faces import drawn_faces
from fer.bench.training import TimedLearner, first_batch
from fer.cli.bench import groups_of
from fer.cli.compose import composed
from fer.cli.main import main
from fer.data.databases.synthetic import BASIC
from fer.labels import LabelSpace

SMALL = ["model=cnn", "model.stem=4", "model.widths=[8]", "trainer.batch_size=16", "trainer.precision=32-true"]
QUICK = ["--rounds", "2", "--seconds", "0.1", "--threads", "1"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.slow
def test_training_and_prediction_are_measured_beside_the_bare_loop_and_the_usual_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "bench"
    arguments = ["bench", *SMALL, "augment=batched,none", "--parts", "training", "prediction", *QUICK, "--output", str(out)]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "…" not in printed
    found = json.loads((out / "bench.json").read_text())
    training = [one for one in found["measurements"] if one["what"] == "training"]
    assert [one["settings"]["augment"] for one in training] == ["batched", "none"]
    for one in training:
        assert set(one["images_per_second"]) == {"bare loop", "framework", "usual loop"}
        assert all(len(way["rounds"]) == 2 and min(way["rounds"]) > 0 for way in one["images_per_second"].values())
        bare, ours = (one["images_per_second"][way]["rounds"] for way in ("bare loop", "framework"))
        assert one["ratios"]["framework / bare loop"] == median(a / b for a, b in zip(ours, bare, strict=True))
    assert [one["settings"] for one in found["measurements"] if one["what"] == "prediction"] == [
        {"model": "cnn", "precision": "32-true", "threads": "1"}
    ]
    assert found["hardware"]["cores"] > 0
    assert ElementTree.parse(out / "bench.svg").getroot().tag.endswith("svg")


def test_faces_have_their_full_size_in_a_bench_and_a_batch_may_be_larger_than_the_drawn_part() -> None:
    small = ["model.stem=4", "model.widths=[4]", "model.stem_stride=2"]
    groups = groups_of(composed([*small, "augment=batched", "augment.batched.sizes=[0.5,1.0]", "trainer.batch_size=4096"]))
    assert groups["augment"]["batched"]["sizes"] == [1.0]
    learner = TimedLearner(**groups, labels=LabelSpace(names=BASIC))
    assert len(first_batch(drawn_faces(learner.spec, people=1), learner).targets) == 4096


@pytest.mark.slow
def test_preparing_images_and_changing_faces_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--parts", "preparation", "augmentation", *QUICK, "--output", str(tmp_path)]) == 0
    changed, prepared = json.loads((tmp_path / "bench.json").read_text())["measurements"]
    assert prepared["settings"] == {"images": "256×256 PNG"}
    assert {"albumentations", "torchvision", "batched"} <= set(changed["images_per_second"])
    assert changed["ratios"]["batched / albumentations"] > 1
    assert "Preparation, images/s" in capsys.readouterr().out


@pytest.mark.slow
def test_training_at_scale_says_how_much_memory_each_number_of_faces_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", *SMALL, "--scale", "--sizes", "112", "500", *QUICK, "--output", str(tmp_path)]) == 0
    sizes = json.loads((tmp_path / "scale.json").read_text())["sizes"]
    assert [one["images"] for one in sizes] == [112, 504]  # whole people: 7 expressions in 8 takes each
    assert all(0.1 < one["peak_gib"] < 4 for one in sizes)
    assert "504" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["model=svm"], "model: found LinearSvm, expected a network"),
        (["model=ressnet"], "did you mean 'resnet'"),
        (["model=cnn", "model.widht=3"], "model.widht"),
        (["model=cnn", "--rounds", "0"], "--rounds: found 0, expected more than 0"),
        (["model=cnn", "--seconds", "nan"], "--seconds: found nan, expected more than 0"),
        (["experiment=fer2013_vgg"], "found experiment=fer2013_vgg, expected KEY=VALUE of model, loss, optim, augment, trainer"),
        (["~logger"], "found ~logger, expected KEY=VALUE of"),
        (["model=cnn", "trainer.accumulate=2"], "trainer.accumulate: found 2, expected 1 for a bench"),
        (["model=cnn", "optim=finetune", "model.weights=x"], "optim.finetune: found"),
        (["--scale", "--sizes", "100", "0"], "--sizes: found 0, expected at least 1 face"),
        (["model=cnn", "trainer.precision=16-mixed", "--parts", "training"], "trainer.precision: found 16-mixed"),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_message(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", *arguments, "--output", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not list(tmp_path.glob("bench.*"))
