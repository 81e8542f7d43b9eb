"""This file reads the words that people name expressions by, in folders and tables of their own.

| expression | words |
|---|---|
| anger | anger, angry |
| disgust | disgust, disgusted |
| fear | fear, fearful, afraid, scared |
| happiness | happiness, happy, joy, joyful |
| sadness | sadness, sad |
| surprise | surprise, surprised |
| neutral | neutral |
| contempt | contempt, contemptuous |

Upper and lower case are the same. Other words are mapped by the user: `expressions: {froh: happiness}`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fer.build import did_you_mean
from fer.errors import ConfigError
from fer.records import EXPRESSIONS

_WORDS: Mapping[str, tuple[str, ...]] = {
    "anger": ("angry",),
    "disgust": ("disgusted",),
    "fear": ("fearful", "afraid", "scared"),
    "happiness": ("happy", "joy", "joyful"),
    "sadness": ("sad",),
    "surprise": ("surprised",),
    "neutral": (),
    "contempt": ("contemptuous",),
}

#: Every word of the table above, and the expression it stands for.
WORDS: Mapping[str, str] = {word: name for name in EXPRESSIONS for word in (name, *_WORDS[name])}


@dataclass(frozen=True)
class Vocabulary:
    """The words of one database: those of the table above, and the user's own, which win."""

    words: Mapping[str, str]

    @classmethod
    def of(cls, own: Mapping[str, str], key: str) -> "Vocabulary":
        """The table with the user's `own` words; raises ConfigError under `key` where one is mapped to no expression."""
        for word, meaning in own.items():
            if folded(meaning) not in WORDS:
                hint = did_you_mean(str(meaning), EXPRESSIONS)
                raise ConfigError(f"{key}.{word}: {meaning!r} is no expression{hint}. The names are {', '.join(EXPRESSIONS)}.")
        return cls({**WORDS, **{folded(word): WORDS[folded(meaning)] for word, meaning in own.items()}})

    def expression(self, word: str) -> str | None:
        """The expression that a word stands for; None where it is not known."""
        return self.words.get(folded(word))

    def complaint(self, word: str) -> str:
        """What to say of a word that is not known."""
        return f"{word!r} is no expression{did_you_mean(folded(word), self.words)}"


def remedy(key: str, words: Iterable[str]) -> str:
    """How to map words that are not known, as a sentence; `key` is the setting that maps them."""
    mapping = ", ".join(f"{word}: …" for word in words)
    return f"Rename, or map to one of {', '.join(EXPRESSIONS)}: '{key}={{{mapping}}}'."


def folded(word: str) -> str:
    """A word without what does not matter to its meaning."""
    return str(word).strip().casefold()
