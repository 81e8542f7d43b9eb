from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planted import planted_cohort
from safetensors.numpy import save_file

from fer.data.cohort import Cohort
from fer.errors import LeakError, WeightsError
from fer.models.boxed import in_the_box, networks
from fer.protocols.base import Fold
from fer.results.store import RunStore, folds_as_json
from fer.training.learner import Learner, weights_header
from fer.training.places import roots_of
from fer.training.seen import Seen
from fer.training.start import named_weights, require_unseen, weights_digest, weights_file


class Starting(Learner):
    """A learner that starts every fold from the same place and is never trained."""

    spec = fit = predict = card = None  # type: ignore[assignment]

    def __init__(self, weights: Path) -> None:
        self.weights = weights

    def starts(self, fold: str, cut: str) -> tuple[Path, ...]:
        return (weights_file(self.weights, fold, cut),)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_CACHE", str(tmp_path_factory.mktemp("cache")))
        whole = planted_cohort()
    return replace(whole, records=[replace(record, subject=f"p{i // 4}") for i, record in enumerate(whole.records)])


def parts(cohort: Cohort) -> list[tuple[str, ...]]:
    """Six parts of the faces, no person in two."""
    ids = [record.id for record in cohort.records]
    return [tuple(ids[i : i + 12]) for i in range(0, 72, 12)]


def fold(name: str, train: tuple[str, ...], test: tuple[str, ...], **more: Any) -> Fold:
    return Fold(name, train, (), {"planted": test}, **more)


def trained_run(folder: Path, cohort: Cohort, *folds: Fold, starts: Sequence[Seen] = ()) -> Path:
    """The folder of a run whose folds have weights."""
    store = RunStore.at(folder, "d-cnn-p", {"folds": [name for made in folds for name in made.train]})
    store.create(what={}, provenance={}, folds=folds_as_json(folds, [{}] * len(folds)))
    for trained in folds:
        place = store.folds_folder / trained.name
        place.mkdir(parents=True)
        (place / "model.safetensors").write_bytes(trained.name.encode())
        Seen.by(trained, cohort, starts).write(place)
    return store.folder


def test_a_fold_starts_from_the_fold_of_its_name_or_from_the_only_one(tmp_path: Path, cohort: Cohort) -> None:
    a, b, *_ = parts(cohort)
    several = trained_run(tmp_path / "x", cohort, fold("00", a, b), fold("01", b, a))
    only = trained_run(tmp_path / "y", cohort, fold("official", a, b))
    seeded = trained_run(tmp_path / "z", cohort, fold("00-seed1", a, b, seed=1), fold("00-seed2", a, b, seed=2))
    assert weights_file(several, "01", "01") == several / "folds/01/model.safetensors"
    assert weights_file(several, "01-seed3", "01") == several / "folds/01/model.safetensors"
    assert weights_file(several / "folds/00", "01", "01") == several / "folds/00/model.safetensors"
    assert weights_file(only, "01", "01") == only / "folds/official/model.safetensors"
    assert weights_file(seeded, "00-seed2", "00") == seeded / "folds/00-seed2/model.safetensors"
    with pytest.raises(WeightsError, match=r"no weights for fold 07: it has 00, 01.*name one: .*folds/00"):
        weights_file(several, "07", "07")
    with pytest.raises(WeightsError, match=r"there is no .*nowhere"):
        weights_file(tmp_path / "nowhere", "00", "00")


def test_a_network_in_the_box_goes_by_its_name_unless_something_lies_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cohort: Cohort
) -> None:
    monkeypatch.chdir(tmp_path)
    name = networks()[0]
    assert weights_file(Path(name), "00", "00") == in_the_box(name) / "model.safetensors"
    assert weights_digest(Path(name)) == weights_digest(in_the_box(name)) != "missing"
    what = {"data": {}, "loss": {"teacher": name}}
    assert roots_of(what) == {"loss.teacher": str(in_the_box(name))}
    with pytest.raises(WeightsError, match=f"there is no nowhere.* or a network in the box: .*{name}"):
        weights_file(Path("nowhere"), "00", "00")
    a, b, *_ = parts(cohort)
    mine = trained_run(tmp_path / "mine", cohort, fold("00", a, b))
    mine.rename(tmp_path / name)
    assert weights_file(Path(name), "00", "00") == tmp_path / name / "folds/00/model.safetensors"


