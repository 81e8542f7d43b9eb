"""This file shows measurements: tables for the terminal, and a picture of bars."""

from collections.abc import Mapping, Sequence
from statistics import median

from markupsafe import Markup
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fer.bench.measurement import Measurement

#: The colours of the bars, which stand out on white as on black.
COLOURS = {"bare loop": "#9aa0a6", "framework": "#2f7ed8", "usual loop": "#d9822b"}

WIDTH, LEFT, RIGHT, BAR, GAP = 720, 250, 90, 16, 12


def tables(measurements: Sequence[Measurement], starts: Mapping[str, Sequence[float]]) -> RenderableType:
    """A table for each kind of work, and one of how long the commands take to start."""
    kinds = dict.fromkeys(measurement.what for measurement in measurements)
    parts: list[RenderableType] = [table([m for m in measurements if m.what == kind]) for kind in kinds]
    return Group(*parts, *([start_table(starts)] if starts else []))


def table(measurements: Sequence[Measurement]) -> Table:
    """One row a measurement: what it was done with, the images a second of each way, and the framework's ratio to each."""
    first = measurements[0]
    others = [way for way in first.rates if way != "framework"]
    title = f"{first.what.capitalize()}, images/s"
    shown = Table(title=title, title_style="bold", title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in first.settings:
        shown.add_column(name.capitalize(), no_wrap=True)
    for column in (*(way.partition(" loop")[0] for way in first.rates), *(f"÷ {way.partition(' loop')[0]}" for way in others)):
        shown.add_column(column.capitalize(), justify="right", no_wrap=True)
    for measurement in measurements:
        rates = [f"{measurement.rate(way):,.0f}" for way in measurement.rates]
        ratios = [Text(f"{measurement.ratio('framework', way):.2f}", style="bold") for way in others]
        shown.add_row(*measurement.settings.values(), *rates, *ratios)
    return shown


def start_table(starts: Mapping[str, Sequence[float]]) -> Table:
    """The median seconds of each command."""
    shown = Table(title="Start-up", title_style="bold", title_justify="left", box=SIMPLE_HEAD)
    shown.add_column("Command")
    shown.add_column("Seconds", justify="right")
    for command, seconds in starts.items():
        shown.add_row(command, f"{median(seconds):.2f}")
    return shown


def picture(measurements: Sequence[Measurement], *, title: str) -> str:
    """The images a second of every way as bars, those of one measurement together; an SVG file."""
    parts, y = [], 34
    for measurement in measurements:
        most = max(measurement.rate(way) for way in measurement.rates)
        name = f"{measurement.what}: {', '.join(measurement.settings.values())}"
        parts.append(text(LEFT - 10, y + BAR * len(measurement.rates) / 2 + 4, name, anchor="end"))
        for way in measurement.rates:
            rate = measurement.rate(way)
            width = (WIDTH - LEFT - RIGHT) * rate / most
            bar = '<rect x="{}" y="{}" width="{:.1f}" height="{}" fill="{}"><title>{}</title></rect>'
            parts.append(Markup(bar).format(LEFT, y, width, BAR - 2, COLOURS[way], way))
            parts.append(text(LEFT + width + 6, y + BAR - 5, f"{rate:,.0f}/s"))
            y += BAR
        y += GAP
    for i, (way, colour) in enumerate(COLOURS.items()):
        parts.append(Markup('<rect x="{}" y="{}" width="10" height="10" fill="{}"/>').format(LEFT + 110 * i, y, colour))
        parts.append(text(LEFT + 110 * i + 15, y + 9, way))
    start = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" font-family="sans-serif" font-size="12">'
    heading = text(10, 18, title, bold=True)
    return Markup(start).format(WIDTH, y + 22) + heading + Markup("").join(parts) + Markup("</svg>\n")


def text(x: float, y: float, words: str, *, anchor: str = "start", bold: bool = False) -> Markup:
    """Words in the picture, in a grey that can be read on white as on black."""
    weight = ' font-weight="bold"' if bold else ""
    drawn = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" fill="#767b80"{}>{}</text>')
    return drawn.format(x, y, anchor, Markup(weight), words)
