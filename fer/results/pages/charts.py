"""This file draws the charts of a run's page as inline SVG; colours come from the page's style sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from markupsafe import Markup, escape

from fer.results.metrics import Calibration
from fer.results.stored_run import StoredFold

LOSSES = ("train_loss", "val_loss")
COLOURS = 4  # of the style sheet: the losses take the first two, the scores the others
NO_SCORES = ("epoch", "lr", "seconds", *LOSSES)

Range = tuple[float, float]
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Frame:
    """A drawing with axes; `x` and `y` turn values into its coordinates."""

    xs: Range
    ys: Range
    width: int = 460
    height: int = 260
    left: int = 46
    bottom: int = 38
    right: int = 14
    top: int = 12

    def x(self, value: float) -> float:
        """The coordinate of a value of the horizontal axis."""
        return round(self.left + (value - self.xs[0]) / (self.xs[1] - self.xs[0]) * (self.width - self.left - self.right), 1)

    def y(self, value: float) -> float:
        """The coordinate of a value of the vertical axis."""
        height = self.height - self.top - self.bottom
        return round(self.height - self.bottom - (value - self.ys[0]) / (self.ys[1] - self.ys[0]) * height, 1)


@dataclass(frozen=True)
class Chart:
    """A drawing with its title; `legend` names the series, `colours` number their colours in the style sheet."""

    title: str
    legend: tuple[str, ...]
    colours: tuple[int, ...]
    svg: Markup


def learning_curves(folds: Sequence[StoredFold]) -> list[Chart]:
    """Losses and validation scores by epoch, a line a fold; empty where nothing was trained by epochs."""
    present = dict.fromkeys(name for fold in folds for epoch in fold.history for name in epoch)
    scores = tuple(name for name in present if name not in NO_SCORES)
    losses = tuple(name for name in LOSSES if name in present)
    panels = [("Loss", losses, 0), ("Scores while training", scores, len(LOSSES))]
    return [chart for title, names, first in panels if (chart := curve_chart(title, names, folds, first_colour=first))]


def pretraining_curves(folds: Sequence[StoredFold]) -> list[Chart]:
    """How far the error of each stage of a pre-training fell, a line a fold; empty where there was none.

    Stages differ in what their error counts, so each is drawn as a share of its first epoch's.
    """
    stages = tuple(dict.fromkeys(stage for fold in folds for stage in fold.pretraining))
    lines = {(stage, fold.name): falling(fold.pretraining.get(stage, ())) for stage in stages for fold in folds}
    points = [point for line in lines.values() for point in line]
    if not points:
        return []
    last = max(x for x, _ in points)
    frame = Frame(xs=(1, max(last, 2)), ys=wide(0, max(y for _, y in points)))
    colours = {stage: i % COLOURS for i, stage in enumerate(stages)}
    drawn = [axes(frame, xlabel="epoch", ylabel="% of the first epoch's", whole=True)]
    drawn += [curve(frame, line, colour=colours[s], what=f"{s}, fold {fold}") for (s, fold), line in lines.items() if line]
    title = "Reconstruction error of the pre-training"
    return [Chart(title, stages, tuple(colours.values()), svg(frame, drawn, title=f"{title} by epoch"))]


def falling(errors: Sequence[float]) -> Points:
    """Errors by epoch in percent of the first one."""
    return [(i + 1.0, 100 * error / errors[0]) for i, error in enumerate(errors) if errors[0] and isfinite(error / errors[0])]


def curve_chart(title: str, names: tuple[str, ...], folds: Sequence[StoredFold], *, first_colour: int) -> Chart | None:
    """One panel of learning curves; a ring marks the epoch that was chosen."""
    lines = {(name, fold.name): series(fold, name) for name in names for fold in folds}
    points = [point for line in lines.values() for point in line]
    if not points:
        return None
    epochs, values = [x for x, _ in points], [y for _, y in points]
    frame = Frame(xs=(min(epochs), max(max(epochs), min(epochs) + 1)), ys=wide(min(values), max(values)))
    chosen = {fold.name: (fold.card.get("selection") or {}).get("epoch") for fold in folds}
    drawn = [axes(frame, xlabel="epoch", whole=True)]
    colours = {name: (first_colour + i) % COLOURS for i, name in enumerate(names)}
    for (name, fold), line in lines.items():
        drawn.append(curve(frame, line, colour=colours[name], what=f"{name}, fold {fold}"))
        if name.startswith("val"):
            drawn += [ring(frame, x, y, colour=colours[name]) for x, y in line if x == chosen[fold]]
    return Chart(title, names, tuple(colours.values()), svg(frame, drawn, title=f"{title} by epoch"))


def series(fold: StoredFold, name: str) -> Points:
    """The finite values of a column by epoch; the first epoch is 1, as on the card, however the history counts."""
    first = min((row.get("epoch", 0.0) for row in fold.history), default=0.0)
    rows = [(row.get("epoch", float(i)) - first + 1, row[name]) for i, row in enumerate(fold.history) if name in row]
    return [(x, y) for x, y in rows if isfinite(x) and isfinite(y)]


def reliability(calibration: Calibration) -> Markup:
    """Accuracy by confidence; the diagonal is a model whose probabilities can be taken at their word."""
    frame = Frame(xs=(0, 1), ys=(0, 1), width=340, height=300)
    drawn = [axes(frame, xlabel="top probability", ylabel="accuracy"), diagonal(frame)]
    bins = len(calibration.count)
    most = calibration.count.max()
    for i, (count, share) in enumerate(zip(calibration.count.tolist(), calibration.accuracy.tolist(), strict=True)):
        if count:
            opacity = 0.35 + 0.65 * count / most
            said = f"{count:,} images with a top probability of {i / bins:.2f} to {(i + 1) / bins:.2f}: {100 * share:.1f} % right"
            drawn.append(bar(frame, i / bins, (i + 1) / bins, share, opacity=opacity, said=said))
    return svg(frame, drawn, title="Reliability diagram: accuracy by top probability")


def bar(frame: Frame, low: float, high: float, value: float, *, opacity: float, said: str) -> Markup:
    """A bar from 0 to `value`; the fewer images, the paler."""
    x, y = frame.x(low), frame.y(value)
    return Markup('<rect class="bar" x="{}" y="{}" width="{}" height="{}" opacity="{:.2f}"><title>{}</title></rect>').format(
        x + 0.75, y, round(frame.x(high) - x - 1.5, 1), round(max(frame.y(0) - y, 1), 1), opacity, said
    )


def diagonal(frame: Frame) -> Markup:
    """The line where accuracy equals confidence."""
    line = '<line class="diagonal" x1="{}" y1="{}" x2="{}" y2="{}"/>'
    return Markup(line).format(frame.x(0), frame.y(0), frame.x(1), frame.y(1))


def curve(frame: Frame, points: Points, *, colour: int, what: str) -> Markup:
    """A line through the points."""
    where = " ".join(f"{frame.x(x)},{frame.y(y)}" for x, y in points)
    return Markup('<polyline class="line series-{}" points="{}"><title>{}</title></polyline>').format(colour, where, what)


def ring(frame: Frame, x: float, y: float, *, colour: int) -> Markup:
    """The mark of the epoch that was chosen."""
    said = f"chosen: epoch {x:g}, {y:.4g}"
    mark = '<circle class="ring series-{}" cx="{}" cy="{}" r="3.5"><title>{}</title></circle>'
    return Markup(mark).format(colour, frame.x(x), frame.y(y), said)


def axes(frame: Frame, *, xlabel: str, ylabel: str = "", whole: bool = False) -> Markup:
    """Grid lines, numbers and names of the axes; `whole` numbers only on the horizontal one."""
    parts = [Markup('<g class="axes">')]
    right, bottom = frame.width - frame.right, frame.height - frame.bottom
    for tick in ticks(*frame.ys):
        y = frame.y(tick)
        parts.append(Markup('<line x1="{}" x2="{}" y1="{}" y2="{}"/>').format(frame.left, right, y, y))
        parts.append(Markup('<text x="{}" y="{}" text-anchor="end">{:g}</text>').format(frame.left - 7, y + 4, tick))
    for tick in ticks(*frame.xs):
        if not whole or tick == round(tick):
            parts.append(Markup('<text x="{}" y="{}" text-anchor="middle">{:g}</text>').format(frame.x(tick), bottom + 17, tick))
    middle = (frame.left + right) / 2
    parts.append(Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>').format(middle, frame.height - 5, xlabel))
    if ylabel:
        turned = '<text transform="translate(11 {}) rotate(-90)" text-anchor="middle">{}</text>'
        parts.append(Markup(turned).format((frame.top + bottom) / 2, ylabel))
    return Markup("").join([*parts, Markup("</g>")])


def ticks(low: float, high: float, *, about: int = 5) -> list[float]:
    """Round numbers between `low` and `high`, about as many as asked for."""
    rough = (high - low) / about
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    return [round(i * step, 10) for i in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def wide(low: float, high: float) -> Range:
    """The range with a little room on both sides, never empty."""
    room = 0.05 * (high - low) or max(abs(high), 1.0) * 0.05
    return low - room, high + room


def svg(frame: Frame, parts: Sequence[Markup], *, title: str) -> Markup:
    """The whole drawing, named for those who do not see it."""
    start = '<svg viewBox="0 0 {} {}" role="img" aria-label="{}">'
    return Markup(start).format(frame.width, frame.height, escape(title)) + Markup("").join(parts) + Markup("</svg>")
