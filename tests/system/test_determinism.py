"""This file runs the same experiment again: the same bytes, however it is carried out, as long as the threads are the same.

Where other threads give other digits, the run says with how many it was computed.
"""

from pathlib import Path

import numpy as np
import pytest
from killing import FEW, NETWORK, TRAIN, Place, say
from left_behind import contents, differences

from fer.files import read_json
from fer.results.predictions import read_predictions

pytestmark = pytest.mark.slow

TRAINED = ("trainer.epochs=2", "trainer.batch_size=32", "trainer.precision=32-true")
SMALL_RESNET = ("model.name=test_resnet", "model.pretrained=false", "model.size=64")

#: Every model at the size that it has, on few faces.
MODELS = {
    "cnn": TRAINED,
    "resnet": (*SMALL_RESNET, *TRAINED),
    "resnet48": TRAINED,
    "vgg": TRAINED,
    "attentional": TRAINED,
    "lopes": ("preprocess=none", *TRAINED),
    "dbn": ("model.rbm.epochs=2", *TRAINED),
    "mlp": (),
    "svm": (),
    "rbf_svm": (),
    "logistic_regression": (),
    "nearest_neighbour": (),
    "nearest_subspace": (),
    "sparse_representation": (),
}

#: How far the probabilities of two numbers of threads are apart at most.
LAST_DIGITS = 0.01


def run(place: Place, *words: str, threads: int) -> dict[str, bytes]:
    """What a run in so many threads leaves."""
    several = ("data.synthetic.subjects=12", "data.synthetic.takes=2", "protocol.folds=3", "run.folds=[0]")
    place.complete(TRAIN[0], TRAIN[1], *several, *words, f"run.threads={threads}")
    return contents(place.folder)


@pytest.mark.parametrize("model", MODELS)
def test_the_same_run_leaves_the_same_bytes_and_other_threads_change_last_digits_alone(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (f"model={model}", *MODELS[model])
    one, two = Place(tmp_path / "one"), Place(tmp_path / "two")
    in_one, in_two = run(one, *words, threads=1), run(two, *words, threads=2)
    assert differences(run(Place(tmp_path / "one again"), *words, threads=1), in_one) == []
    assert differences(run(Place(tmp_path / "two again"), *words, threads=2), in_two) == []
    said = [read_json(place.run_folder / "provenance.json") for place in (one, two)]
    assert [of["threads"] for of in said] == [1, 2]
    assert "in 2 CPU threads a fold; in another number" in said[1]["repeats"]
    found, other = (read_predictions(place.run_folder / "folds" / "00" / "predictions.csv") for place in (one, two))
    apart = float(np.abs(found.probabilities - other.probabilities).max())
    digits = f"probabilities up to {apart:.1g} apart" if apart else "identical"
    say(capsys, f"{model}: twice identical; one thread and two: {digits}")
    assert apart < LAST_DIGITS


@pytest.mark.parametrize("how", ["run.workers=2", "run.loader_workers=2", "run.shard"])
def test_how_a_run_is_carried_out_changes_no_byte(tmp_path: Path, how: str) -> None:
    words = (*TRAIN, *FEW, *NETWORK, "protocol.folds=3")
    plain, other = Place(tmp_path / "plain"), Place(tmp_path / "other")
    plain.complete(*words)
    for setting in ("run.shard=2/2", "run.shard=1/2") if how == "run.shard" else (how,):
        other.complete(*words, setting)
    assert differences(contents(other.folder), contents(plain.folder)) == []
