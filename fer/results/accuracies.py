"""This file prints accuracies on the same images below one another: an ensemble over its members, several views over one."""

from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fer.results.comparison_words import signed
from fer.results.predictions import Predictions
from fer.results.table import NOTHING, percent
from fer.terminal import plain_console


def print_accuracies(results: Mapping[str, Predictions], console: Console | None = None) -> None:
    """Print the accuracy of each result on each test set, and how far it is from that of the first one."""
    (console or plain_console()).print(accuracy_table(results), highlight=False)


def accuracy_table(results: Mapping[str, Predictions]) -> Table:
    """One row a result, one column a test set."""
    accuracies = {name: accuracy_by_test(predictions) for name, predictions in results.items()}
    first = next(iter(accuracies.values()))
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Accuracy %", overflow="fold")
    for test in first:
        table.add_column(test, justify="right", min_width=12)
    for name, of in accuracies.items():
        table.add_row(name, *(cell(of.get(test), first[test], leading=of is first) for test in first))
    return table


def accuracy_by_test(predictions: Predictions) -> dict[str, float]:
    """The share of right answers on each test set, in the order of the rows."""
    right = predictions.target == predictions.predicted
    return {test: float(right[predictions.test_set == test].mean()) for test in dict.fromkeys(predictions.test_set.tolist())}


def cell(share: float | None, first: float, *, leading: bool) -> Text:
    """An accuracy in percent, and beside it how many points it is above or below the first one."""
    if share is None:
        return Text(NOTHING)
    text = Text(percent(share), style="bold" if leading else "")
    return text.append(" " * 6) if leading else text.append(f" {signed(share - first):>5}", style="dim")
