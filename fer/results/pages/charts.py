"""This file says what the charts of the pages show: lines by epoch, bars by bins; drawing.py draws them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from markupsafe import Markup

from fer.results.metrics import Calibration
from fer.results.pages.drawing import Spec, colour, drawn, rows
from fer.results.stored_run import Epoch, StoredFold

LOSSES = ("train_loss", "val_loss")
NO_SCORES = ("epoch", "lr", "seconds", *LOSSES)
STEP = 5  # % of accuracy in a bar of a distribution
MOST_BOLD = 8  # lines of a chart; more are drawn thin
MOST_POINTS = 400  # of a chart that says the value at every epoch; more are too many to rest a pointer on

Points = Sequence[tuple[float, float]]
Range = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A line of a chart: `what` it shows has a colour, `of` says whose it is; a ring marks the x that was chosen."""

    what: str
    points: Points
    of: str = ""
    chosen: float | None = None


@dataclass(frozen=True)
class Bar:
    """A bar from 0 to `value` between two numbers of the horizontal axis; `said` is its name."""

    low: float
    high: float
    value: float
    said: str
    opacity: float = 1.0


@dataclass(frozen=True)
class Axis:
    """An axis with its name; `span` is what it shows, where that is not all of the data, `whole` numbers have no fractions."""

    name: str
    span: Range | None = None
    whole: bool = False

    def encoding(self, field: str, *, zero: bool = False) -> dict[str, Any]:
        """The axis as a channel of Vega-Lite."""
        scale = {"domain": list(self.span), "nice": False} if self.span else {"zero": zero}
        steps = {"tickMinStep": 1, "format": ",d"} if self.whole else {}
        return {
            "field": field,
            "type": "quantitative",
            "scale": scale,
            "title": self.name or None,
            "axis": {"tickCount": 6, **steps},
        }


@dataclass(frozen=True)
class Chart:
    """A drawing with its title; `legend` names the series, `colours` number their colours in the style sheet."""

    title: str
    legend: tuple[str, ...]
    colours: tuple[int, ...]
    svg: Markup


def learning_curves(folds: Sequence[StoredFold], running: Mapping[str, Sequence[Epoch]] | None = None) -> list[Chart]:
    """Losses and validation scores by epoch, a line a fold; empty where nothing was trained by epochs.

    `running` are the epochs so far of folds that are at work.
    """
    histories = {fold.name: fold.history for fold in folds} | dict(running or {})
    chosen = {fold.name: (fold.card.get("selection") or {}).get("epoch") for fold in folds}
    present = dict.fromkeys(name for history in histories.values() for epoch in history for name in epoch)
    losses = tuple(name for name in LOSSES if name in present)
    scores = tuple(name for name in present if name not in NO_SCORES)
    panels = [("Loss", losses, 0), ("Scores while training", scores, len(LOSSES))]
    charts = []
    for title, names, first in panels:
        lines = [curve(name, fold, history, chosen.get(fold)) for name in names for fold, history in histories.items()]
        colours = {name: first + i for i, name in enumerate(names)}
        charts += line_charts(title, lines, colours, x=Axis("epoch", whole=True), y=Axis(""))
    return charts


def curve(name: str, fold: str, history: Sequence[Epoch], chosen: float | None) -> Line:
    """A column of a history by epoch; the first epoch is 1, as on the card, however the history counts."""
    first = min((epoch.get("epoch", 0.0) for epoch in history), default=0.0)
    points = [(epoch.get("epoch", float(i)) - first + 1, epoch[name]) for i, epoch in enumerate(history) if name in epoch]
    return Line(name, points, f"fold {fold}", chosen if name.startswith("val") else None)


def pretraining_curves(folds: Sequence[StoredFold]) -> list[Chart]:
    """How far the error of each stage of a pre-training fell, a line a fold; empty where there was none.

    Stages differ in what their error counts, so each is drawn as a share of its first epoch's.
    """
    stages = dict.fromkeys(stage for fold in folds for stage in fold.pretraining)
    lines = [Line(s, falling(fold.pretraining.get(s, ())), f"fold {fold.name}") for s in stages for fold in folds]
    colours = {stage: i for i, stage in enumerate(stages)}
    title = "Reconstruction error of the pre-training"
    return line_charts(title, lines, colours, x=Axis("epoch", whole=True), y=Axis("% of the first epoch's"), zero=True)


def falling(errors: Sequence[float]) -> Points:
    """Errors by epoch in percent of the first one."""
    return [(i + 1.0, 100 * error / errors[0]) for i, error in enumerate(errors) if errors[0]]


