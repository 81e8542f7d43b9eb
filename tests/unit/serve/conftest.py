"""This file makes what the tests of servers ask and send."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from bright_network import Made, Middle, brightness, network
from PIL import Image as Pillow

from fer.deploy.predictor import Predictor


@pytest.fixture
def predictor() -> Made:
    """A predictor, by what is done before each picture and by how the network reads."""

    def make(before: Callable[[np.ndarray], None] = lambda _: None, read: Any = brightness) -> Predictor:
        return Predictor(network(read), Middle(before))

    return make


@pytest.fixture
def grey() -> Callable[..., bytes]:
    """The bytes of a picture that is equally bright everywhere."""

    def make(brightness: int = 200, *, form: str = "PNG", width: int = 32, height: int = 24) -> bytes:
        file = BytesIO()
        Pillow.new("L", (width, height), brightness).save(file, form)
        return file.getvalue()

    return make


@pytest.fixture
def client() -> Iterator[Callable[..., Any]]:
    """A client of an application, which ends with the test; it calls itself as a browser on this machine does."""
    from starlette.testclient import TestClient

    opened = []

    def make(application: Any, **settings: Any) -> Any:
        made = TestClient(application, base_url="http://127.0.0.1:8428", **settings)
        opened.append(made.__enter__())
        return made

    yield make
    for made in opened:
        made.__exit__(None, None, None)
