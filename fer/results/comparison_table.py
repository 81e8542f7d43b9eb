"""This file prints comparisons: what the letters stand for, the differences, the sentences, and what they rest on."""

from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fer.results.comparison import Comparison, Comparisons
from fer.results.comparison_words import sentences, signed, written_p
from fer.results.paired_intervals import Difference
from fer.results.systems import System
from fer.results.table import LEAKY, NOTHING, fact_table, percent
from fer.terminal import plain_console


def print_comparisons(compared: Comparisons, console: Console | None = None) -> None:
    """Print everything that is said of the comparisons."""
    console = console or plain_console()
    console.print(system_table(compared), highlight=False)
    console.print(difference_table(compared), highlight=False)
    for sentence in sentences(compared):
        console.print(Text(f"• {sentence}"), highlight=False)
    console.print()
    console.print(fact_table(facts(compared)), highlight=False)


def system_table(compared: Comparisons) -> Table:
    """What each letter stands for."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for system in compared.systems:
        table.add_row(system.letter, described(system))
    return table


def described(system: System) -> Text:
    """The runs of a system, and how they were measured."""
    seeds = f"seed{'s' if len(system.seeds) > 1 else ''} {', '.join(map(str, system.seeds))}"
    pooled = f" ({len(system.runs)} runs taken together)" if len(system.runs) > 1 else ""
    text = Text("\n".join(system.names))
    how = [system.protocol, None if system.averaged else f"{seeds}{pooled}", system.reading]
    text.append(f"\n{' · '.join(filter(None, how))}", style="dim")
    if system.leaky:
        text.append(" · ").append_text(LEAKY)
    if not system.complete:
        text.append(" · ").append("INCOMPLETE", style="bold yellow").append(f", {system.progress}")
    return text


def difference_table(compared: Comparisons) -> Table:
    """One row a comparison: accuracies, the differences with their intervals below, and p."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Pair", no_wrap=True)
    table.add_column("Test set")
    several = len(compared.shown) > 1
    for column in ("Acc. %", "Accuracy", "UAR", "Macro-F1", "p Holm" if several else "p"):
        table.add_column(column, justify="right", no_wrap=True)
    for comparison in compared.shown:
        table.add_row(*cells(comparison, alone=not several))
    return table


def cells(comparison: Comparison, *, alone: bool) -> tuple[str | Text, ...]:
    """The cells of one comparison."""
    scores, people = comparison.scores, comparison.people
    counted = "" if people is None else f", {people:,} {'person' if people == 1 else 'people'}"
    test = Text(comparison.test.title).append(f"\nn = {comparison.images:,}{counted}", style="dim")
    if comparison.leaky:
        test.append("\n").append_text(LEAKY)
    shares = f"{percent(scores.accuracy.a)}\n{percent(scores.accuracy.b)}"
    p = Text(bare_p(comparison.p))
    if not alone:
        p.append(f"\n{bare_p(comparison.paired.p)}", style="dim")
    differences = [cell(found) for found in (scores.accuracy, scores.uar, scores.macro_f1)]
    return (f"{comparison.a.letter} − {comparison.b.letter}", test, shares, *differences, p)


def cell(found: Difference) -> Text:
    """The difference in points, its interval below."""
    interval = NOTHING if found.low is None else f"{signed(found.low)}…{signed(found.high)}"
    return Text.assemble((signed(found.value), "bold"), (f"\n{interval}", "dim"))


def bare_p(p: float) -> str:
    """A p-value as it stands in the table."""
    return written_p(p).removeprefix("p ").removeprefix("= ")


def facts(compared: Comparisons) -> Mapping[str, str]:
    """What must be known to believe the numbers: a name and a sentence each."""
    shown = compared.shown
    found = {
        "Points": "of percent, first minus second system; the 95 % intervals are of one comparison each",
        "Test": "\n".join(dict.fromkeys(f"{c.paired.name}, two-sided: {c.paired.why}" for c in shown)),
        "Intervals": "\n".join(dict.fromkeys(c.scores.method for c in shown)),
        "Seeds": "\n".join(seeds(compared)),
    }
    if len(shown) > 1:
        found["Holm"] = f"p is corrected for all {len(shown)} comparisons shown, the p below it is not"
    if recut := [f"{c.a.letter} and {c.b.letter} on {c.test.title}" for c in shown if c.recut]:
        found["Folds"] = f"cut differently in {'; '.join(recut)}: the same test images, after training on other ones"
    if left_out := unshared(compared):
        found["Left out"] = "; ".join(left_out)
    return found


def seeds(compared: Comparisons) -> list[str]:
    """The accuracies by seed, and whom the tests say nothing about."""
    spread: dict[str, None] = {}
    for comparison in compared.shown:
        for system, shares in zip((comparison.a, comparison.b), comparison.by_seed, strict=True):
            if len(shares) > 1:
                listed = ", ".join(map(percent, shares))
                spread[f"{system.letter} on {comparison.test.title}: mean of seeds with accuracy {listed} %"] = None
    once = [system.letter for system in compared.systems if len(system.seeds) == 1 and not system.averaged]
    said = [*spread, "no test or interval here covers the chance of training"]
    return [*said[:-1], f"{', '.join(once)} trained once: {said[-1]}" if once else said[-1]]


def unshared(compared: Comparisons) -> list[str]:
    """The test sets of a system that none of its comparisons shows."""
    compared_sets = {(s.letter, c.test.name) for c in compared.shown for s in (c.a, c.b)}
    return [
        f"{test.title} of {system.letter}, which nothing that it is compared with has tested"
        for system in compared.systems
        for test in system.tests.values()
        if (system.letter, test.name) not in compared_sets
    ]
