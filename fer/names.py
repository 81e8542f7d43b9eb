"""This file says which names of files, people and labels can be shown and stored, and shows all others harmlessly."""

import re

#: What a terminal obeys and what no file can be written with: control characters, ends of lines, halves of characters.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def is_plain(name: str) -> bool:
    """Whether a name is one line of text, of which nothing but its letters is seen."""
    return CONTROL.search(name) is None


def shown(text: str) -> str:
    r"""The text on as many lines as it has, with all else of the kind written out: \x1b where an escape was."""
    return CONTROL.sub(lambda found: found[0] if found[0] in "\n\t" else ascii(found[0])[1:-1], text)
