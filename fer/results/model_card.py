"""This file writes the model card of a run: what its networks may be used for, what they learned, and where they fail."""

from collections.abc import Iterator, Mapping

from fer.errors import ConfigError
from fer.results.report import Report
from fer.results.set_report import LabelScore, SetReport
from fer.results.sources import sources
from fer.results.stored_run import StoredRun

USE = "Research on how well posed or perceived expression labels can be told from pictures of faces."
NOT_FOR = (
    "Decisions about people, such as hiring, teaching, policing or lie detection; and no reading of what a person feels, "
    "which facial movements do not reliably show (Barrett et al. 2019)."
)
UNKNOWN = (
    "How it does by age, gender, skin colour or culture: nothing here measures that, and the databases are not balanced by it."
)


def model_card(report: Report, run: StoredRun) -> Mapping[str, str]:
    """A name and a sentence or more each (Mitchell et al., Model Cards for Model Reporting, FAT* 2019)."""
    found = {
        "For": USE,
        "Not for": NOT_FOR,
        "Learned from": "\n".join(learned_from(report, run)),
        "Sees": faces_seen(report, run),
        "Says": f"a probability for each of {', '.join(report.labels)}",
    }
    if report.tests:
        found["Fails"] = "\n".join(weakness(test) for test in report.tests)
        found["Sure of itself"] = "\n".join(calibration(test) for test in report.tests)
    return found | {"Unknown": UNKNOWN}


def learned_from(report: Report, run: StoredRun) -> Iterator[str]:
    """How many images of which databases, and whose they are."""
    counts = sorted({count for fold in run.folds if isinstance(count := fold.card.get("train_images"), int)})
    names = sorted({name for found in report.trained_on.values() for name in found}) or list(report.databases)
    images = f": {counts[0]:,}" + (f" to {counts[-1]:,}" if len(counts) > 1 else "") + " images a fold" if counts else ""
    yield f"{', '.join(names)}{images}"
    for name, of in known_sources(run).items():
        if name in names:
            yield " ".join(f"{text.rstrip('.')}." for text in (of["licence"], of["citation"]) if text)


def known_sources(run: StoredRun) -> Mapping[str, Mapping[str, str]]:
    """Licence and citation of the databases; nothing where one is of a module that is not here."""
    try:
        return sources(run.config)
    except ConfigError:
        return {}


def faces_seen(report: Report, run: StoredRun) -> str:
    """What is put into the model."""
    known = next((fold.card["input"] for fold in run.folds if fold.card.get("input")), None)
    if not known:
        return f"faces cut out by {report.preprocess}"
    colour = "grey" if known["channels"] == 1 else "RGB"
    return f"faces of {known['size']}×{known['size']} pixels in {colour}, cut out by {report.preprocess}"


def weakness(test: SetReport) -> str:
    """The labels that are recognised least and most often."""
    scored = [(score.recall, score) for score in test.per_class if score.recall is not None]
    if not scored:
        return f"{test.title}: nothing is known"
    worst, best = (end(scored, key=lambda of: of[0])[1] for end in (min, max))
    return f"{test.title}: of all labels {said(worst)} is recognised least, {said(best)} most often"


def said(score: LabelScore) -> str:
    """A label with its recall."""
    return f"{score.name} ({100 * (score.recall or 0):.0f} % of {score.n:,})"


def calibration(test: SetReport) -> str:
    """How far its probabilities can be taken at their word, and on which side they err."""
    of = test.calibration
    known = of.count > 0
    gap = float(((of.confidence - of.accuracy)[known] * of.count[known]).sum() / of.count.sum())
    on_the_whole = f"{abs(100 * gap):.1f} points {'more' if gap > 0 else 'less'} sure than right"
    return f"{test.title}: expected calibration error {100 * of.error:.1f} %; on the whole {on_the_whole}"
