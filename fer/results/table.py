"""This file draws a report as tables in the terminal; they fit into 80 columns and stay readable in a file."""

from collections.abc import Mapping, Sequence
from statistics import stdev

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from fer.results.intervals import Estimate
from fer.results.report import Report
from fer.results.set_report import SetReport
from fer.terminal import plain_console

LEAKY = Text("LEAKY", style="bold red")
NOTHING = "–"


def print_report(report: Report, console: Console | None = None) -> None:
    """Print the scores of a run and all that must stand beside them."""
    (console or plain_console()).print(report_table(report), highlight=False)


def report_table(report: Report) -> RenderableType:
    """The title, the scores, the recall of each label, and the facts below."""
    parts: list[RenderableType] = [heading(report)]
    if report.tests:
        parts += [score_table(report), label_table(report.tests)]
    return Group(*parts, fact_table(facts(report)))


def heading(report: Report) -> Text:
    """The run's name, protocol and progress, and whether it leaks."""
    seed = f"seed {seeds(report.seeds)}" if report.seeds else None
    said = filter(None, [report.protocol, report.progress, seed, report.reading])
    text = Text.assemble((report.run, "bold"), "\n", " · ".join(said))
    if report.leaky:
        text.append(" · ").append_text(LEAKY)
    if not report.complete:
        text.append(" · ").append("INCOMPLETE", style="bold yellow")
    return text


def score_table(report: Report) -> Table:
    """One row a test set, the intervals below the scores."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Test set")
    for column in ("Accuracy %", "UAR %", "Macro-F1 %", "NLL", "ECE"):
        table.add_column(column, justify="right", no_wrap=True)
    for test in report.tests:
        table.add_row(*score_cells(test, test.title, leaky=report.leaky))
        if test.common:
            table.add_row(*score_cells(test.common, common_name(test.common), leaky=report.leaky))
    return table


def score_cells(test: SetReport, name: str, *, leaky: bool) -> Sequence[Text | str]:
    """The row of one reading of a test set: its name and how many images and subjects are in it, and its scores."""
    people = "" if test.subjects is None else f", {test.subjects:,} subject{'s' if test.subjects > 1 else ''}"
    first = Text(name).append(f"\nn = {test.n:,}{people}", style="dim")
    if leaky:
        first.append("\n").append_text(LEAKY)
    scores = (test.scores.accuracy, test.scores.uar, test.scores.macro_f1)
    return first, *map(cell, scores), f"{test.nll:.3f}", f"{test.calibration.error:.3f}"


def common_name(common: SetReport) -> str:
    """The second reading of a test set, below the first."""
    return f"  of {len(common.labels)} common labels"


def cell(score: Estimate) -> Text:
    """The score in percent, its interval below."""
    return Text.assemble((percent(score.value), "bold"), (f"\n{interval(score)}", "dim"))


def percent(share: float | None) -> str:
    """A share in percent with one decimal."""
    return NOTHING if share is None else f"{100 * share:.1f}"


def interval(score: Estimate) -> str:
    """The interval in percent."""
    return NOTHING if score.low is None else f"{percent(score.low)}–{percent(score.high)}"


def label_table(tests: Sequence[SetReport]) -> Table:
    """Recall, precision and F1 of each label; only the recalls where there are several test sets."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Label")
    alone = len(tests) == 1
    headers = ["Images", "Recall %", "Precision %", "F1 %"] if alone else [f"Recall %\n{test.name}" for test in tests]
    for header in headers:
        table.add_column(header, justify="right")
    for scores in zip(*(test.per_class for test in tests), strict=True):
        first = scores[0]
        values = (first.recall, first.precision, first.f1) if alone else tuple(score.recall for score in scores)
        counts = [f"{first.n:,}"] if alone else []
        table.add_row(first.name, *counts, *map(percent, values))
    return table


