"""This file trains the run whose networks the tests of this folder export and keep."""

from pathlib import Path

import pytest
from composing import composed

from fer.data.databases.fer2013 import Fer2013
from fer.training.experiment import RunSettings
from fer.training.run import run_experiment

TINY = ("model=cnn", "model.stem=4", "model.widths=[8,16]", "trainer.epochs=3", "trainer.batch_size=16")


@pytest.fixture(scope="package")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two seeds on a made-up FER2013."""
    folder = tmp_path_factory.mktemp("deploy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_CACHE", str(folder / "cache"))
        Fer2013.write_sample(folder / "faces")
        config = composed("data=fer2013", f"data.fer2013.root={folder / 'faces'}", "seed=[0,1]", *TINY)
        settings = RunSettings(output=str(folder / "outputs"), threads=1)
        store, _ = run_experiment(config, title="fer2013-cnn-official", run=settings, loggers={})
    return store.folder
