"""This file is `fer predict`: the faces in images, videos and before a camera, and what expression a network sees in each."""

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fer.errors import ConfigError

if TYPE_CHECKING:  # neither OpenCV nor torch is loaded for --help
    from fer.deploy.drawing import Drawing
    from fer.deploy.listing import Listing
    from fer.deploy.pictures import Picture, Unread
    from fer.deploy.predictor import Prediction, Predictor

HELP = "find the faces in images, folders, videos or before a camera, and say what expression each shows"

#: Some pictures failed and the others did not.
SOME_FAILED = 1


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `fer predict`."""
    what = "images, videos, folders of them, patterns in quotes ('photos/*.jpg'), - for an image on standard input"
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help=what)
    add_network(parser)
    parser.add_argument("--camera", type=int, metavar="N", help="a camera instead, 0 for the first, until Ctrl-C; stores nothing")
    parser.add_argument("--every", type=float, default=0.0, metavar="S", help="a frame every S seconds of videos (default: all)")
    add_finding(parser)
    add_showing(parser)


def add_network(parser: ArgumentParser) -> None:
    """Declare which network answers."""
    which = "a run folder, a fold's, FILE.onnx, FILE.ts (a program, which is run), or a name in the box (default: that there)"
    parser.add_argument("--run", "--model", dest="network", metavar="RUN", help=which)
    parser.add_argument("--fold", metavar="NAME", help="the fold whose network it is, where the run has several: 03, 00-seed1")


def add_finding(parser: ArgumentParser) -> None:
    """Declare how faces are found and read."""
    parser.add_argument("--detector", default="haar", metavar="NAME", help="haar (default), or yunet, which needs its model file")
    file = "the detector's model file; FILE:sha256=DIGEST for one that is not known here"
    parser.add_argument("--detector-weights", metavar="FILE", help=file)
    cropped = "pictures show a face and little else, so that none is looked for"
    parser.add_argument("--cropped", action="store_true", help=cropped)
    least = "give no label to a face whose most probable one is less probable than P"
    parser.add_argument("--min-confidence", type=float, default=0.0, metavar="P", help=least)


def add_showing(parser: ArgumentParser) -> None:
    """Declare what is printed and drawn."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_const", const="JsonLines", dest="form", help="an object a picture, one on a line")
    form.add_argument("--csv", action="store_const", const="Csv", dest="form", help="a row a face")
    parser.add_argument("--draw", type=Path, metavar="DIR", help="a folder for copies with the faces marked")


def run(arguments: Namespace) -> None:
    """Print what is found as it is found; the exit status is 1 where some picture could not be read."""
    from fer.deploy import listing
    from fer.deploy.drawing import Drawing
    from fer.files import require_writable

    found = wanted(arguments)
    if arguments.draw:
        require_writable(arguments.draw / "any.jpg")
    predictor = loaded(arguments).before_camera() if is_live(arguments) else loaded(arguments)
    made: Listing = getattr(listing, arguments.form or "Table")(predictor.labels)
    counts = show(found, predictor, made, drawing=Drawing(arguments.draw) if arguments.draw else None, live=is_live(arguments))
    print(counts, file=sys.stderr)
    sys.stdout.flush()
    if counts.failed:
        sys.exit(SOME_FAILED)


def loaded(arguments: Namespace) -> "Predictor":
    """The predictor that the arguments name; says on standard error what its labels mean."""
    from fer.deploy.model import DEFAULT, USE
    from fer.deploy.predictor import load

    predictor = load(
        arguments.network or DEFAULT,
        fold=arguments.fold,
        detector=arguments.detector,
        detector_weights=arguments.detector_weights,
        sure=arguments.min_confidence,
        cropped=arguments.cropped,
    )
    print(predictor.model.described.get("use", USE), file=sys.stderr)
    return predictor


def is_live(arguments: Namespace) -> bool:
    """Whether pictures come as they happen."""
    return arguments.camera is not None


def wanted(arguments: Namespace) -> "Iterable[Picture | Unread]":
    """The pictures that are asked for; ConfigError where there are none, or where it is not clear which."""
    from fer.deploy.named_pictures import named, pictures
    from fer.deploy.videos import read_camera
    from fer.progress import tracked

    if is_live(arguments) == bool(arguments.sources):
        both = "both SOURCE and --camera" if arguments.sources else "neither SOURCE nor --camera"
        raise ConfigError(f"found {both}, expected one: images, videos, folders, or --camera 0")
    if not 0 <= arguments.every < float("inf"):
        raise ConfigError(f"--every: found {arguments.every}, expected seconds")
    if is_live(arguments):
        return read_camera(arguments.camera)
    files = named(arguments.sources)
    return pictures(tracked(files, "looking", len(files)), every=arguments.every)


def show(
    found: "Iterable[Picture | Unread]", predictor: "Predictor", made: "Listing", *, drawing: "Drawing | None", live: bool
) -> "Counts":
    """Print and draw every picture as soon as it is read, and count; Ctrl-C is how looking at a camera ends."""
    from fer.deploy.pictures import Picture
    from fer.deploy.predictor import BATCH

    # A bar takes standard output for its own, which is right in a terminal alone.
    out = None if sys.stdout.isatty() else sys.stdout
    counts = Counts()
    for line in made.header():
        print(line, file=out)
    with suppress(*[KeyboardInterrupt] * live):
        for picture, prediction in predictor.stream(found, batch=1 if live else BATCH):
            for line in made.lines(prediction):
                print(line, file=out, flush=live)
            if drawing and isinstance(picture, Picture):
                drawing.draw(picture, prediction)
            counts.add(prediction)
    return counts


@dataclass
class Counts:
    """How many pictures there were, and what came of them."""

    pictures: int = 0
    faces: int = 0
    without: int = 0
    uncut: int = 0
    unsure: int = 0
    failed: int = 0
    start: float = field(default_factory=time.monotonic)

    def add(self, prediction: "Prediction") -> None:
        """Count a picture in."""
        self.pictures += 1
        self.faces += len(prediction.faces)
        self.uncut += prediction.uncut
        self.unsure += sum(face.label is None for face in prediction.faces)
        self.failed += prediction.error is not None
        self.without += not (prediction.error or prediction.faces or prediction.uncut)

    def __str__(self) -> str:
        seconds = time.monotonic() - self.start
        found = {
            "pictures": self.pictures,
            "faces": self.faces,
            "unsure of": self.unsure,
            "not cut out": self.uncut,
            "pictures without a face": self.without,
            "failed": self.failed,
        }
        parts = [f"{kind} {count:,}" for kind, count in found.items() if count or kind in ("pictures", "faces")]
        return f"{', '.join(parts)}; {seconds:.1f} s, {self.pictures / seconds:.1f} pictures/s"