def facts(report: Report) -> Mapping[str, str]:
    """What must be known to believe the scores: a name and a sentence each."""
    found = {
        "Labels": f"{len(report.labels)} posed or perceived expression labels, {report.label_rule}",
        "Chosen": f"{report.selection.rule}{epochs_chosen(report)}",
        "Leaks": leaks(report),
        "Dropped": counts(report.dropped) or "nothing",
        "Faces": faces(report),
    }
    if report.reading is not None:
        found["Read"] = f"{report.reading}; the mean of the probabilities, not one network that looks at each face once"
    if report.train_images is not None:
        found["Trained on"] = f"{report.train_images:,} labelled images a fold, drawn by the seed; other labels were withheld"
    if report.starts:
        found["Started"] = "\n".join(report.starts)
    if report.merged:
        found["Merged"] = counts(report.merged)
    if report.tests:
        found["Intervals"] = intervals(report.tests)
    if len(report.seeds) > 1 and report.tests:
        found["Seeds"] = "\n".join(seed_spread(test) for test in report.tests)
    elif len(report.done) > 1:
        found["Folds"] = "\n".join(fold_range(test) for test in report.tests)
    if readings := [test for test in report.tests if test.common]:
        found["Common"] = "\n".join(map(common_reading, readings))
    return found


def epochs_chosen(report: Report) -> str:
    """The epochs that were chosen, where any were."""
    epochs = [of["epoch"] for of in report.selection.folds.values() if of["epoch"] is not None]
    if not epochs:
        return ""
    last = max(of["epochs"] or 0 for of in report.selection.folds.values())
    low, high = min(epochs), max(epochs)
    return f": epoch {low}" + (f" to {high}" if high > low else "") + (f" of {last}" if last else "")


def leaks(report: Report) -> str:
    """What the leak check found, in words."""
    found = "; ".join(f"{kind} ({count:,})" for kind, count in report.leaks.items() if count)
    if not found:
        return "none found"
    return found if len(report.folds) == 1 else f"{found}; summed over {len(report.folds)} folds"


def faces(report: Report) -> str:
    """How faces were cut out of the images, and in how many none was found."""
    said = [report.preprocess]
    if report.cropped:
        said.append(f"images that are faces already: {', '.join(report.cropped)}")
    if report.not_found:
        said.append(f"no face found, central square taken: {counts(report.not_found)}")
    return "; ".join(said)


def counts(images: Mapping[str, int]) -> str:
    """Names with counts."""
    return ", ".join(f"{name} {count:,}" for name, count in images.items())


def intervals(tests: Sequence[SetReport]) -> str:
    """How the intervals were computed; the test sets are named where it differs between them."""
    methods = dict.fromkeys(test.scores.method for test in tests)
    if len(methods) == 1:
        return next(iter(methods))
    return "\n".join(f"{test.name}: {test.scores.method}" for test in tests)


def fold_range(test: SetReport) -> str:
    """The range of the folds' accuracies, which is not an interval."""
    shares = [fold.accuracy for fold in test.folds]
    return f"{test.name}: accuracy {percent(min(shares))} to {percent(max(shares))} % in {len(shares)} folds (no interval)"


def seed_spread(test: SetReport) -> str:
    """The accuracies of the seeds and their spread, which is another thing than the interval."""
    shares = [score.accuracy for score in test.seeds]
    if len(shares) < 2:
        return f"{test.name}: one seed so far"
    spread = f"from {percent(min(shares))} to {percent(max(shares))} %, standard deviation {percent(stdev(shares))}"
    return f"{test.name}: mean of {len(shares)} seeds, accuracy {spread}"


def common_reading(test: SetReport) -> str:
    """What the second reading of a test set is, and what it leaves out."""
    assert test.common is not None, "only sets with a second reading are listed"
    left_out = [name for name in test.labels if name not in test.common.labels]
    return (
        f"{test.name}: read again with the {len(test.common.labels)} labels that both training and test have, "
        f"without {', '.join(left_out)}: {test.common.n:,} of {test.n:,} images"
    )


def seeds(of: Sequence[int]) -> str:
    """The seeds of a run; an ensemble has none."""
    return ", ".join(map(str, of)) or NOTHING


def fact_table(found: Mapping[str, str]) -> Table:
    """Names and sentences in two columns."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, sentence in found.items():
        table.add_row(name, sentence)
    return table


def duration(seconds: float) -> str:
    """Seconds in the units that a person would use."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{seconds / 3600:.1f} h"


def millions(count: int) -> str:
    """A number of parameters or multiply-adds in millions, G beyond a thousand of them, with two digits that count."""
    if count >= 1e9:
        return f"{count / 1e9:.1f} G"
    return f"{count / 1e6:,.0f} M" if count >= 1e8 else f"{count / 1e6:.1f} M" if count >= 1e6 else f"{count / 1e6:.2f} M"
