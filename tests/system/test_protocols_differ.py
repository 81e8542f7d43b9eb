"""This file shows on drawn faces what the protocols are for: the same model scores differently by what it may have seen."""

from pathlib import Path

import pytest
from composing import composed

from fer.results.publish import write_report
from fer.results.report import Report
from fer.training.experiment import RunSettings
from fer.training.run import run_experiment

SVM = ("model=svm", "model.costs=[1]")
LAB = ("data.synthetic.subjects=24", "data.synthetic.takes=4")
BOTH = (*LAB, "data=[synthetic,synthetic_wild]", "data.synthetic_wild.subjects=24", "data.synthetic_wild.takes=4")


def report(folder: Path, *overrides: str) -> Report:
    """The report of one run, in this process."""
    settings = RunSettings(output=str(folder), threads=1)
    store, _ = run_experiment(composed(*overrides), title="run", run=settings, loggers={})
    return write_report(store.folder)


@pytest.mark.slow
def test_people_seen_in_training_inflate_and_another_domain_costs(tmp_path: Path) -> None:
    subject_independent = report(tmp_path, *LAB, *SVM, "protocol.folds=4")
    image_random = report(tmp_path, *LAB, *SVM, "protocol=image_random", "protocol.folds=4")
    to_wild = report(tmp_path, *BOTH, *SVM, "protocol=cross_database", "protocol.train=[synthetic]")
    honest, inflated, across = (run.tests[0].scores.accuracy for run in (subject_independent, image_random, to_wild))
    assert image_random.leaky
    assert any(kind.startswith("subject: train → test") for kind in image_random.leaks)
    assert inflated.value > honest.high
    assert across.high < honest.low


@pytest.mark.slow
def test_several_seeds_in_one_run_are_the_runs_of_each_seed(tmp_path: Path) -> None:
    small = ("data.synthetic.subjects=8", "data.synthetic.takes=2", "protocol.folds=2", *SVM, "train_images=30")
    together = report(tmp_path, *small, "seed=[3,5]")
    alone = report(tmp_path, *small, "seed=5")
    assert together.progress == "2 folds × 2 seeds"
    assert [score.seed for score in together.tests[0].seeds] == [3, 5]
    assert together.tests[0].seeds[1].accuracy == alone.tests[0].scores.accuracy.value
