"""This file is `fer demo`: a page on this machine where a visitor's camera or picture is looked at, live."""

from argparse import ArgumentParser, Namespace

from fer.cli.serve import add_limits, add_serving, answer, hosts, limits_of, opened, require
from fer.listening import address, listening

HELP = "show in a browser what a network sees in faces before a camera, or in a picture"

#: Where the demo is unless the user says otherwise.
PORT = 8429

#: Pictures a second from one address: four cameras at the 30 frames that they have.
RATE = 120.0


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `fer demo`."""
    add_serving(parser, port=PORT)
    add_limits(parser, rate=RATE)


def run(arguments: Namespace) -> None:
    """Serve the page until Ctrl-C."""
    require(arguments)
    from fer.serve.demo import demo

    predictor, limits = opened(arguments), limits_of(arguments)
    made = listening(arguments.port, usual=PORT, host=arguments.host)
    print(f"Demo  {address(made)}   {predictor.model.name}; no picture is stored; Ctrl-C ends it.", flush=True)
    answer(demo(predictor, limits, hosts=hosts(arguments)), made)
