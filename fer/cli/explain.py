"""This file is `fer explain`: what in a face speaks for the label that a trained network gives it, and whether to believe it."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from fer.cli.evaluate import named_place
from fer.errors import ConfigError

if TYPE_CHECKING:  # torch is not loaded for --help
    from rich.table import Table

    from fer.explain.faces import Face
    from fer.explain.page import Answer
    from fer.results.paired_intervals import Difference
    from fer.results.stored_run import StoredRun

HELP = "show which parts of a face speak for its label, and check that the map can be believed"

SAMPLE = 12  # test images where no images are named: a page that is read in a minute


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `fer explain`."""
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="a run folder with networks")
    what = "image files, folders of them, or ids of the run's test images (default: some of the test images)"
    parser.add_argument("images", nargs="*", metavar="IMAGES", help=what)
    many = f"at most so many, evenly spread (default: all that are named, or {SAMPLE} test images)"
    parser.add_argument("--sample", type=int, metavar="N", help=many)
    how = "default: gradcam where the network is convolutional"
    parser.add_argument("--method", choices=("gradcam", "occlusion"), help=how)
    parser.add_argument("--fold", metavar="NAME", help="the fold whose network it is; test images have the one that tests them")
    cropped = "image files show faces and little else, so that none is looked for"
    parser.add_argument("--cropped", action="store_true", help=cropped)
    parser.add_argument("--seed", type=int, default=0, help="of what the maps are compared with, and of intervals (default 0)")
    parser.add_argument("--output", type=Path, metavar="DIR", help="the folder for the page (default: RUN/explained)")
    where = "where a database lies, if not where it was"
    parser.add_argument("--root", action="append", type=named_place, default=[], metavar="NAME=PATH", help=where)


def run(arguments: Namespace) -> None:
    """Explain the faces, write the page, and print a row a face."""
    from fer.files import replacing, require_writable, write_atomically, write_json
    from fer.results.publish import turn_at, write_report
    from fer.results.stored_run import read_run
    from fer.terminal import plain_console
    from fer.training.evaluation import require_network, require_trained

    require_numbers(arguments)
    require_captum()
    from fer.explain.page import explained_page, strip

    folder = arguments.output or arguments.run_folder / "explained"
    stored = read_run(arguments.run_folder)
    require_trained(stored)
    require_network(stored)
    require_writable(folder / "index.html")
    answer = explain(stored, arguments)
    with turn_at(folder, "explained.json"):
        write_atomically(folder / "index.html", explained_page(answer))
        with replacing(folder / "faces.png") as beside:
            beside.write_bytes(strip(answer.found))
        write_json(folder / "explained.json", answer.as_json())
    if not arguments.output:
        write_report(arguments.run_folder)  # whose page shows some of it
    plain_console().print(face_table(answer), mean_table(answer))
    print(f"{answer.verdict.sentences}\n{answer.verdict.method}\n")
    print(f"Page   {folder / 'index.html'}\nIt shows images of people: keep it where the images may be.")


def require_numbers(arguments: Namespace) -> None:
    """ConfigError for numbers that mean nothing."""
    if arguments.sample is not None and arguments.sample < 1:
        raise ConfigError(f"--sample: found {arguments.sample}, expected 1 or more")
    if arguments.seed < 0:
        raise ConfigError(f"--seed: found {arguments.seed}, expected 0 or more")


def require_captum() -> None:
    """ConfigError where the library that makes the maps is not installed."""
    from fer.deploy.format import quiet

    try:
        with quiet():  # captum imports matplotlib, which the first time says that it lists the fonts
            import captum.attr  # noqa: F401
    except ModuleNotFoundError as error:
        raise ConfigError(f"fer explain needs {error.name}, which is not installed: pip install 'ferlab[explain]'") from error


