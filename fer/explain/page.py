"""This file renders the page of explained faces: one HTML file that holds its images, without scripts or outside requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fer.explain.explanation import Explanation
from fer.explain.faithfulness import STEPS, Faithfulness
from fer.explain.maps import SOURCES, TITLES, Method
from fer.explain.pictures import address, overlay, png, scale, side_by_side
from fer.explain.verdict import Verdict
from fer.results.pages.charts import Axis, Chart, Line, line_charts
from fer.results.pages.render import environment, style

#: The orders that are drawn beside one another, their names, and the numbers of their colours in the style sheet.
ORDERS = {"map": ("the map", 1), "random": ("the same map elsewhere", 0), "centre": ("the centre first", 2)}


STRIP = 8  # faces on the page of the run


@dataclass(frozen=True)
class Answer:
    """What was explained: of which run, by which method, and how well the maps do; `data` are licences by database."""

    run: str
    labels: tuple[str, ...]
    method: Method
    seed: int
    verdict: Verdict
    found: Sequence[Explanation]
    refused: tuple[str, ...]
    data: Mapping[str, Mapping[str, str]]

    def as_json(self) -> dict[str, Any]:
        """The same without pictures."""
        return {
            "schema": 1,
            "run": self.run,
            "method": self.method,
            "title": f"{TITLES[self.method]}, {SOURCES[self.method]}",
            "seed": self.seed,
            "verdict": self.verdict.sentences,
            "intervals": self.verdict.method,
            "areas": areas(self.verdict.curves),
            "gains": {
                of.rival: {
                    name: {"value": d.value, "low": d.low, "high": d.high}
                    for name, d in (("deletion", of.deletion), ("insertion", of.insertion))
                }
                for of in self.verdict.gains
            },
            "faces": [self.face_as_json(one) for one in self.found],
            "refused": list(self.refused),
        }

    def face_as_json(self, one: Explanation) -> dict[str, Any]:
        """One face."""
        return {
            "image": one.face.name,
            "fold": one.face.fold,
            "target": None if one.face.target < 0 else self.labels[one.face.target],
            "predicted": self.labels[one.predicted],
            "probabilities": dict(zip(self.labels, one.probabilities.tolist(), strict=True)),
            "areas": areas(one.faithfulness),
            "notes": list(one.face.notes),
        }


def areas(found: Faithfulness) -> dict[str, dict[str, float]]:
    """The areas under the curves of every order."""
    return {name: dict(zip(("deletion", "insertion"), getattr(found, name).areas, strict=True)) for name in ORDERS}


def explained_page(answer: Answer) -> str:
    """The page."""
    template = environment().get_template("explained.html")
    return template.render(
        css=style("page.css", "explained.css"),
        answer=answer,
        title=TITLES[answer.method],
        source=SOURCES[answer.method],
        orders=ORDERS,
        charts=[chart(answer.verdict, name) for name in ("deletion", "insertion")],
        gains={of.rival: of for of in answer.verdict.gains},
        areas=areas,
        scale=address(scale()),
        pictures=[(address(one.face.pixels), address(overlay(one.face.pixels, one.relevance))) for one in answer.found],
    )


def strip(found: Sequence[Explanation]) -> bytes:
    """The first faces with what speaks for their labels, as a picture for the page of the run."""
    return png(side_by_side([(one.face.pixels, overlay(one.face.pixels, one.relevance)) for one in found[:STRIP]]))


def chart(verdict: Verdict, name: str) -> Chart:
    """The mean probability of the label over the faces while pixels are taken away, or put back, in every order."""
    said = {"deletion": "% of the pixels taken away", "insertion": "% of the pixels put back"}[name]
    shares = np.linspace(0, 100, STEPS + 1).tolist()
    curves = {what: getattr(getattr(verdict.curves, order), name).tolist() for order, (what, _) in ORDERS.items()}
    lines = [Line(what, list(zip(shares, heights, strict=True))) for what, heights in curves.items()]
    x, y = Axis(said, (0, 100)), Axis("probability of the label", (0, 1))
    [drawn] = line_charts(name.capitalize(), lines, dict(ORDERS.values()), x=x, y=y)
    return drawn