def test_a_run_whose_folds_are_not_done_serves_only_those_that_are(tmp_path: Path, cohort: Cohort) -> None:
    a, b, *_ = parts(cohort)
    run = trained_run(tmp_path, cohort, fold("00", a, b), fold("01", b, a))
    (run / "folds/01/model.safetensors").unlink()
    with pytest.raises(WeightsError, match="no weights for fold 01: it has 00"):
        weights_file(run, "01", "01")
    (run / "folds/00/model.safetensors").unlink()
    with pytest.raises(WeightsError, match="none of its folds has weights"):
        weights_file(run, "00", "00")


def test_weights_that_never_saw_the_test_people_are_a_fair_start(tmp_path: Path, cohort: Cohort) -> None:
    a, b, c, *_ = parts(cohort)
    require_unseen([fold("00", b, c)], cohort, Starting(trained_run(tmp_path, cohort, fold("00", a, b))))


def test_weights_that_were_trained_on_a_test_image_are_refused(tmp_path: Path, cohort: Cohort) -> None:
    a, b, c, *_ = parts(cohort)
    run = trained_run(tmp_path, cohort, fold("00", (*a, c[0]), b))
    with pytest.raises(LeakError, match=r"fold '03': .*model.safetensors\) were trained on 4 images of test 'planted'") as error:
        require_unseen([fold("03", b, c)], cohort, Starting(run))
    assert c[0] in str(error.value)


@pytest.mark.parametrize("part", ["val", "unlabelled"])
def test_images_that_chose_or_were_seen_without_labels_count_too(tmp_path: Path, cohort: Cohort, part: str) -> None:
    a, b, c, *_ = parts(cohort)
    run = trained_run(tmp_path, cohort, replace(fold("00", a, b), **{part: c}))
    with pytest.raises(LeakError, match="were trained on 12 images of test 'planted'"):
        require_unseen([fold("00", b, c)], cohort, Starting(run))


def test_another_image_of_a_person_in_the_test_is_a_leak(tmp_path: Path, cohort: Cohort) -> None:
    a, b, c, *_ = parts(cohort)
    run = trained_run(tmp_path, cohort, fold("00", (*a, c[0]), b))
    with pytest.raises(LeakError, match="were trained on 3 images of test 'planted'"):
        require_unseen([fold("00", b, c[1:4])], cohort, Starting(run))


def test_people_are_known_again_where_the_labels_leave_out_the_images_they_were_seen_in(tmp_path: Path, cohort: Cohort) -> None:
    a, b, c, *_ = parts(cohort)
    run = trained_run(tmp_path, cohort, fold("00", (*a, c[0]), b))
    later = [record for record in cohort.records if record.id != c[0]]
    kept = np.array([i for i, record in enumerate(cohort.records) if record.id != c[0]])
    smaller = replace(cohort, records=later, rows=cohort.rows[kept], copies=cohort.copies[kept])
    with pytest.raises(LeakError, match="were trained on 3 images of test 'planted'"):
        require_unseen([fold("00", b, c[1:4])], smaller, Starting(run))


@pytest.mark.parametrize("column", [0, 1])
def test_a_copy_of_a_test_image_is_a_leak_mirrored_or_not(tmp_path: Path, cohort: Cohort, column: int) -> None:
    a, b, c, *_ = parts(cohort)
    run = trained_run(tmp_path, cohort, fold("00", a, b))
    copies = cohort.copies.copy()
    copies[cohort.position_of[c[5]], 0] = cohort.copies[cohort.position_of[a[2]], column]
    with pytest.raises(LeakError, match=f"were trained on 1 images of test 'planted'.*: {c[5]}"):
        require_unseen([fold("00", b, c)], replace(cohort, copies=copies), Starting(run))


def test_what_the_start_itself_started_from_is_remembered_without_it(tmp_path: Path, cohort: Cohort) -> None:
    a, b, c, *_ = parts(cohort)
    first = Seen.by(fold("00", c, b), cohort, [])
    second = trained_run(tmp_path, cohort, fold("00", a, b), starts=[first])
    with pytest.raises(LeakError, match="were trained on 12 images"):
        require_unseen([fold("00", b, c)], cohort, Starting(second))


