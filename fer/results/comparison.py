"""This file compares systems on the test sets they share: which pairs, which test, and p-values corrected for their number."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from fer.errors import RunError
from fer.results.matching import match, shared_tests
from fer.results.paired import Method, PairedTest, holm, paired_test
from fer.results.paired_intervals import Difference, Differences, differences
from fer.results.pairs import Pairs
from fer.results.set_report import BOOTSTRAP_SEED, rounded
from fer.results.stored_run import PlannedSet
from fer.results.systems import System

SCHEMA = 1
#: Below this p, corrected for the number of comparisons, a system is called better.
SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Comparison:
    """What two systems did on one test set; `p` is corrected for all comparisons that are shown.

    `by_seed` are the accuracies of each training, `recut` says whether the folds cut the test set in different ways.
    """

    a: System
    b: System
    test: PlannedSet
    images: int
    people: int | None
    scores: Differences
    by_seed: tuple[Sequence[float], Sequence[float]]
    paired: PairedTest
    p: float
    recut: bool

    @property
    def leaky(self) -> bool:
        """Whether either system's score is inflated by what training knew of the test images."""
        return self.a.leaky or self.b.leaky

    @property
    def decided(self) -> bool:
        """Whether the data tell the systems apart, and by ranks, where those are tested, as by accuracy."""
        return self.p < SIGNIFICANCE and self.consistent

    @property
    def consistent(self) -> bool:
        """Whether test and accuracy do not favour different systems, as Wilcoxon's ranks may."""
        return self.paired.favours * self.scores.accuracy.value >= 0


@dataclass(frozen=True)
class Comparisons:
    """All comparisons of some systems, whose p-values are corrected together (Holm)."""

    systems: tuple[System, ...]
    shown: tuple[Comparison, ...]


def compare(systems: Sequence[System], *, baseline: System | None = None, method: Method = "permutation") -> Comparisons:
    """Compare all pairs of systems, or each one with the baseline, on every test set that they share.

    RunError where there is nothing to compare, or where a pair has not tested the same images with the same labels.
    """
    if len(systems) < 2:
        only = systems[0]
        raise RunError(
            f"there is nothing to compare {only.called} with: found one experiment (seed {', '.join(map(str, only.seeds))}). "
            f"Give a run of another one, or set seeds against each other: fer compare RUN --versus RUN."
        )
    pairs = [(other, baseline) for other in systems if other is not baseline] if baseline else list(combinations(systems, 2))
    found = [compare_two(a, b, test, method=method) for a, b in pairs for test in shared_tests(a, b)]
    corrected = holm([comparison.paired.p for comparison in found])
    return Comparisons(tuple(systems), tuple(replace(c, p=p) for c, p in zip(found, corrected, strict=True)))


def compare_two(a: System, b: System, test: str, *, method: Method) -> Comparison:
    """Compare two systems on one test set; p is that of this comparison alone."""
    pairs = match(a, b, test)
    paired = paired_test(pairs.units, method)
    return Comparison(
        a=a,
        b=b,
        test=a.tests[test],
        images=len(pairs),
        people=people_in(pairs),
        scores=differences(pairs, seed=BOOTSTRAP_SEED),
        by_seed=pairs.accuracies,
        paired=paired,
        p=paired.p,
        recut=a.cut(test) != b.cut(test),
    )


def people_in(pairs: Pairs) -> int | None:
    """How many people are in the images; None where nobody is identified."""
    return len(pairs.units) if pairs.identified else None


def comparisons_json(compared: Comparisons, sentences: Sequence[str]) -> dict[str, Any]:
    """What `fer compare --json` prints; scores and differences are shares, with the sentence of each comparison."""
    shown = zip(compared.shown, sentences, strict=True)
    return {
        "schema": SCHEMA,
        "systems": {system.letter: system_json(system) for system in compared.systems},
        "comparisons": [{**comparison_json(comparison), "sentence": sentence} for comparison, sentence in shown],
    }


def system_json(system: System) -> dict[str, Any]:
    """One system: its runs and what is known of them."""
    return {
        "runs": list(system.names),
        "seeds": list(system.seeds),
        "protocol": system.protocol,
        "leaky": system.leaky,
        "complete": system.complete,
    }


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """One comparison."""
    scores, test = comparison.scores, comparison.paired
    return {
        "a": comparison.a.letter,
        "b": comparison.b.letter,
        "test_set": comparison.test.name,
        "databases": list(comparison.test.databases),
        "n": comparison.images,
        "people": comparison.people,
        "leaky": comparison.leaky,
        "same_folds": not comparison.recut,
        "accuracy": difference_json(scores.accuracy),
        "uar": difference_json(scores.uar),
        "macro_f1": difference_json(scores.macro_f1),
        "interval": scores.method,
        "accuracy_by_seed": [[rounded(share) for share in of_system] for of_system in comparison.by_seed],
        "test": {
            "name": test.name,
            "why": test.why,
            "unit": test.kind,
            "units": test.units,
            "differing": test.differing,
            "smallest_p": test.smallest,
            "p": test.p,
            "p_holm": comparison.p,
        },
        "decided": comparison.decided,
    }


def difference_json(found: Difference) -> dict[str, float | None]:
    """One score of both systems, and the difference with its interval."""
    values = {"a": found.a, "b": found.b, "difference": found.value, "low": found.low, "high": found.high}
    return {name: rounded(value) for name, value in values.items()}
