"""This file says in sentences what a comparison shows, and never that two systems are equal."""

from collections.abc import Iterator

from fer.results.comparison import SIGNIFICANCE, Comparison, Comparisons
from fer.results.systems import System


def sentences(compared: Comparisons) -> list[str]:
    """What each comparison shows, in order."""
    return [sentence(comparison, of=len(compared.shown)) for comparison in compared.shown]


def sentence(comparison: Comparison, *, of: int) -> str:
    """What one of `of` comparisons shows, what that rests on, and what limits it."""
    if comparison.scores.accuracy.low is None:
        said = unknown(comparison)
    elif comparison.decided:
        said = better(comparison)
    else:
        said = undecided(comparison)
    return " ".join([f"{said} ({basis(comparison, of=of)}).", *limits(comparison, of=of)])


def better(comparison: Comparison) -> str:
    """Which system is better, and by how much."""
    first, second, found = comparison.a, comparison.b, comparison.scores.accuracy
    if found.value < 0:
        first, second, found = second, first, found.turned
    by = f"{points(found.value)} points of accuracy [{points(found.low)}, {points(found.high)}]"
    return f"{name(first)} is better than {name(second)} on {comparison.test.title} by {by}"


def undecided(comparison: Comparison) -> str:
    """That the data leave open which system is better, and by how much either may be."""
    a, b, found = comparison.a, comparison.b, comparison.scores.accuracy
    where = f"On {comparison.test.title} the data do not tell {name(a)} and {name(b)} apart"
    ends = f"{signed(found.low)} to {signed(found.high)} points of accuracy"
    return f"{where}: the difference {a.letter} − {b.letter} may lie anywhere from {ends}"


def unknown(comparison: Comparison) -> str:
    """That one person tells nothing about others."""
    a, b, found = comparison.a, comparison.b, comparison.scores.accuracy
    where = f"On {comparison.test.title} the data do not tell {name(a)} and {name(b)} apart"
    return f"{where}: one person was tested, for whom {a.letter} − {b.letter} is {signed(found.value)} points"


def basis(comparison: Comparison, *, of: int) -> str:
    """The number of units, the test, and its p."""
    test = comparison.paired
    units = f"1 {'person' if test.kind == 'people' else 'image'}" if test.units == 1 else f"{test.units:,} {test.kind}"
    return f"{units}, {test.name}, {written_p(comparison.p)}{' after Holm' if of > 1 else ''}"


def limits(comparison: Comparison, *, of: int) -> Iterator[str]:
    """What a reader must know before believing the sentence, where there is anything."""
    test = comparison.paired
    if comparison.leaky:
        yield "LEAKY: training knew something of the test images, so that this says nothing of new ones."
    if of * test.smallest > SIGNIFICANCE:
        counted = f"only {test.differing}" if test.differing else "no"
        tested = "" if of == 1 else f" before Holm, and {written_p(min(1.0, of * test.smallest))} after it"
        units = {"people": "person", "images": "image"}[test.kind] if test.differing == 1 else test.kind
        yield f"The two differ on {counted} {units}: the smallest p that this can give is {test.smallest:.2g}{tested}."
    if not comparison.consistent:
        favoured = comparison.a if test.favours > 0 else comparison.b
        yield f"The ranks favour {favoured.letter}, the accuracy does not."
    elif comparison.decided != comparison.scores.accuracy.leaves_zero_out:
        yield disagreement(comparison, of=of)


def disagreement(comparison: Comparison, *, of: int) -> str:
    """Why the interval leaves 0 out and the test does not decide, or the other way round."""
    if of > 1 and decides_alone(comparison):
        return f"The interval leaves 0 out, but is one of {of}; corrected for their number the test does not decide."
    return "Test and interval do not agree on whether 0 is possible: the evidence is weak."


def decides_alone(comparison: Comparison) -> bool:
    """Whether the test would decide if this comparison were the only one."""
    return not comparison.decided and comparison.paired.p < SIGNIFICANCE


def name(system: System) -> str:
    """The system's letter, marked where it leaks."""
    return f"{system.letter} (LEAKY)" if system.leaky else system.letter


def points(share: float | None) -> str:
    """A share in percentage points."""
    return "–" if share is None else f"{100 * share:.1f}".replace("-", "−")


def signed(share: float | None) -> str:
    """A share in percentage points with its sign."""
    return "–" if share is None else f"{100 * share:+.1f}".replace("-", "−")


def written_p(p: float) -> str:
    """A p-value as it stands in a sentence."""
    if p < 0.0001:
        return "p < 0.0001"
    return f"p = {p:.4f}" if p < 0.001 else f"p = {p:.3f}"
