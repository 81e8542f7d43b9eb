from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planted import Planted

from fer.data.cohort import Cohort
from fer.data.prepare import prepare
from fer.data.preprocessing.whole_image import WholeImage
from fer.errors import LeakError, WeightsError
from fer.labels import LabelSpace
from fer.protocols.base import Fold
from fer.results.store import RunStore, folds_as_json
from fer.training.start import named_weights, require_unseen, weights_digest, weights_file


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    database = Planted()
    records = database.records()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_CACHE", str(tmp_path_factory.mktemp("cache")))
        prepared = prepare(database, records, preprocess=WholeImage(), spec={}, size=24, channels=1)
    named = [replace(record, subject=f"p{i // 4}") for i, record in enumerate(records)]
    return Cohort.join([(records, prepared)], records=named, labels=LabelSpace().restrict(named).labels)


def parts(cohort: Cohort) -> list[tuple[str, ...]]:
    """Six parts of the faces, no person in two."""
    ids = [record.id for record in cohort.records]
    return [tuple(ids[i : i + 12]) for i in range(0, 72, 12)]


def fold(name: str, train: tuple[str, ...], test: tuple[str, ...], **more: Any) -> Fold:
    return Fold(name, train, (), {"planted": test}, **more)


def trained_run(folder: Path, *folds: Fold, weights: Path | None = None) -> Path:
    """The folder of a run whose folds have weights."""
    store = RunStore.at(folder, "d-cnn-p", {"weights": str(weights)})
    model = {"weights": str(weights) if weights else None}
    store.create(what={"model": model, "features": {}}, provenance={}, folds=folds_as_json(folds, [{}] * len(folds)))
    for trained in folds:
        (store.folds_folder / trained.name).mkdir(parents=True)
        (store.folds_folder / trained.name / "model.safetensors").write_bytes(trained.name.encode())
    return store.folder


def start(weights: Path) -> dict[str, Any]:
    return {"model": {"weights": str(weights)}, "features": {}}


def test_a_fold_starts_from_the_fold_of_its_name_or_from_the_only_one(tmp_path: Path, cohort: Cohort) -> None:
    a, b, *_ = parts(cohort)
    several = trained_run(tmp_path / "x", fold("00", a, b), fold("01", b, a))
    only = trained_run(tmp_path / "y", fold("official", a, b))
    assert weights_file(several, "01") == several / "folds/01/model.safetensors"
    assert weights_file(several / "folds/00", "01") == several / "folds/00/model.safetensors"
    assert weights_file(only, "01") == only / "folds/official/model.safetensors"
    with pytest.raises(WeightsError, match=r"no weights for fold 07: it has 00, 01.*name one: .*folds/00"):
        weights_file(several, "07")
    with pytest.raises(WeightsError, match=r"there is no .*nowhere"):
        weights_file(tmp_path / "nowhere", "00")


def test_a_run_without_weights_says_so(tmp_path: Path, cohort: Cohort) -> None:
    a, b, *_ = parts(cohort)
    run = trained_run(tmp_path, fold("00", a, b))
    (run / "folds/00/model.safetensors").unlink()
    with pytest.raises(WeightsError, match="none of its folds has weights"):
        weights_file(run, "00")


def test_weights_that_never_saw_the_test_people_are_a_fair_start(tmp_path: Path, cohort: Cohort) -> None:
    a, b, c, *_ = parts(cohort)
    require_unseen([fold("00", b, c)], cohort, start(trained_run(tmp_path, fold("00", a, b))))


def test_weights_that_were_trained_on_a_test_image_are_refused(tmp_path: Path, cohort: Cohort) -> None:
    a, b, c, *_ = parts(cohort)
    run = trained_run(tmp_path, fold("00", (*a, c[0]), b))
    with pytest.raises(LeakError, match=r"fold '03': model.weights=.* was trained on 4 images of test 'planted'") as error:
        require_unseen([fold("03", b, c)], cohort, start(run))
    assert c[0] in str(error.value)


@pytest.mark.parametrize("part", ["val", "unlabelled"])
def test_images_that_chose_or_were_seen_without_labels_count_too(tmp_path: Path, cohort: Cohort, part: str) -> None:
    a, b, c, *_ = parts(cohort)
    run = trained_run(tmp_path, replace(fold("00", a, b), **{part: c}))
    with pytest.raises(LeakError, match="was trained on 12 images of test 'planted'"):
        require_unseen([fold("00", b, c)], cohort, start(run))


def test_another_image_of_a_person_in_the_test_is_a_leak(tmp_path: Path, cohort: Cohort) -> None:
    a, b, c, *_ = parts(cohort)
    run = trained_run(tmp_path, fold("00", (*a, c[0]), b))
    with pytest.raises(LeakError, match=r"was trained on 3 images of test .planted., or"):
        require_unseen([fold("00", b, c[1:4])], cohort, start(run))


def test_what_the_start_itself_started_from_is_followed(tmp_path: Path, cohort: Cohort) -> None:
    a, b, c, *_ = parts(cohort)
    first = trained_run(tmp_path / "first", fold("00", c, b))
    second = trained_run(tmp_path / "second", fold("00", a, b), weights=first)
    with pytest.raises(LeakError, match="was trained on 12 images"):
        require_unseen([fold("00", b, c)], cohort, start(second))


def test_the_weights_behind_features_are_a_start_too(tmp_path: Path, cohort: Cohort) -> None:
    a, b, c, *_ = parts(cohort)
    run = trained_run(tmp_path, fold("00", c, b))
    what = {"model": {}, "features": {"network": {"weights": str(run)}}}
    assert named_weights(what) == {"features.network.weights": run}
    with pytest.raises(LeakError, match=r"features.network.weights"):
        require_unseen([fold("00", a, c)], cohort, what)


def test_the_digest_follows_the_content_and_not_the_place(tmp_path: Path, cohort: Cohort) -> None:
    a, b, *_ = parts(cohort)
    here, there = (trained_run(tmp_path / place, fold("00", a, b), fold("01", b, a)) for place in ("here", "there"))
    before = weights_digest(here)
    assert weights_digest(there) == before
    (here / "folds/01/model.safetensors").write_bytes(np.arange(3).tobytes())
    assert weights_digest(here) != before
    assert weights_digest(tmp_path / "nowhere") == "missing"
