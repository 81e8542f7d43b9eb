"""This file defines Loggers, several loggers that are told the same, of which one may fail and nothing is lost."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.markup import escape

from fer.files import read_json, write_json
from fer.training.loggers.configured import Place, make_loggers
from fer.training.loggers.logger import RunLogger

TROUBLE = "logger "  # how a line about a logger that failed begins
LOGGED = "logged.json"


class Loggers:
    """The loggers of one place, open while a `with` block runs; one that fails is named to `say` and told no more.

    Those that were told everything are written down in logged.json in the place's folder, each with `mark`, so that nothing
    is shown there twice.
    """

    def __init__(
        self, configs: Mapping[str, Any], place: Place, config: Mapping[str, Any], *, say: Callable[[str], None], mark: str = ""
    ) -> None:
        self.configs, self.place, self.config, self.say, self.mark = configs, place, config, say, mark
        self.failed: set[str] = set()
        self._open: dict[str, RunLogger] = {}

    def __enter__(self) -> "Loggers":
        self._open = make_loggers(self.configs, self.place)
        self.tell(lambda logger: logger.begin(self.config))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.tell(lambda logger: logger.end(failed=kind is not None))
        if kind is None and self._open:
            folder = Path(self.place.folder)
            write_json(folder / LOGGED, {**marks(folder), **dict.fromkeys(self._open, self.mark)})

    def tell(self, what: Callable[[RunLogger], None]) -> None:
        """Tell every logger that has not failed yet."""
        for name, logger in list(self._open.items()):
            try:
                what(logger)
            except Exception as error:  # whatever a library or a network comes up with; the files of the run are the record
                self.drop(name, logger, error)

    def drop(self, name: str, logger: RunLogger, error: Exception) -> None:
        """Say that a logger failed, and close it as far as it lets itself be closed."""
        del self._open[name]
        self.failed.add(name)
        with suppress(Exception):
            logger.end(failed=True)
        why = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        self.say(escape(f"{TROUBLE}{name} shows no more of {self.place.fold}: {why}. The run folder has everything."))


def marks(folder: Path) -> dict[str, str]:
    """The names of the loggers that have shown a fold, or a run, with the mark of what they have shown."""
    path = folder / LOGGED
    return dict(read_json(path)) if path.is_file() else {}


def troubles(output: str) -> Iterator[str]:
    """What the output of a worker says of loggers that failed."""
    return (escape(line) for line in output.splitlines() if line.startswith(TROUBLE))