def test_a_link_to_weights_does_not_hide_what_they_have_seen(
    tmp_path: Path, cohort: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c, *_ = parts(cohort)
    run = trained_run(tmp_path, cohort, fold("00", c, b))
    (tmp_path / "link.safetensors").symlink_to(run / "folds/00/model.safetensors")
    with pytest.raises(LeakError):
        require_unseen([fold("00", a, c)], cohort, Starting(tmp_path / "link.safetensors"))
    monkeypatch.chdir(run / "folds/00")
    with pytest.raises(LeakError):
        require_unseen([fold("00", a, c)], cohort, Starting(Path("model.safetensors")))


def test_a_run_that_does_not_say_what_it_saw_is_no_start(tmp_path: Path, cohort: Cohort) -> None:
    a, b, c, *_ = parts(cohort)
    run = trained_run(tmp_path, cohort, fold("00", a, b))
    (run / "folds/00/seen.npz").unlink()
    with pytest.raises(WeightsError, match=r"has no seen.npz.*train the run again"):
        require_unseen([fold("00", b, c)], cohort, Starting(run))


def test_weights_of_ours_that_were_copied_without_what_they_saw_are_no_start(tmp_path: Path, cohort: Cohort) -> None:
    a, b, *_ = parts(cohort)
    copied = tmp_path / "copied.safetensors"
    save_file({"head.weight": np.zeros((2, 2), np.float32)}, copied, metadata=weights_header(labels=["anger", "fear"]))
    with pytest.raises(WeightsError, match=r"has no seen.npz, which says what copied.safetensors was trained on. Put it there"):
        require_unseen([fold("00", a, b)], cohort, Starting(copied))


def test_of_a_published_file_nothing_is_known(tmp_path: Path, cohort: Cohort) -> None:
    a, b, *_ = parts(cohort)
    (tmp_path / "published.safetensors").write_bytes(b"w")
    require_unseen([fold("00", a, b)], cohort, Starting(tmp_path / "published.safetensors"))


def test_every_place_that_names_weights_is_found() -> None:
    what = {"model": {"weights": "a"}, "features": {"network": {"weights": "b"}}, "loss": {"teacher": "c"}}
    assert named_weights(what) == {"model.weights": "a", "features.network.weights": "b", "loss.teacher": "c"}
    assert named_weights({"model": {"weights": 5}, "features": {}, "loss": {"teacher": None}}) == {}


def test_the_digest_follows_the_content_and_not_the_place(tmp_path: Path, cohort: Cohort) -> None:
    a, b, *_ = parts(cohort)
    here, there = (trained_run(tmp_path / p, cohort, fold("00", a, b), fold("01", b, a)) for p in ("here", "there"))
    before = weights_digest(here)
    assert weights_digest(there) == before
    (here / "folds/.02.working").mkdir()
    (here / "folds/.02.working/model.safetensors").write_bytes(b"half")
    assert weights_digest(here) == before
    (here / "folds/01/model.safetensors").write_bytes(b"other")
    assert weights_digest(here) != before
    assert weights_digest(here / "folds/00") == weights_digest(there / "folds/00/model.safetensors")
    assert weights_digest(tmp_path / "nowhere") == "missing"


def test_copies_that_the_fold_is_trained_on_itself_are_no_news_but_everything_else_is(tmp_path: Path, cohort: Cohort) -> None:
    a, b, c, *_ = parts(cohort)
    copies = cohort.copies.copy()
    copies[cohort.positions(c[:2])] = copies[cohort.positions(a[:2])]  # two test images are copies of training images
    leaky = replace(cohort, copies=copies, records=[replace(record, subject=None) for record in cohort.records])
    teacher = trained_run(tmp_path / "teacher", leaky, fold("00", a, c))
    require_unseen([fold("00", a, c)], leaky, Starting(teacher))
    with pytest.raises(LeakError, match="trained on 2 images"):  # a fold that has no copies of its own
        require_unseen([fold("00", b, c)], leaky, Starting(teacher))
    met = trained_run(tmp_path / "met", leaky, fold("00", (*a, c[0]), c[1:]))
    with pytest.raises(LeakError, match="trained on 1 images"):  # the teacher has met one of them itself
        require_unseen([fold("00", a, c)], leaky, Starting(met))
    known = [replace(record, subject="x" if record.id in (*b[:2], *c[:2]) else None) for record in leaky.records]
    people = replace(leaky, records=known)
    acquainted = trained_run(tmp_path / "people", people, fold("00", (*a, *b), c))
    with pytest.raises(LeakError, match="trained on 2 images"):  # it knows the people in them
        require_unseen([fold("00", a, c)], people, Starting(acquainted))
