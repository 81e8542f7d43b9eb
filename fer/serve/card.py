"""This file tells a visitor which model looks at the pictures: what it is for, what it has learned from, and how good it is."""

from collections.abc import Iterator, Mapping
from typing import Any

from fer.deploy.model import USE, Model
from fer.results.model_card import NOT_FOR, UNKNOWN
from fer.results.table import percent


def card(model: Model) -> dict[str, str]:
    """A name and a sentence or more each; what a model does not say of itself is left out."""
    described = model.described
    found = {
        "Says": f"a probability for each of {', '.join(model.labels)}",
        "Sees": f"{'colour' if model.colour else 'grey'} faces of {model.size} × {model.size} pixels",
        "Learned from": "\n".join(learned_from(described)),
        "Scores": "\n".join(scores(described)),
        "Run": " ".join(str(described[key]) for key in ("run", "fold") if key in described),
        "For": str(described.get("use", USE)),
        "Not for": NOT_FOR,
        "Unknown": UNKNOWN,
    }
    return {name: words for name, words in found.items() if words}


def learned_from(described: Mapping[str, Any]) -> Iterator[str]:
    """The databases, their licences, and who made them."""
    count = described.get("train_images")
    for name, of in described.get("data", {}).items():
        yield f"{name}" + (f": {count:,} images" if count and len(described["data"]) == 1 else "")
        yield from (text for key in ("licence", "citation") if (text := of.get(key)))


def scores(described: Mapping[str, Any]) -> Iterator[str]:
    """The accuracy on every test set, with its interval."""
    for name, test in described.get("scores", {}).items():
        of = test["accuracy"]
        yield f"{name}: accuracy {percent(of['value'])} % ({percent(of['low'])} to {percent(of['high'])} %), n = {test['n']:,}"
