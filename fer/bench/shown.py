"""This file shows measurements: tables for the terminal, and a picture of bars."""

from collections.abc import Mapping, Sequence
from statistics import median

from markupsafe import Markup
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fer.bench.measurement import Measurement

#: The colours of the bars, ours and the others', which stand out on white as on black.
OURS, OTHERS = "#2f7ed8", "#9aa0a6"

WIDTH, LEFT, RIGHT, BAR, GAP = 760, 270, 170, 17, 12


def tables(measurements: Sequence[Measurement], starts: Mapping[str, Sequence[float]]) -> RenderableType:
    """A table for each kind of work, and one of how long the commands take to start."""
    kinds = dict.fromkeys(measurement.what for measurement in measurements)
    groups = [[m for m in measurements if m.what == kind] for kind in kinds]
    parts: list[RenderableType] = [table(group) if len(group) > 1 else table_of_one(*group) for group in groups]
    return Group(*parts, *([start_table(starts)] if starts else []))


def table(measurements: Sequence[Measurement]) -> Table:
    """One row a measurement: what it was done with, the images a second of each way, and the framework's ratio to each."""
    first = measurements[0]
    shown = empty(first)
    for name in first.settings:
        shown.add_column(name.capitalize(), no_wrap=True)
    for column in (*(short(way) for way in first.rates), *(f"÷ {short(way)}" for way in first.others)):
        shown.add_column(column.capitalize(), justify="right", no_wrap=True)
    for measurement in measurements:
        rates = [f"{measurement.rate(way):,.0f}" for way in measurement.rates]
        ratios = [Text(f"{measurement.ratio(way):.2f}", style="bold") for way in measurement.others]
        shown.add_row(*measurement.settings.values(), *rates, *ratios)
    return shown


def table_of_one(measurement: Measurement) -> Table:
    """One row a way: the images a second, and how many times as fast ours is."""
    shown = empty(measurement)
    shown.add_column(", ".join(f"{name} {value}" for name, value in measurement.settings.items()), min_width=24)
    shown.add_column("Images/s", justify="right")
    shown.add_column(f"{measurement.ours.capitalize()} ÷ it", justify="right")
    for way in measurement.rates:
        ratio = f"{measurement.ratio(way):.2f}" if way in measurement.others else ""
        shown.add_row(way, f"{measurement.rate(way):,.0f}", ratio)
    return shown


def empty(measurement: Measurement) -> Table:
    """A table without columns for one kind of work."""
    title = f"{measurement.what.capitalize()}, images/s"
    return Table(title=title, title_style="bold", title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))


def short(way: str) -> str:
    """The name of a way as a column's heading."""
    return way.removesuffix(" loop")


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
        name = f"{measurement.what}: {', '.join(setting(*item) for item in measurement.settings.items())}"
        parts.append(text(LEFT - 10, y + BAR * len(measurement.rates) / 2 + 3, name, anchor="end"))
        for way in measurement.rates:
            rate, colour = measurement.rate(way), OURS if way == measurement.ours else OTHERS
            width = (WIDTH - LEFT - RIGHT) * rate / most
            bar = '<rect x="{}" y="{}" width="{:.1f}" height="{}" fill="{}"><title>{}</title></rect>'
            parts.append(Markup(bar).format(LEFT, y, width, BAR - 2, colour, way))
            parts.append(text(LEFT + width + 6, y + BAR - 5, f"{rate:,.0f}/s {way}"))
            y += BAR
        y += GAP
    start = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" font-family="sans-serif" font-size="12">'
    heading = text(10, 18, title, bold=True)
    return Markup(start).format(WIDTH, y) + heading + Markup("").join(parts) + Markup("</svg>\n")


def setting(name: str, value: str) -> str:
    """A setting as it stands beside the bars: a bare number with its name."""
    return f"{name} {value}" if value.isdigit() else value


def text(x: float, y: float, words: str, *, anchor: str = "start", bold: bool = False) -> Markup:
    """Words in the picture, in a grey that can be read on white as on black."""
    weight = ' font-weight="bold"' if bold else ""
    drawn = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" fill="#767b80"{}>{}</text>')
    return drawn.format(x, y, anchor, Markup(weight), words)
