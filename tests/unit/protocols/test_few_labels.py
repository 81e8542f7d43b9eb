from collections import Counter

import pytest

from fer.errors import ProtocolError
from fer.protocols.base import Fold
from fer.protocols.few_labels import shares, with_few_labels

SIZES = {"anger": 60, "fear": 3, "happiness": 137}
EXPRESSION_OF = {f"d/{name}{i:03d}": name for name, size in SIZES.items() for i in range(size)}
FOLD = Fold("00", tuple(EXPRESSION_OF), ("d/v",), {"d": ("d/t",)})


@pytest.mark.parametrize("images", [3, 10, 50, 199, 200])
def test_exactly_so_many_images_keep_their_labels_and_each_expression_its_share(images: int) -> None:
    fold = with_few_labels(FOLD, EXPRESSION_OF, images=images)
    assert len(fold.train) == images
    assert sorted(fold.train + fold.unlabelled) == sorted(FOLD.train)
    counts = Counter(EXPRESSION_OF[i] for i in fold.train)
    assert min(counts[name] for name in SIZES) >= 1
    for name, size in SIZES.items():
        assert abs(counts[name] - size * images / 200) <= 1.5
    assert (fold.val, fold.tests) == (FOLD.val, FOLD.tests)


def test_the_draw_is_the_same_every_time_and_another_for_another_seed_or_fold() -> None:
    drawn = with_few_labels(FOLD, EXPRESSION_OF, images=50).train
    assert with_few_labels(FOLD, EXPRESSION_OF, images=50).train == drawn
    others = [Fold("00-seed1", FOLD.train, FOLD.val, FOLD.tests, seed=1), Fold("01", FOLD.train, FOLD.val, FOLD.tests)]
    assert all(with_few_labels(other, EXPRESSION_OF, images=50).train != drawn for other in others)


def test_one_seed_alone_and_among_several_draws_the_same() -> None:
    alone = Fold("00", FOLD.train, FOLD.val, FOLD.tests, seed=3)
    among = Fold("00-seed3", FOLD.train, FOLD.val, FOLD.tests, seed=3)
    draws = [with_few_labels(fold, EXPRESSION_OF, images=50).train for fold in (alone, among)]
    assert draws[0] == draws[1]


@pytest.mark.parametrize("images", [2, 201])
def test_too_few_and_too_many_are_refused(images: int) -> None:
    with pytest.raises(ProtocolError, match=f"found {images}, expected at least 3, one an expression, and at most the 200"):
        with_few_labels(FOLD, EXPRESSION_OF, images=images)


def test_shares_add_up_and_exceed_nothing() -> None:
    for total in range(3, 201):
        counts = shares(SIZES, total)
        assert sum(counts.values()) == total
        assert all(1 <= counts[name] <= SIZES[name] for name in SIZES)
