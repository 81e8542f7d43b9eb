import numpy as np
import pytest
from planted import Planted

from fer.data.augment import Augmentation
from fer.data.cohort import Cohort
from fer.data.datamodule import BalancedShare, FaceDataModule
from fer.data.faces import Faces
from fer.data.prepare import prepare
from fer.data.preprocessing.whole_image import WholeImage
from fer.data.sampling import balanced_epoch
from fer.labels import LabelSpace

#: 50 faces: 33 of label 0, 3 of label 2 and 14 of label 3; none of label 1.
TARGETS = np.random.default_rng(0).permutation(np.repeat([0, 2, 3], [33, 3, 14]))


@pytest.mark.parametrize("epoch", range(5))
def test_an_epoch_has_as_many_faces_as_there_are_and_of_every_label_equally_many(epoch: int) -> None:
    drawn = balanced_epoch(TARGETS, seed=1, epoch=epoch)
    counts = np.bincount(TARGETS[drawn], minlength=4)
    assert len(drawn) == 50
    assert counts[1] == 0
    assert set(counts[[0, 2, 3]]) <= {16, 17}


def test_no_face_comes_again_before_all_of_its_label_have_come() -> None:
    drawn = np.concatenate([balanced_epoch(TARGETS, seed=1, epoch=epoch) for epoch in range(7)])
    for label in (0, 2, 3):
        times = np.bincount(drawn, minlength=50)[label == TARGETS]
        assert times.max() - times.min() <= 1
    first = balanced_epoch(TARGETS, seed=1, epoch=0)
    assert np.bincount(first, minlength=50)[TARGETS == 0].max() == 1


def test_an_epoch_is_a_function_of_seed_and_epoch() -> None:
    np.testing.assert_array_equal(balanced_epoch(TARGETS, seed=1, epoch=3), balanced_epoch(TARGETS, seed=1, epoch=3))
    for seed, epoch in ((2, 3), (1, 4)):
        assert (balanced_epoch(TARGETS, seed=seed, epoch=epoch) != balanced_epoch(TARGETS, seed=1, epoch=3)).any()


def test_labels_are_mixed_within_an_epoch() -> None:
    labels = TARGETS[balanced_epoch(TARGETS, seed=1, epoch=0)]
    assert len(set(labels[:12])) == 3


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_the_ranks_share_an_epoch_out_among_themselves(ranks: int) -> None:
    shares = [BalancedShare(TARGETS, seed=1, rank=rank, ranks=ranks) for rank in range(ranks)]
    for share in shares:
        share.set_epoch(2)
    drawn = [list(share) for share in shares]
    assert {len(part) for part in drawn} == {50 // ranks} == {len(share) for share in shares}
    together = [position for turn in zip(*drawn, strict=True) for position in turn]
    assert together == balanced_epoch(TARGETS, seed=1, epoch=2)[: len(together)].tolist()


@pytest.fixture
def few_sad_faces() -> Faces:
    """24 angry, 24 happy and 4 sad faces."""
    database = Planted()
    records = [record for record in database.records() if record.expression != "sadness" or record.subject in ("p00", "p01")]
    restriction = LabelSpace().restrict(records)
    prepared = prepare(database, records, preprocess=WholeImage(), spec={}, size=24, channels=1)
    return Cohort.join([(records, prepared)], records=records, labels=restriction.labels).faces([r.id for r in records])


@pytest.mark.parametrize("soft", [False, True], ids=["indices", "votes"])
def test_batches_of_a_balanced_training_have_every_label_equally_often(few_sad_faces: Faces, soft: bool) -> None:
    faces = few_sad_faces
    if soft:
        faces = Faces(faces.pixels, faces.rows, np.eye(3, dtype=np.float32)[faces.targets], faces.labels)
    seen = {}
    for sampling in ("natural", "balanced"):
        data = FaceDataModule(faces, faces, augment=Augmentation(), batch_size=13, seed=5, sampling=sampling)  # type: ignore[arg-type]
        targets = np.concatenate([batch.targets.numpy() for batch in data.train_dataloader()])
        seen[sampling] = np.bincount(targets.argmax(1) if soft else targets, minlength=3)
    assert seen["natural"].tolist() == [24, 24, 4]
    assert sorted(seen["balanced"]) == [17, 17, 18]
