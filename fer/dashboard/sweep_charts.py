"""This file draws a sweep: values by trial, and parallel coordinates, a line a trial through all of its settings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log10

from markupsafe import Markup
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from fer.dashboard.sweeps import Setting, StoredSweep, SweepTrial
from fer.results.pages.drawing import Spec, drawn, rows
from fer.sweeps.table import short_names

#: As wide as a page, in pixels.
WIDTH = 900

#: Numbers of trials along the axis of the history, about.
NUMBERS = 15

#: Labels of an axis of numbers, at equal distances from its low end to its high one.
LABELS = 5


@dataclass(frozen=True)
class Scale:
    """A vertical axis from 0 to 1: where a value stands on it, and what is written beside it."""

    title: str
    low: float
    high: float
    log: bool = False
    whole: bool = False
    choices: tuple[str, ...] = ()

    def place(self, value: Setting) -> float:
        """Where a value stands."""
        if self.choices:
            return self.choices.index(str(value)) / max(1, len(self.choices) - 1)
        low, high, at = (log10(float(end)) if self.log else float(end) for end in (self.low, self.high, value))
        return (at - low) / (high - low) if high > low else 0.5

    def labels(self) -> dict[str, float]:
        """What is written beside the axis, and where."""
        if self.choices:
            return {choice: self.place(choice) for choice in self.choices}
        if self.whole and self.high - self.low < LABELS:
            return {f"{value}": self.place(value) for value in range(int(self.low), int(self.high) + 1)}
        shares = [i / (LABELS - 1) for i in range(LABELS)]
        return {f"{self.value(share):.3g}": share for share in shares}

    def value(self, share: float) -> float:
        """The number that stands at a place."""
        if self.log:
            return float(self.low * (self.high / self.low) ** share)
        return self.low + share * (self.high - self.low)


def scale_of(title: str, searched: BaseDistribution) -> Scale:
    """The axis of a parameter, as the sweep searches it."""
    if isinstance(searched, CategoricalDistribution):
        return Scale(title, 0, 1, choices=tuple(map(str, searched.choices)))
    assert isinstance(searched, FloatDistribution | IntDistribution), "Optuna has no others"
    return Scale(title, searched.low, searched.high, log=searched.log, whole=isinstance(searched, IntDistribution))


def measured(sweep: StoredSweep) -> list[SweepTrial]:
    """The trials with a value and all settings, the worst first, so that the best are drawn over the others."""
    found = [trial for trial in sweep.trials if trial.value is not None and trial.settings.keys() == sweep.space.keys()]
    return sorted(found, key=lambda trial: (trial.state == "done", goodness(sweep, trial)))


def goodness(sweep: StoredSweep, trial: SweepTrial) -> float:
    """The value of a trial, turned so that more is better."""
    assert trial.value is not None, "only trials with a value are drawn"
    return trial.value if sweep.maximise else -trial.value


def parallel_coordinates(sweep: StoredSweep) -> Markup | None:
    """A line a trial through its settings to its value, the better the stronger its colour; None where there are no lines."""
    trials = measured(sweep)
    if len(trials) < 2 or not sweep.space:
        return None
    values = [trial.value for trial in trials if trial.value is not None]
    names = short_names(list(sweep.space))
    scales = {key: scale_of(name, sweep.space[key]) for key, name in zip(sweep.space, names, strict=True)}
    last = Scale(sweep.objective or "value", min(values), max(values))
    drawn_axes = [*scales.values(), last]
    points = [point for trial in trials for point in points_of(trial, sweep, scales, last)]
    layers = [axis_lines(drawn_axes), trial_lines(points), axis_labels(drawn_axes)]
    across = {"field": "axis", "type": "nominal", "sort": None, "title": None, "scale": {"padding": 0.35}}
    look = {
        "labelAngle": 0,
        "orient": "top",
        "grid": False,
        "labelFontSize": 13,
        "labelColor": "var(--ink)",
        "labelLimit": 170,
        "labelPadding": 14,
    }
    spec = {"encoding": {"x": {**across, "axis": look}}, "layer": layers}
    return drawn(
        spec, title=f"Settings and {sweep.objective} of {len(trials)} trials", width=max(WIDTH, 150 * len(drawn_axes)), height=300
    )


def points_of(
    trial: SweepTrial, sweep: StoredSweep, scales: Mapping[str, Scale], last: Scale
) -> Iterator[dict[str, str | float | bool]]:
    """The points of a trial's line, with its colour and what it is called."""
    assert trial.value is not None, "only trials with a value are drawn"
    best = last.place(trial.value) if sweep.maximise else 1 - last.place(trial.value)
    settings = ", ".join(f"{scale.title} {written(trial.settings[key])}" for key, scale in scales.items())
    line: dict[str, str | float | bool] = {
        "trial": trial.number,
        "pruned": trial.state == "pruned",
        "colour": f"color-mix(in oklab, var(--best) {100 * best:.0f}%, var(--worst))",
        "said": f"trial {trial.number}: {sweep.objective} {trial.value:.4f}; {settings}",
    }
    for key, scale in scales.items():
        yield {**line, "axis": scale.title, "place": scale.place(trial.settings[key])}
    yield {**line, "axis": last.title, "place": last.place(trial.value)}