def explain(stored: "StoredRun", arguments: Namespace) -> "Answer":
    """Find the faces, explain them with a bar where somebody watches, and judge the maps."""
    from fer.explain.explanation import explanations
    from fer.explain.maps import method_for
    from fer.explain.network import networks
    from fer.explain.page import Answer
    from fer.explain.verdict import judge
    from fer.progress import tracked
    from fer.results.sources import sources

    faces, refused = faces_of(stored, arguments)
    of = networks(stored, [face.fold for face in faces])
    method = method_for(of[faces[0].fold], arguments.method)
    found = list(tracked(explanations(faces, of, method, seed=arguments.seed), "explaining", len(faces)))
    verdict = judge([one.faithfulness for one in found], [face.subject for face in faces], seed=arguments.seed)
    data = sources(stored.config)
    return Answer(stored.name, stored.plan.labels, method, arguments.seed, verdict, found, refused, data)


def faces_of(stored: "StoredRun", arguments: Namespace) -> "tuple[list[Face], tuple[str, ...]]":
    """The faces that are asked for, and why others are left out, which is said at once; ConfigError where none is left."""
    from fer.data.faces import evenly
    from fer.deploy.export import chosen_fold
    from fer.errors import DatabaseDamaged
    from fer.explain.faces import Cutter, Named, fold_by_image, named_images, stored_faces
    from fer.explain.network import Network

    known = fold_by_image(stored, arguments.fold)
    named = named_images(arguments.images, known, stored) if arguments.images else Named(tuple(known))
    most = arguments.sample or (len(named.images) if arguments.images else SAMPLE)
    images = [named.images[i] for i in evenly(len(named.images), most)]
    found = stored_faces(stored, [i for i in images if isinstance(i, str)], known, dict(arguments.root))
    refused = list(named.refused)
    if paths := [i for i in images if isinstance(i, Path)]:
        fold = chosen_fold(stored, arguments.fold)
        cutter = Cutter(stored, fold, Network.of(stored, fold).spec, cropped=arguments.cropped)
        for path, face in cutter.faces(paths):
            if isinstance(face, DatabaseDamaged):
                refused.append(str(face.args[0]))
            else:
                found[path] = face
    for why in refused:
        print(f"Left out  {why}", file=sys.stderr)
    if not found:
        raise ConfigError("IMAGES: found nothing that can be explained, expected image files, folders, or ids of test images")
    return [found[image] for image in dict.fromkeys(images) if image in found], tuple(refused)


def face_table(answer: "Answer") -> "Table":
    """One row a face: its areas, and those of its map laid elsewhere."""
    from rich.text import Text

    made = columns("Image", "Says", "Target", right=("p", "Deletion\nvs elsewhere", "Insertion\nvs elsewhere"))
    for one in answer.found:
        target = "" if one.face.target < 0 else answer.labels[one.face.target]
        said = Text(answer.labels[one.predicted], style="red" if one.wrong else "")
        by_map, by_chance = one.faithfulness.map.areas, one.faithfulness.random.areas
        versus = [f"{ours:.2f}    {theirs:.2f}" for ours, theirs in zip(by_map, by_chance, strict=True)]
        made.add_row(Text(one.face.name), said, target, f"{one.probabilities[one.predicted]:.2f}", *versus)
    return made


def mean_table(answer: "Answer") -> "Table":
    """One row an order of the pixels: the mean areas, and what the maps gain on it."""
    from fer.explain.page import ORDERS

    made = columns("Pixels in the order of", right=("Deletion", "the maps gain", "Insertion", "the maps gain"))
    gains = {of.rival: [interval(found) for found in of.both] for of in answer.verdict.gains}
    for order, (title, _) in ORDERS.items():
        deletion, insertion = (f"{area:.3f}" for area in getattr(answer.verdict.curves, order).areas)
        gained = gains.get(order, ["", ""])
        made.add_row(title, deletion, gained[0], insertion, gained[1])
    return made


def columns(*left: str, right: tuple[str, ...]) -> "Table":
    """A table with these columns, numbers on the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in left:
        made.add_column(heading, no_wrap=heading != "Image", overflow="fold")
    for heading in right:
        made.add_column(heading, justify="right", no_wrap=True)
    return made


def interval(found: "Difference") -> str:
    """A difference with its interval below, where there is one."""
    return f"{found.value:+.3f}" + ("" if found.low is None else f"\n{found.low:.2f} to {found.high:.2f}")
