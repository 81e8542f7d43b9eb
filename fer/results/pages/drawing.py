"""This file draws the charts of all pages: a Vega-Lite specification becomes an inline SVG in the page's own colours.

No script and no browser is needed. Colours are CSS variables of page.css, so that a chart is light or dark as its page is.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

Spec = Mapping[str, Any]  # a Vega-Lite specification, or a part of one

VERSION = "5.21"  # of the grammar; fixed, so that equal runs have equal pages
COLOURS = 8  # --series-0 to --series-7 of page.css
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", sans-serif'

THEME: Spec = {
    "background": None,
    "padding": 4,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "ticks": False,
        "gridColor": "var(--line)",
        "labelColor": "var(--quiet)",
        "titleColor": "var(--quiet)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelPadding": 6,
        "titlePadding": 8,
        "labelFlush": False,
    },
    "bar": {"color": "var(--series-1)"},
    "line": {"strokeWidth": 1.75, "strokeJoin": "round"},
    "rule": {"color": "var(--quiet)"},
}

MARK = re.compile(r'<path (?=[^>]*role="graphics-symbol")(?=[^>]*aria-label="([^"]*)")([^>]*?)(?:/>|></path>)')


def colour(number: int) -> str:
    """The colour of a series."""
    return f"var(--series-{number % COLOURS})"


def rows(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The data of a chart."""
    return {"data": {"values": [dict(value) for value in values]}}


def drawn(spec: Spec, *, title: str, width: int = 400, height: int = 210) -> Markup:
    """The chart as an SVG that is as wide as its place in the page; `title` names it for those who do not see it.

    `width` and `height` are those of the plot, in pixels of the chart's own scale, without the axes.
    """
    import vl_convert

    whole = {"width": width, "height": height, **spec, "config": {**THEME, **spec.get("config", {})}}
    picture = vl_convert.vegalite_to_svg(whole, vl_version=VERSION)
    return Markup(named(scaled(picture), title))


def scaled(picture: str) -> str:
    """The SVG without a size of its own."""
    return re.sub(r'(<svg[^>]*?) width="[\d.]+" height="[\d.]+"', r"\1", picture, count=1)


def named(picture: str, title: str) -> str:
    """The SVG with a name, and what its marks say where a pointer rests on them."""
    picture = picture.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1)
    return MARK.sub(r"<path \2><title>\1</title></path>", picture)
