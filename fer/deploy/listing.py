"""This file lists predictions as they come, a line or more each: for people, as JSON, and as CSV."""

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence

from fer.deploy.predictor import Face, Prediction


class Listing(ABC):
    """What is printed of predictions with these labels."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)

    def header(self) -> Iterator[str]:
        """The lines before the first prediction."""
        yield from ()

    @abstractmethod
    def lines(self, prediction: Prediction) -> Iterator[str]:
        """The lines of a prediction; at least one, so that nothing is dropped silently."""


class Table(Listing):
    """A line a face: probability, label, how sure the detector is, the box, and the picture."""

    def header(self) -> Iterator[str]:
        """The headings."""
        yield row("p", "expression", "face", "box", "picture")

    def lines(self, prediction: Prediction) -> Iterator[str]:
        """Its faces, or why there are none."""
        name = printable(prediction.name) + ("" if prediction.time is None else f" {prediction.time:.3f} s")
        if prediction.error is not None:
            yield row("", "failed", "", "", f"{name} {printable(prediction.error)}")
            return
        for face in prediction.faces:
            yield row(f"{face.probabilities.max():.2f}", face.label or "unsure", shown(face.detection), box(face), name)
        if prediction.uncut:
            yield row("", "not cut out", "", f"{prediction.uncut} found", name)
        elif not prediction.faces:
            yield row("", "no face", "", "", name)


class JsonLines(Listing):
    """An object a picture, on a line of its own."""

    def lines(self, prediction: Prediction) -> Iterator[str]:
        """Everything that is known of it."""
        width, height = prediction.size or (None, None)
        yield json.dumps(
            {
                "picture": prediction.name,
                "time": prediction.time,
                "width": width,
                "height": height,
                "faces": [self.face(face) for face in prediction.faces],
                "uncut": prediction.uncut,
                "error": prediction.error,
            }
        )

    def face(self, face: Face) -> dict[str, object]:
        """A face by the names of things."""
        place = {side: getattr(face.box, side) for side in SIDES}
        probabilities = dict(zip(self.labels, rounded(face), strict=True))
        return {"box": place, "detection": face.detection, "label": face.label, "probabilities": probabilities}


class Csv(Listing):
    """A row a face; a picture without one has a row whose cells of the face are empty."""

    def header(self) -> Iterator[str]:
        """The columns."""
        yield as_csv(["picture", "time", *SIDES, "detection", "label", *self.labels, "uncut", "error"])

    def lines(self, prediction: Prediction) -> Iterator[str]:
        """Its faces."""
        name, end = [no_formula(printable(prediction.name)), prediction.time], [prediction.uncut, prediction.error]
        for face in prediction.faces:
            place = [getattr(face.box, side) for side in SIDES]
            yield as_csv([*name, *place, face.detection, face.label, *rounded(face), *end])
        if not prediction.faces:
            yield as_csv([*name, *[None] * (len(SIDES) + 2 + len(self.labels)), *end])


SIDES = ("x", "y", "width", "height")


def row(probability: str, expression: str, detection: str, place: str, picture: str) -> str:
    """The cells of a line; what varies in length comes last."""
    return f"{probability:>4}  {expression:<12}  {detection:>4}  {place:<20}  {picture}".rstrip()


def shown(detection: float | None) -> str:
    """How sure a detector is, where it knows."""
    return "" if detection is None else f"{detection:.2f}"


def box(face: Face) -> str:
    """Where a face is: left, top, width × height."""
    return f"{face.box.x:.0f},{face.box.y:.0f} {face.box.width:.0f}×{face.box.height:.0f}"


def rounded(face: Face) -> list[float]:
    """Its probabilities with the digits that float32 and other hardware have in common."""
    return [round(float(probability), 6) for probability in face.probabilities]


def printable(text: str) -> str:
    """The text on one line, with what cannot be shown, as file names may have, as escapes."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def no_formula(path: str) -> str:
    """A path that no spreadsheet computes: the same file by ./ before what would begin a formula."""
    return f"./{path}" if path.startswith(("=", "+", "-", "@")) else path


def as_csv(cells: Iterable[object]) -> str:
    """A row of CSV without the end of its line."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
