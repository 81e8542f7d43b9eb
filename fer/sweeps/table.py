"""This file prints how a sweep stands: trials by rank on validation, what failed and why, and the chosen one's test scores."""

from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from fer.results.table import NOTHING
from fer.sweeps.search_space import varies
from fer.sweeps.status import Status, TrialStatus
from fer.terminal import plain_console

STYLES = {"done": "green", "running": "cyan", "pruned": "dim", "failed": "bold red", "not started": "dim"}


def print_status(status: Status, output: Path) -> None:
    """Print the table, the errors, and what is chosen; test scores only once nothing is left to choose from."""
    console = plain_console()
    said = ", ".join(f"{count} {state}" for state, count in status.counts.items())
    console.print(Text.assemble((status.sweep.name, "bold"), f"\n{status.sweep.method} · {len(status.trials)} trials: {said}"))
    if listed := [trial for trial in status.trials if trial.state != "not started"]:
        console.print(trial_table(status, listed), highlight=False)
    for trial in status.trials:
        if trial.errors:
            console.print(error_lines(trial), highlight=False)
    if status.chosen is not None:
        print_chosen(status, status.chosen, output)
    elif status.sweep.objective is None:
        console.print(f"Runs are not ranked here, the file names no metric. All of them: fer report {output}", highlight=False)


def trial_table(status: Status, listed: Sequence[TrialStatus]) -> Table:
    """One row a trial that was begun; run folders where nothing ranks them."""
    objective, parameters = status.sweep.objective, status.sweep.parameters
    keys = [key for key, parameter in parameters.items() if varies(parameter)]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Trial", justify="right")
    table.add_column("State")
    if objective:
        table.add_column(objective.metric, justify="right", no_wrap=True)
    for header in short_names(keys):
        table.add_column(header, overflow="fold")
    if not objective:
        table.add_column("Run", overflow="fold")
    for trial in listed:
        values, runs = ([value_cell(trial)], []) if objective else ([], [trial.run or NOTHING])
        settings = [trial.settings.get(key, NOTHING) for key in keys]
        table.add_row(str(trial.number), Text(trial.state, STYLES[trial.state]), *values, *settings, *runs)
    return table


def value_cell(trial: TrialStatus) -> str:
    """The value of a trial; that of one that was stopped early is its last, and in brackets."""
    if trial.value is None:
        return NOTHING
    return f"({trial.value:.4f})" if trial.state == "pruned" else f"{trial.value:.4f}"


def short_names(keys: Sequence[str]) -> list[str]:
    """The keys without what stands before their last dots, as far as that leaves them different."""
    for parts in range(1, max((key.count(".") + 1 for key in keys), default=1) + 1):
        names = [".".join(key.split(".")[-parts:]) for key in keys]
        if len(set(names)) == len(names):
            return names
    return list(keys)


def error_lines(trial: TrialStatus) -> Text:
    """What went wrong with a trial, attempt by attempt."""
    text = Text()
    for error in trial.errors:
        text.append(f"trial {trial.number} ", style="bold")
        text.append(f"failed{'' if trial.state == 'failed' else ' at first'}: {error}\n")
    text.rstrip()
    return text


def print_chosen(status: Status, chosen: TrialStatus, output: Path) -> None:
    """Print the chosen trial and its run folder, and the test scores of this run alone where the sweep is over."""
    from fer.results.report import make_report
    from fer.results.stored_run import is_run, read_run
    from fer.results.table import print_report

    assert status.sweep.objective is not None, "something was measured"
    folder = output / (chosen.run or "")
    so_far = "" if status.over else " so far; its test scores stand here when the sweep is over"
    print(f"\nChosen   trial {chosen.number}, {status.sweep.objective.metric} {chosen.value:.4f} on validation{so_far}")
    print(f"Results  {folder}{'' if is_run(folder) else ', which is not on this machine'}\n")
    if status.over and is_run(folder):
        print_report(make_report(read_run(folder)))
