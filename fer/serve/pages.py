"""This file renders the pages of a server: what may be asked of it, and the demo."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from fer.deploy.model import Model
from fer.results.pages.render import TEMPLATES as SHARED
from fer.results.pages.render import environment
from fer.serve.card import card

TEMPLATES = Path(__file__).parent


@cache
def templates() -> Environment:
    """The templates of the server, and what they share with the pages of runs."""
    return environment().overlay(loader=FileSystemLoader([TEMPLATES, SHARED]))


def interface_page(schema: Mapping[str, Any], address: str) -> str:
    """What /openapi.json says, for people; it needs no script."""
    return templates().get_template("interface.html").render(schema=schema, operations=list(operations(schema)), address=address)


def operations(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Method, path and description of everything that can be asked."""
    for path, methods in schema["paths"].items():
        for method, described in methods.items():
            yield method.upper(), path, described


def demo_page(model: Model, settings: Mapping[str, Any]) -> str:
    """The page with the camera; `settings` are what its script must know."""
    return templates().get_template("demo.html").render(model=model, card=card(model), settings=settings)
