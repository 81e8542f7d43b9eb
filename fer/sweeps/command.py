"""This file makes the command line of a trial out of the `command` of a W&B sweep file."""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fer.errors import ConfigError

#: The words that stand for something else, as `wandb agent` replaces them; no other ones are offered.
ENV, INTERPRETER, PROGRAM, ARGUMENTS = "${env}", "${interpreter}", "${program}", "${args_no_hyphens}"
OFFERED = (ENV, INTERPRETER, PROGRAM, ARGUMENTS)

#: Tells `wandb agent`, and only it, where the numbers go; a sweep here reads them from the run folders.
TO_WANDB = "logger=wandb"

CONFIG_DIR = "--config-dir="


@dataclass(frozen=True)
class Command:
    """The words of the command, some of which stand for the program and for a trial's settings."""

    words: tuple[str, ...]
    program: str

    def line(self, settings: Mapping[str, str], *, further: Sequence[str] = ()) -> list[str]:
        """The command line of a trial with these settings, followed by `further` ones of the user's machine."""
        before = self.words[: self.words.index(PROGRAM) + 1]
        stands_for = {ENV: "/usr/bin/env", INTERPRETER: sys.executable, PROGRAM: self.program}
        return [*(stands_for.get(word, word) for word in before), *self.arguments(settings), *further]

    def arguments(self, settings: Mapping[str, str]) -> Iterator[str]:
        """What the program is given."""
        for word in self.words[self.words.index(PROGRAM) + 1 :]:
            if word == ARGUMENTS:
                yield from (f"{key}={value}" for key, value in settings.items())
            elif word != TO_WANDB:
                yield word

    def overrides(self, settings: Mapping[str, str], *, further: Sequence[str] = ()) -> list[str]:
        """What the program composes its configuration from; a folder of the user's own is searched as --config-dir does."""
        words = [*self.arguments(settings), *further]
        folders = [word.removeprefix(CONFIG_DIR) for word in words if word.startswith(CONFIG_DIR)]
        own = [f"hydra.searchpath=[{','.join(f'file://{folder}' for folder in folders)}]"] if folders else []
        return [*(word for word in words if not word.startswith("-")), *own]


def read_command(words: Any, program: str) -> Command:
    """The command of a sweep file; ConfigError where a word of it is not offered."""
    expected = f"expected {list(OFFERED)}, and words of your own between them"
    if words is None:
        raise ConfigError(f"command: found none, {expected}: W&B's default passes --key=value, which train.py does not take")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ConfigError(f"command: found {words!r}, {expected}")
    for word in words:
        require_offered(word)
    if words.count(PROGRAM) != 1 or words.count(ARGUMENTS) != 1 or words.index(ARGUMENTS) < words.index(PROGRAM):
        raise ConfigError(f"command: found {words}, expected {PROGRAM} once and {ARGUMENTS} once behind it")
    for word in words[words.index(PROGRAM) + 1 :]:
        require_override(word)
    return Command(tuple(words), program)


def require_offered(word: str) -> None:
    """Raise ConfigError for a word that `wandb agent` would replace and a sweep here would not."""
    if (word not in OFFERED and re.fullmatch(r"\$\{\w+\}", word)) or "${envvar:" in word:
        raise ConfigError(f"command: {word} is not offered; expected {', '.join(OFFERED)}")


def require_override(word: str) -> None:
    """Raise ConfigError for an argument of the program that is no override of its configuration."""
    if word != ARGUMENTS and not word.startswith(CONFIG_DIR) and (word.startswith("-") or "=" not in word):
        raise ConfigError(f"command: found {word!r} behind {PROGRAM}, expected key=value, or {CONFIG_DIR}DIR")
