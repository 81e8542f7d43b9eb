"""This file reads the names of JAFFE's images, which say who shows what."""

import re
from pathlib import Path

from fer.errors import DatabaseDamaged

EXPRESSION_OF = {
    "AN": "anger",
    "DI": "disgust",
    "FE": "fear",
    "HA": "happiness",
    "NE": "neutral",
    "SA": "sadness",
    "SU": "surprise",
}

#: Subject, expression, take and serial number: KA.AN1.39.
NAME = re.compile(r"([A-Z]{2})\.([A-Z]{2})(\d)\.(\d+)", re.IGNORECASE)

#: The same with something else, or nothing, where the dots were.
_GAP = r"[^A-Z\d]*"
NAME_WITHOUT_DOTS = re.compile(rf"([A-Z]{{2}}){_GAP}({'|'.join(EXPRESSION_OF)})(\d){_GAP}(\d{{1,3}}){_GAP}", re.IGNORECASE)


def official_name(path: Path) -> str | None:
    """The name of an image such as KA.AN1.39; None where it is no name of this database.

    Raises DatabaseDamaged for a name of the official form with an expression that there is not.
    """
    match = NAME.fullmatch(path.stem) or NAME_WITHOUT_DOTS.fullmatch(path.stem)
    if not match:
        return None
    subject, expression, take, serial = match.groups()
    if expression.upper() not in EXPRESSION_OF:
        raise DatabaseDamaged(
            f"{path}: found the expression {expression!r} in the name, expected {', '.join(EXPRESSION_OF)}.\n"
            "    Give the file its published name, or move it elsewhere if it is none of JAFFE's."
        )
    return f"{subject.upper()}.{expression.upper()}{take}.{int(serial)}"
