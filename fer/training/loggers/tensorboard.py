"""This file shows runs in TensorBoard: event files in the folder of every fold and of the run."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # type: ignore[import-untyped]
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from fer.training.loggers.confusion_picture import confusion_picture
from fer.training.loggers.content import RunContent
from fer.training.loggers.examples import COLUMNS, examples
from fer.training.loggers.flat import flat
from fer.training.loggers.logger import RunLogger

PER_CLASS = ("label", "n", "recall", "precision", "f1")


class TensorBoard(RunLogger):
    """Event files in `dir`: configuration, curves and scores; of a report also matrices as pictures, and tables as text.

    `predictions` is how many rows the table of predictions has at most.
    """

    def __init__(self, *, dir: str, predictions: int = 100) -> None:
        self.dir, self.predictions = Path(dir), predictions
        self._config: Mapping[str, Any] = {}
        self._shown: frozenset[tuple[str, int]] = frozenset()
        self._writer: SummaryWriter | None = None

    @property
    def writer(self) -> SummaryWriter:
        """The open writer."""
        assert self._writer is not None, "begin comes first"
        return self._writer

    def begin(self, config: Mapping[str, Any]) -> None:
        """Open a file of events; TensorBoard reads all those of a folder as one."""
        self._shown = shown_in(self.dir) if self.dir.exists() else frozenset()
        self._config, self._writer = config, SummaryWriter(str(self.dir))
        text = json.dumps(config, indent=1, ensure_ascii=False)
        self.writer.add_text("config", "\n".join(f"    {line}" for line in text.splitlines()))

    def epoch(self, values: Mapping[str, float], epoch: int) -> None:
        """Show one epoch, which is the step."""
        for name, value in values.items():
            if (name, epoch) not in self._shown:
                self.writer.add_scalar(name, value, epoch)
        self.writer.flush()

    def scores(self, values: Mapping[str, float]) -> None:
        """Show final values, and in the table of hyperparameters beside the configuration."""
        settings = {key: value for key, value in flat(self._config).items() if not key.startswith("provenance.")}
        for summary in hparams(settings, dict(values)):  # type: ignore[no-untyped-call]
            self.writer.file_writer.add_summary(summary)  # type: ignore[attr-defined]  # add_hparams opens a folder of its own
        for name, value in values.items():
            self.writer.add_scalar(name, value, 0)

    def show(self, content: RunContent) -> None:
        """Show the matrices, the scores of the labels and the predictions."""
        for name, test in content.tests.items():
            self.writer.add_image(f"{name}/confusion", confusion_picture(test.confusion, test.labels), dataformats="HWC")
            rows = [(score.name, score.n, score.recall, score.precision, score.f1) for score in test.per_class]
            self.writer.add_text(f"{name}/per_class", markdown_table(PER_CLASS, rows))
        chosen = examples(content.run, self.predictions)
        self.writer.add_text("predictions", f"{chosen.note}\n\n{markdown_table(COLUMNS, chosen.rows)}")

    def end(self, *, failed: bool) -> None:
        """Write what is left and close."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def shown_in(folder: Path) -> frozenset[tuple[str, int]]:
    """The names and steps of the scalars in a folder of event files; twice the same would draw a line back."""
    events = EventAccumulator(str(folder))
    events.Reload()
    return frozenset((name, event.step) for name in events.Tags()["scalars"] for event in events.Scalars(name))


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table as TensorBoard draws it."""
    lines = [columns, ["---"] * len(columns), *(map(cell, row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(value: Any) -> str:
    """A value in a table: shares with four decimals, and nothing where there is none."""
    text = "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|")
