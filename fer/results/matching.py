"""This file pairs the answers of two systems image by image, and refuses to pair what is not comparable."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fer.errors import RunError
from fer.results.pairs import Pairs
from fer.results.repeats import Repeats
from fer.results.systems import System, go_on


def shared_tests(a: System, b: System) -> list[str]:
    """The test sets that both systems have, in the first one's order; RunError where there is none."""
    shared = [test for test in a.tests if test in b.tests]
    if not shared:
        raise RunError(
            f"{a.called} and {b.called} have no test set in common: found {', '.join(a.tests)} and {', '.join(b.tests)}. "
            f"Only scores on the same images can be compared; give runs that were tested on the same database."
        )
    return shared


def match(a: System, b: System, test: str) -> Pairs:
    """The answers of both systems to the images of a test set.

    RunError unless both have the same labels and have tested the same images, with the same targets and the same people.
    """
    require_same_labels(a, b)
    of_a, of_b = a.answers(test), relabelled(b.answers(test), a.labels)
    require_same_images(a, b, of_a, of_b, test=test)
    names = np.array(a.labels)
    require_same("target", a, b, of_a.id, names[of_a.target], names[of_b.target], test=test)
    require_same("person", a, b, of_a.id, of_a.subject, of_b.subject, test=test)
    both = replace(of_a, seeds=of_a.seeds + of_b.seeds, predicted=np.vstack([of_a.predicted, of_b.predicted]))
    return Pairs(both, first=len(of_a.seeds))


def require_same_labels(a: System, b: System) -> None:
    """RunError unless both systems tell the same labels apart, in whatever order."""
    if set(a.labels) != set(b.labels):
        raise RunError(
            f"{a.called} and {b.called} do not have the same labels: found {', '.join(a.labels)} and {', '.join(b.labels)}. "
            f"Train one of them with the labels of the other (labels=…, labels.names=[…])."
        )


def relabelled(answers: Repeats, labels: tuple[str, ...]) -> Repeats:
    """The same answers with the labels in another order."""
    place = np.array([labels.index(name) for name in answers.labels])
    return replace(answers, target=place[answers.target], predicted=place[answers.predicted], labels=labels)


def require_same_images(a: System, b: System, of_a: Repeats, of_b: Repeats, *, test: str) -> None:
    """RunError unless both have tested the same images."""
    if np.array_equal(of_a.id, of_b.id):
        return
    only_a, only_b = set(of_a.id.tolist()) - set(of_b.id.tolist()), set(of_b.id.tolist()) - set(of_a.id.tolist())
    what = " ".join(f"{system.letter}: {go_on(system)}" for system in (a, b) if not system.complete)
    raise RunError(
        f"{a.called} and {b.called} have not tested the same images of {test!r}: {len(only_a):,} of {len(of_a.id):,} are "
        f"missing in {b.letter}, {len(only_b):,} of {len(of_b.id):,} in {a.letter}, such as {min(only_a or only_b)}.\n    "
        f"{what or 'They were run on other files, labels or folds; run one of them again as the other was.'}"
    )


def require_same(
    what: str, a: System, b: System, ids: NDArray[np.str_], of_a: NDArray[np.str_], of_b: NDArray[np.str_], *, test: str
) -> None:
    """RunError where `what` is not the same for every image."""
    differ = np.flatnonzero(of_a != of_b)
    if len(differ):
        first = differ[0]
        raise RunError(
            f"{a.called} and {b.called} do not have the same {what} for {len(differ):,} of {len(ids):,} images of {test!r}: "
            f"{ids[first]} has {str(of_a[first])!r} in {a.letter} and {str(of_b[first])!r} in {b.letter}.\n    "
            f"Run one of them again with the files and the labels (labels=…) of the other."
        )