def written(value: Setting) -> str:
    """A setting as a person reads it."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def trial_lines(points: Sequence[Mapping[str, str | float | bool]]) -> Spec:
    """The lines of all trials."""
    return {
        **rows(points),
        "mark": {"type": "line", "strokeWidth": 1.75, "strokeOpacity": 0.85},
        "encoding": {
            "y": {"field": "place", "type": "quantitative", "axis": None, "scale": {"domain": [0, 1]}},
            "detail": {"field": "trial"},
            "color": {"field": "colour", "type": "nominal", "scale": None},
            "strokeDash": {"condition": {"test": "datum.pruned", "value": [4, 3]}, "value": [1, 0]},
            "description": {"field": "said"},
        },
    }


def axis_lines(scales: Sequence[Scale]) -> Spec:
    """The axes themselves."""
    ends = [{"axis": scale.title, "place": 0, "end": 1} for scale in scales]
    vertical = {"field": "place", "type": "quantitative", "axis": None}
    encoding = {"y": vertical, "y2": {"field": "end"}}
    return {**rows(ends), "mark": {"type": "rule", "color": "var(--quiet)", "aria": False}, "encoding": encoding}


def axis_labels(scales: Sequence[Scale]) -> Spec:
    """What is written beside the axes: once as a ground of its own, so that it is legible over lines."""
    values = [{"axis": s.title, "place": at, "label": label} for s in scales for label, at in s.labels().items()]
    text = {"type": "text", "align": "left", "dx": 7, "fontSize": 12, "aria": False}
    ground = {**text, "stroke": "var(--surface)", "strokeWidth": 4, "strokeJoin": "round", "color": "var(--surface)"}
    vertical = {"field": "place", "type": "quantitative", "axis": None}
    encoding = {"y": vertical, "text": {"field": "label"}}
    return {**rows(values), "encoding": encoding, "layer": [{"mark": ground}, {"mark": {**text, "color": "var(--ink)"}}]}


def history(sweep: StoredSweep) -> Markup | None:
    """Values by trial, and the best so far; None where nothing has a value yet."""
    trials = [trial for trial in sweep.trials if trial.value is not None]
    if not trials:
        return None
    points = [
        {"trial": t.number, "value": t.value, "done": t.state == "done", "said": f"trial {t.number}: {t.value:.4f}, {t.state}"}
        for t in trials
    ]
    last = max(1, max(trial.number for trial in sweep.trials))
    numbers = {"values": list(range(0, last + 1, ceil(last / NUMBERS))), "format": ",d"}
    spec = {
        "encoding": {
            "x": {
                "field": "trial",
                "type": "quantitative",
                "title": "trial",
                "axis": numbers,
                "scale": {"domain": [0, last], "nice": False},
            },
            "y": {"field": "value", "type": "quantitative", "title": sweep.objective, "scale": {"zero": False}},
        },
        "layer": [best_line(best_so_far(sweep)), value_points(points)],
    }
    return drawn(spec, title=f"{sweep.objective} by trial", width=WIDTH, height=220)


def best_so_far(sweep: StoredSweep) -> list[dict[str, float | str]]:
    """The best value of each finished trial and those before it."""
    best: SweepTrial | None = None
    found: list[dict[str, float | str]] = []
    for trial in sweep.done:
        best = trial if best is None or goodness(sweep, trial) > goodness(sweep, best) else best
        assert best.value is not None, "what is done has a value"
        found.append({"trial": trial.number, "value": best.value, "said": f"best after trial {trial.number}: {best.value:.4f}"})
    return found


def best_line(best: Sequence[Mapping[str, float | str]]) -> Spec:
    """The best value so far as steps."""
    return {**rows(best), "mark": {"type": "line", "interpolate": "step-after", "color": "var(--series-1)", "aria": False}}


def value_points(points: Sequence[Mapping[str, object]]) -> Spec:
    """A dot a trial, hollow where it was pruned."""
    fill = {"condition": {"test": "datum.done", "value": "var(--quiet)"}, "value": "transparent"}
    mark = {"type": "point", "size": 42, "color": "var(--quiet)", "strokeWidth": 1.5, "opacity": 1}
    return {**rows(points), "mark": mark, "encoding": {"fill": fill, "description": {"field": "said"}}}
