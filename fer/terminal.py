"""This file makes the consoles that everything is printed on: the names of files and folders are text there, and no markup."""

from rich.console import Console


def plain_console(*, stderr: bool = False) -> Console:
    """A console that takes no text for markup, so that a folder called [/] or :bomb: is shown as it is."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)
