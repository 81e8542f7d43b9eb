"""This file shows progress: bars in a terminal, nothing where the output is piped."""

from collections.abc import Iterable
from types import TracebackType
from typing import TypeVar

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn, track

from fer.terminal import plain_console

Item = TypeVar("Item")

#: Progress goes to standard error, so that a piped table stays clean.
console = plain_console(stderr=True)


def tracked(items: Iterable[Item], what: str, total: int) -> Iterable[Item]:
    """The items, with a bar while they are consumed where somebody watches."""
    return track(items, escape(what), total, console=console, transient=True, disable=not console.is_terminal)


class RunProgress:
    """Bars for the folds of a run, the epochs of a fold and the batches of an epoch; a context manager that shows them."""

    def __init__(self) -> None:
        self.bars = Progress(
            TextColumn("{task.description:<8}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[note]}", style="dim"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "RunProgress":
        self.bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.bars.stop()

    def start(self, what: str, total: int, *, done: int = 0) -> None:
        """Begin, or begin again, the bar of `what`: "folds", "epochs" or "batches"."""
        if what in self._tasks:
            self.bars.reset(self._tasks[what], total=total, completed=done, note="")
        else:
            self._tasks[what] = self.bars.add_task(what, total=total, completed=done, note="")

    def advance(self, what: str, note: str | None = None) -> None:
        """One step of `what` is done; `note` stands beside its bar from now on."""
        self.bars.advance(self._tasks[what])
        if note is not None:
            self.bars.update(self._tasks[what], note=note)

    def say(self, line: str) -> None:
        """Print a line above the bars, or on its own where nobody watches."""
        console.print(line, highlight=False, soft_wrap=True)
