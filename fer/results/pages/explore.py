"""This file renders the page of a database: one HTML file that holds its images, without scripts or outside requests."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from markupsafe import Markup

from fer.data.audit import overlaps
from fer.data.audit_table import summary
from fer.data.explore.classes import FaceClass
from fer.data.explore.groups import labels_differ
from fer.data.explore.pictures import picture
from fer.data.explore.portrait import Portrait
from fer.data.explore.votes import Votes
from fer.results.pages.charts import Axis, Bar, bar_chart
from fer.results.pages.drawing import COLOURS
from fer.results.pages.render import environment, style

MOST_BINS = 24


@dataclass(frozen=True)
class Segment:
    """The part of a class's bar that one split takes: its share of the longest bar in percent."""

    split: str | None
    count: int
    width: float
    colour: int


def explore_page(portrait: Portrait) -> str:
    """The page of a database."""
    template = environment().get_template("explore.html")
    return template.render(
        css=style("page.css", "explore.css"),
        portrait=portrait,
        audit=portrait.audit,
        records=portrait.records,
        bars=bars(portrait.classes, portrait.splits),
        aspect=round(aspect(portrait), 3),
        means={c.expression: {split: picture(mean).address for split, mean in c.means.items()} for c in portrait.classes},
        found=list(summary(portrait.audit)),
        overlaps=overlaps(portrait.audit),
        near_conflicts=labels_differ(portrait.audit, portrait.audit.near.pairs.tolist()),
        people_chart=people_chart(portrait.people) if len(set(portrait.people)) > 1 else None,
        agreement=agreement_chart(portrait.votes) if portrait.votes else None,
        sizes=sizes(portrait),
        median=median,
    )


def bars(classes: Sequence[FaceClass], splits: Sequence[str | None]) -> Mapping[str, tuple[Segment, ...]]:
    """The bar of each class, as long as it has images and cut by split."""
    longest = max((c.total for c in classes), default=1)
    colours = {split: (i + 1) % COLOURS for i, split in enumerate(splits)}
    return {c.expression: tuple(Segment(s, n, 100 * n / longest, colours[s]) for s, n in c.counts.items() if n) for c in classes}


def aspect(portrait: Portrait) -> float:
    """The usual width of an image divided by its height."""
    return median(shown.width / shown.height for shown in portrait.pictures.values()) if portrait.pictures else 1.0


def sizes(portrait: Portrait) -> str:
    """The sizes of the images that are shown, in words."""
    counts = Counter((shown.width, shown.height) for shown in portrait.pictures.values())
    if len(counts) == 1:
        ((width, height),) = counts
        return f"{width}×{height} pixels"
    widths, heights = zip(*counts, strict=True) if counts else ((0,), (0,))
    return f"{min(widths)}×{min(heights)} to {max(widths)}×{max(heights)} pixels"


def people_chart(people: Sequence[int]) -> Markup:
    """How many people have how many images."""
    low, high = min(people), max(people)
    bins = min(MOST_BINS, high - low + 1)
    counts, edges = np.histogram(people, bins, (low - 0.5, high + 0.5))
    bars = [
        Bar(start, stop, count, f"{count:,} people with {start + 0.5:.0f} to {stop - 0.5:.0f} images")
        for count, start, stop in zip(counts.tolist(), edges.tolist(), edges.tolist()[1:], strict=False)
        if count
    ]
    x = Axis("images of a person", (low - 0.5, high + 0.5), whole=True)
    return bar_chart("People by number of images", bars, x=x, y=Axis("people", whole=True))


def agreement_chart(votes: Votes) -> Markup:
    """How many images got which share of votes for their most frequent answer."""
    shares = (100 * votes.agreement / votes.agreement.sum()).tolist()
    bars = [
        Bar((i - 0.5) / 10, (i + 0.5) / 10, share, f"{count:,} images, {share:.1f} %: about {10 * i} % of the votes agree")
        for i, (count, share) in enumerate(zip(votes.agreement.tolist(), shares, strict=True))
        if share
    ]
    x = Axis("share of the votes for the most frequent answer", (-0.05, 1.05))
    return bar_chart("Images by agreement of the votes", bars, x=x, y=Axis("% of images"))
