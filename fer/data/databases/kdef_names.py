"""This file reads the names of KDEF's pictures, which say who shows what to which camera."""

import re
from dataclasses import dataclass
from pathlib import Path

EXPRESSION_OF = {
    "AF": "fear",  # "afraid"
    "AN": "anger",
    "DI": "disgust",
    "HA": "happiness",
    "NE": "neutral",
    "SA": "sadness",
    "SU": "surprise",
}

#: Straight, half left, half right, full left and full right profile.
ANGLES = ("S", "HL", "HR", "FL", "FR")

_PERSON = r"([AB])([FM](?:0[1-9]|[12]\d|3[0-5]))"  # session, gender and number

#: Session, subject, expression and angle: AF01AFS.
NAME = re.compile(rf"{_PERSON}({'|'.join(EXPRESSION_OF)})({'|'.join(ANGLES)})", re.IGNORECASE)

#: Of the folder that holds the pictures of one session of one person: AF01.
PERSON_FOLDER = re.compile(_PERSON, re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Picture:
    """What the name of one picture says; `name` is the name in capitals."""

    name: str
    subject: str  # F01 in both sessions
    expression: str
    angle: str

    @classmethod
    def of(cls, path: Path) -> "Picture | None":
        """The picture of this name; None where the name is none."""
        match = NAME.fullmatch(path.stem.upper())
        return cls(match[0], match[2], EXPRESSION_OF[match[3]], match[4]) if match else None
