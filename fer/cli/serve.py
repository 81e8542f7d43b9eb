"""This file is `fer serve`: pictures are sent over HTTP, and what `fer predict --json` prints comes back."""

import os
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from fer.cli.predict import add_finding, add_network, loaded
from fer.errors import ConfigError
from fer.listening import HOST, HOSTS, address, listening, require_packages, require_port

if TYPE_CHECKING:  # neither OpenCV nor torch is loaded for --help
    from starlette.applications import Starlette

    from fer.deploy.predictor import Predictor
    from fer.serve.limits import Limits

HELP = "answer programs over HTTP: a picture is sent, and the faces in it come back as JSON"

#: Where the server is unless the user says otherwise.
PORT = 8428

#: Seconds that what was accepted may take after Ctrl-C, or after the system asked for the end.
PATIENCE = 120


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `fer serve`."""
    add_serving(parser, port=PORT)
    add_limits(parser, rate=None)


def add_serving(parser: ArgumentParser, *, port: int) -> None:
    """Declare which network answers, and where it listens."""
    add_network(parser)
    add_finding(parser)
    where = f"the port to listen on (default: {port}, or a free one where another program has that)"
    parser.add_argument("--port", type=int, metavar="N", help=where)
    host = f"the address to listen on; any but {HOST} (default) lets other machines connect"
    parser.add_argument("--host", default=HOST, metavar="ADDRESS", help=host)
    parser.add_argument("--threads", type=int, metavar="N", help="threads that look at pictures (default: one a core)")


def add_limits(parser: ArgumentParser, *, rate: float | None) -> None:
    """Declare how much is taken."""
    parser.add_argument("--max-mib", type=float, default=10.0, metavar="N", help="MiB of the largest picture (default: 10)")
    pixels = "million pixels of the largest picture (default: 24)"
    parser.add_argument("--max-megapixels", type=float, default=24.0, metavar="N", help=pixels)
    most = f"pictures a second from one address (default: {'any number' if rate is None else f'{rate:g}'})"
    parser.add_argument("--rate", type=float, default=rate, metavar="N", help=most)


def run(arguments: Namespace) -> None:
    """Answer until Ctrl-C; what was accepted is finished."""
    require(arguments)
    from fer.serve.app import application

    predictor, limits = opened(arguments), limits_of(arguments)
    made = listening(arguments.port, usual=PORT, host=arguments.host)
    print(
        f"Serving  {address(made)}   {predictor.model.name}; POST a picture to /predict, see /docs; Ctrl-C ends it.", flush=True
    )
    answer(application(predictor, limits, hosts=hosts(arguments)), made)


def require(arguments: Namespace) -> None:
    """Raise ConfigError for what cannot be served, before anything is loaded."""
    require_packages("the server", "fastapi", "uvicorn", extra="serve")
    require_port(arguments.port)
    if arguments.threads is not None and arguments.threads < 1:
        raise ConfigError(f"--threads: found {arguments.threads}, expected a number from 1 on")
    for name, least in (("max_mib", 0), ("max_megapixels", 0), ("rate", 0)):
        value = getattr(arguments, name)
        if value is not None and not least < value < float("inf"):
            raise ConfigError(f"--{name.replace('_', '-')}: found {value:g}, expected a number above {least}")


def opened(arguments: Namespace) -> "Predictor":
    """The predictor, with as many threads as the user wants; warns where other machines may ask it."""
    if arguments.threads is not None:
        os.environ["OMP_NUM_THREADS"] = str(arguments.threads)  # read by torch when it is imported
    import cv2

    if arguments.threads is not None:
        cv2.setNumThreads(arguments.threads)
    predictor = loaded(arguments)
    warn(arguments.host)
    return predictor


def warn(host: str) -> None:
    """Say what it means to listen to other machines."""
    if host not in HOSTS:
        print(
            f"Warning: --host {host} lets other machines send pictures, unencrypted and without a password. People whose faces "
            "are looked at must be told so, and the law may forbid it (EU AI Act, Art. 5 and 50). Browsers give a camera to "
            "pages of this machine or of https alone: put a proxy with TLS and a login before it.",
            file=sys.stderr,
        )


def hosts(arguments: Namespace) -> tuple[str, ...]:
    """The names that requests may call the server by; on loopback its own, so that no page can pretend to be it."""
    return HOSTS if arguments.host in HOSTS else ()


def limits_of(arguments: Namespace) -> "Limits":
    """How much is taken."""
    from fer.serve.limits import Limits

    given: dict[str, Any] = {} if arguments.rate is None else {"rate": arguments.rate}
    return Limits(bytes=int(arguments.max_mib * 2**20), pixels=int(arguments.max_megapixels * 1e6), **given)


def answer(application: "Starlette", made: Any) -> None:
    """Answer requests; what was accepted when the end comes is finished."""
    from fer.listening import answer_requests

    answer_requests(application, made, patience=PATIENCE, lifespan="on", timeout_keep_alive=30)