def line_charts(
    title: str, lines: Sequence[Line], colours: Mapping[str, int], *, x: Axis, y: Axis, zero: bool = False
) -> list[Chart]:
    """One chart of lines, or none where they have no finite point; `colours` number those of what the lines show."""
    lines = [Line(line.what, finite(line.points), line.of, line.chosen) for line in lines]
    if not any(line.points for line in lines):
        return []
    values = [
        {"x": px, "y": py, "what": line.what, "line": f"{line.what}, {line.of}" if line.of else line.what}
        | {"said": point_said(line, x.name, px, py), "chosen": px == line.chosen}
        for line in lines
        for px, py in line.points
    ]
    scale = {"domain": list(colours), "range": [colour(number) for number in colours.values()]}
    spec = {
        **rows(values),
        "encoding": {
            "x": x.encoding("x"),
            "y": y.encoding("y", zero=zero),
            "detail": {"field": "line"},
            "color": {"field": "what", "scale": scale, "legend": None},
        },
        "layer": line_layers(values),
    }
    return [Chart(title, tuple(colours), tuple(colours.values()), drawn(spec, title=f"{title} by {x.name}"))]


def finite(points: Points) -> Points:
    """The points that can be drawn."""
    return [(x, y) for x, y in points if isfinite(x) and isfinite(y)]


def point_said(line: Line, axis: str, x: float, y: float) -> str:
    """What a point is called."""
    said = f"{axis} {x:g}: {line.what} {y:.4g}" + (f", {line.of}" if line.of else "")
    return f"chosen: {said}" if x == line.chosen else said


def line_layers(values: Sequence[Mapping[str, Any]]) -> list[Spec]:
    """Lines, rings where something was chosen, and points to rest a pointer on where they are not too many."""
    many = len({value["line"] for value in values}) > MOST_BOLD
    mark = {"type": "line", "strokeWidth": 1.2, "opacity": 0.55} if many else {"type": "line"}
    lines: Spec = {"mark": mark, "encoding": {"description": {"field": "line"}}}
    named = {"description": {"field": "said"}}
    points: Spec = {"mark": {"type": "circle", "size": 90, "opacity": 0}, "encoding": named}
    ring = {"type": "point", "size": 52, "fill": "var(--surface)", "strokeWidth": 2, "opacity": 1}
    rings: Spec = {"transform": [{"filter": "datum.chosen"}], "mark": ring, "encoding": named}
    return [lines, *([points] if len(values) <= MOST_POINTS else []), rings]


def reliability(calibration: Calibration) -> Markup:
    """Accuracy by confidence; the diagonal is a model whose probabilities can be taken at their word."""
    bins, most = len(calibration.count), calibration.count.max()
    bars = [
        Bar(i / bins, (i + 1) / bins, share, bin_said(count, i, bins, share), 0.35 + 0.65 * count / most)
        for i, (count, share) in enumerate(zip(calibration.count.tolist(), calibration.accuracy.tolist(), strict=True))
        if count
    ]
    ends = [{"x": 0, "y": 0}, {"x": 1, "y": 1}]
    line: Spec = {
        **rows(ends),
        "mark": {"type": "line", "color": "var(--quiet)", "strokeWidth": 1.5, "strokeDash": [4, 4], "aria": False},
        "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
    }
    x, y = Axis("top probability", (0, 1)), Axis("accuracy", (0, 1))
    title = "Reliability diagram: accuracy by top probability"
    return bar_chart(title, bars, x=x, y=y, over=[line], width=270, height=230)


def bin_said(count: int, index: int, bins: int, share: float) -> str:
    """What a bin of the reliability diagram is called."""
    return f"{count:,} images with a top probability of {index / bins:.2f} to {(index + 1) / bins:.2f}: {100 * share:.1f} % right"


def bar_chart(
    title: str, bars: Sequence[Bar], *, x: Axis, y: Axis, over: Sequence[Spec] = (), width: int = 500, height: int = 190
) -> Markup:
    """Bars side by side, and what lies over them."""
    values = [{"low": bar.low, "high": bar.high, "value": bar.value, "said": bar.said, "opacity": bar.opacity} for bar in bars]
    spec = {
        "layer": [
            {
                **rows(values),
                "mark": {"type": "bar", "binSpacing": 1.5, "color": colour(1)},
                "encoding": {
                    "x": {**x.encoding("low"), "bin": "binned"},
                    "x2": {"field": "high"},
                    "y": y.encoding("value", zero=True),
                    "opacity": {"field": "opacity", "type": "quantitative", "scale": None},
                    "description": {"field": "said"},
                },
            },
            *over,
        ]
    }
    return drawn(spec, title=title, width=width, height=height)


def distribution(title: str, shares: Mapping[str, float], *, units: str) -> Markup:
    """How many people, or folds, are recognised how well: bars of 5 % with the names of whom they count."""
    binned: dict[int, list[str]] = {}
    for name, share in sorted(shares.items()):
        binned.setdefault(min(int(100 * share) // STEP * STEP, 100 - STEP), []).append(name)
    bars = [Bar(low, low + STEP, len(names), f"{low} to {low + STEP} %: {some(names)}") for low, names in sorted(binned.items())]
    return bar_chart(title, bars, x=Axis("accuracy %", (0, 100)), y=Axis(units, whole=True), width=400, height=150)


def some(names: Sequence[str], most: int = 12) -> str:
    """The names, or the first of them and how many more there are."""
    left = len(names) - most
    return ", ".join(names[:most]) + (f" and {left} more" if left > 0 else "")
