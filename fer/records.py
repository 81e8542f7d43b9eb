"""This file defines FaceRecord, what is known of one face image before anyone looks at its pixels."""

from collections.abc import Mapping
from dataclasses import dataclass

from fer.errors import DatabaseDamaged
from fer.names import is_plain

#: The expressions of every database, in the order in which they are listed everywhere.
EXPRESSIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral", "contempt")


@dataclass(frozen=True, slots=True)
class FaceRecord:
    """One face image: names only, no pixels and no indices.

    `id` begins with the database's name and a slash, and is the same on every machine. `source` is the path or row below
    the database's root. `subject` is None where people are not identified; `group` names images that must stay together
    (a sequence, a cluster of copies); `split` is the database's own; `votes` are the annotators' counts by expression,
    in which `unknown` and `not_a_face` may stand beside the expressions. Raises DatabaseDamaged where a name has control
    characters, or is no text at all.
    """

    id: str
    source: str
    expression: str
    subject: str | None = None
    group: str | None = None
    split: str | None = None
    votes: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        for name in (self.id, self.subject, self.group, self.split):
            if name is not None and not is_plain(name):
                raise DatabaseDamaged(
                    f"{self.source!r}: found {name!r}, expected a name that is text on one line, without control characters.\n"
                    "    Rename the file, or mend the name where it is listed."
                )
