"""This file is `fer bench`: how near the framework's paths are to the machine's limit, measured where it is started."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer.errors import ConfigError

if TYPE_CHECKING:  # torch is not loaded for --help
    from fer.bench.measurement import Measurement
    from fer.data.augment import Augmentation
    from fer.data.batched import BatchChanges

HELP = "measure training, prediction and all that is around them beside the least that could be done"

PARTS = ("training", "prediction", "augmentation", "preparation", "start")

#: Numbers of drawn faces that --scale trains on.
SIZES = (10_000, 100_000, 1_000_000)

#: What a network and its training are described by.
GROUPS = ("model", "loss", "optim", "augment", "trainer")

#: Settings with which a step of the framework would be other work than a step of the bare loop.
PLAIN = {"trainer.accumulate": 1, "trainer.devices": 1, "trainer.orders": 1, "optim.finetune": None, "loss.teacher": None}

#: What is measured where nothing else is said.
DEFAULTS = {"model": "cnn", "augment": "batched,faces"}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `fer bench`."""
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="KEY=VALUE[,VALUE]",
        help="as train.py -m takes them: model=cnn,vgg augment=faces trainer.batch_size=128,512 trainer.precision=bf16-mixed",
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="only these")
    parser.add_argument("--rounds", type=int, default=21, help="turns of every way; medians over them are shown (default 21)")
    parser.add_argument("--seconds", type=float, default=1.0, help="about how long a turn takes (default 1)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="CPU threads (default: all cores)")
    parser.add_argument("--scale", action="store_true", help="instead: train on 10,000 to 1,000,000 drawn faces; takes minutes")
    parser.add_argument("--sizes", nargs="+", type=int, metavar="N", default=SIZES, help="the numbers of faces for --scale")
    parser.add_argument("--output", type=Path, default=Path("bench"), help="folder of bench.json and bench.svg (default bench)")


def run(arguments: Namespace) -> None:
    """Measure, print the tables, and write bench.json and bench.svg."""
    from fer.bench.shown import picture, tables
    from fer.files import require_writable, write_atomically, write_json
    from fer.terminal import plain_console
    from fer.training.provenance import provenance

    require_sensible(arguments)
    require_writable(arguments.output / "bench.json")
    if arguments.scale:
        return scale(arguments)
    measurements = [*networks(arguments), *augmentation(arguments), *preparation(arguments)]
    starts = commands(arguments)
    machine = provenance(threads=arguments.threads)
    plain_console().print(tables(measurements, starts))
    described = [measurement.as_json() for measurement in measurements]
    write_json(arguments.output / "bench.json", {"schema": 1, **machine, "measurements": described, "start_seconds": starts})
    title = titled(machine)
    if measurements:
        write_atomically(arguments.output / "bench.svg", picture(measurements, title=title))
    print(f"{title}\nResults  {arguments.output / 'bench.json'}\nPicture  {arguments.output / 'bench.svg'}")


def titled(machine: Mapping[str, Any]) -> str:
    """On what was measured, in a line."""
    hardware = ", ".join(machine["hardware"]["gpus"]) or machine["hardware"]["processor"]
    threads = f"{machine['threads']} thread{'s' * (machine['threads'] > 1)}"
    return f"{hardware}, {threads}, torch {machine['versions']['torch']}"


def scale(arguments: Namespace) -> None:
    """Measure training at several numbers of faces, print the table, and write scale.json."""
    from fer.bench.scale import measure_sizes, scale_table
    from fer.cli.compose import composed
    from fer.files import write_json
    from fer.terminal import plain_console
    from fer.training.provenance import provenance

    require_measured(arguments.overrides)
    config = composed([f"augment={DEFAULTS['augment'].partition(',')[0]}", *arguments.overrides])
    require_network(config)
    turns = {"seconds": arguments.seconds, "rounds": arguments.rounds, "threads": arguments.threads}
    found = measure_sizes(sorted(arguments.sizes), groups_of(config), **turns)
    machine = provenance(threads=arguments.threads)
    plain_console().print(scale_table(found))
    write_json(arguments.output / "scale.json", {"schema": 1, **machine, "sizes": [one.as_json() for one in found]})
    print(f"{titled(machine)}\nResults  {arguments.output / 'scale.json'}")


def groups_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a learner is made of, for the one epoch of a bench, in which all faces have their full size."""
    from fer.training.settings import resolve_auto

    groups = {group: config[group] for group in GROUPS}
    if (batched := config["augment"].get("batched")) and "sizes" in batched:
        groups["augment"] = {**config["augment"], "batched": {**batched, "sizes": [1.0]}}
    return {**groups, "trainer": {**resolve_auto(config["trainer"]), "epochs": 1}}


def require_sensible(arguments: Namespace) -> None:
    """Raise ConfigError for numbers with which nothing can be measured."""
    for name in ("rounds", "seconds", "threads"):
        if not 0 < getattr(arguments, name) < float("inf"):
            raise ConfigError(f"--{name}: found {getattr(arguments, name)}, expected more than 0")
    if min(arguments.sizes) < 1:
        raise ConfigError(f"--sizes: found {min(arguments.sizes)}, expected at least 1 face")


def require_measured(overrides: Sequence[str]) -> None:
    """Raise ConfigError for overrides that a bench would not heed: it trains a network on drawn faces, and nothing else."""
    for override in overrides:
        group = override.partition("=")[0].partition(".")[0]
        if group not in GROUPS or "=" not in override:
            known = ", ".join(GROUPS)
            raise ConfigError(f"found {override}, expected KEY=VALUE of {known}; whatever the data, drawn faces are trained on")


def networks(arguments: Namespace) -> "list[Measurement]":
    """The measurements of training and prediction, for each combination of the overrides."""
    from fer.cli.compose import combinations, composed

    if not {"training", "prediction"} & set(arguments.parts):
        return []
    require_measured(arguments.overrides)
    keys = [override.partition("=")[0] for override in arguments.overrides]
    asked = [f"{key}={value}" for key, value in DEFAULTS.items() if key not in keys] + arguments.overrides
    chosen = [(overrides, composed(overrides)) for overrides in combinations(asked)]
    for _, config in chosen:
        require_network(config)
    measured: list[Measurement] = []
    for overrides, config in chosen:
        measured += measure_network(config, named(overrides, config), arguments, before=measured)
    return measured


def require_network(config: Mapping[str, Any]) -> None:
    """Raise ConfigError where the configuration is not that of a network, or has a mistake."""
    from fer.training.learners import learner_mistakes
    from fer.training.targets import name_of

    if not config["trainer"]:
        raise ConfigError(f"model: found {name_of(config['model'])}, expected a network, which trains in epochs")
    mistakes = learner_mistakes(config)
    for key, expected in PLAIN.items():
        group, _, name = key.partition(".")
        if config[group].get(name, expected) != expected:
            mistakes.append(f"{key}: found {config[group][name]}, expected {expected} for a bench, which compares step with step")
    if mistakes:
        raise ConfigError("\n    ".join(mistakes))


def named(overrides: Sequence[str], config: Mapping[str, Any]) -> dict[str, str]:
    """What the rows of the tables are named by: model, augmentation, precision and batch size."""
    from fer.training.settings import resolve_auto

    choices = dict(override.split("=", 1) for override in overrides)
    trainer = resolve_auto(config["trainer"])
    return {
        "model": choices["model"],
        "augment": choices["augment"],
        "precision": trainer["precision"],
        "batch": str(trainer["batch_size"]),
    }


def measure_network(
    config: Mapping[str, Any], settings: Mapping[str, str], arguments: Namespace, *, before: "Sequence[Measurement]"
) -> "list[Measurement]":
    """Training, and prediction with all threads and with one, of one network, unless it was measured `before`."""
    import tempfile

    from fer.bench.faces import drawn_faces
    from fer.bench.other_paths import measure_prediction
    from fer.bench.training import TimedLearner, measure_training
    from fer.data.databases.synthetic import BASIC
    from fer.labels import LabelSpace

    learner = TimedLearner(**groups_of(config), labels=LabelSpace(names=BASIC))
    faces, (_, changes) = drawn_faces(learner.spec), pipelines()
    turns = {"seconds": arguments.seconds, "rounds": arguments.rounds}
    with tempfile.TemporaryDirectory() as folder:
        training = measure_training(learner, faces, changes, Path(folder), settings=settings, threads=arguments.threads, **turns)
    measured = [training] if "training" in arguments.parts else []
    predicted = {"model": settings["model"], "precision": "32-true"}
    if "prediction" in arguments.parts and not any(predicted.items() <= one.settings.items() for one in before):
        measured += [
            measure_prediction(learner, faces, settings=predicted, threads=threads, **turns)
            for threads in dict.fromkeys((arguments.threads, 1))
        ]
    return measured


def augmentation(arguments: Namespace) -> "list[Measurement]":
    """The measurement of changing training faces."""
    from fer.bench.augmentation import measure_augmentation
    from fer.bench.faces import drawn_faces
    from fer.models.input_spec import InputSpec

    if "augmentation" not in arguments.parts:
        return []
    faces = drawn_faces(InputSpec(48, 1, (0.0,), (1.0,)))
    return [measure_augmentation(faces, *pipelines(), rounds=arguments.rounds, threads=arguments.threads)]


def pipelines() -> "tuple[Augmentation, BatchChanges]":
    """The same changes of training faces, one face at a time and a batch at a time: augment=faces and augment=batched."""
    from fer.build import build
    from fer.cli.compose import composed
    from fer.data.batched import BatchChanges

    alone, at_once = (build(composed([f"augment={name}"])["augment"], "augment") for name in ("faces", "batched"))
    assert isinstance(at_once.batched, BatchChanges), "that is what augment=batched is for"
    return alone, at_once.batched


def preparation(arguments: Namespace) -> "list[Measurement]":
    """The measurement of preparing image files."""
    import tempfile

    from fer.bench.other_paths import measure_preparation

    if "preparation" not in arguments.parts:
        return []
    with tempfile.TemporaryDirectory() as folder:
        return [measure_preparation(Path(folder), rounds=arguments.rounds)]


def commands(arguments: Namespace) -> dict[str, list[float]]:
    """The seconds that the commands take to start."""
    from fer.bench.other_paths import measure_starts

    return measure_starts(rounds=min(arguments.rounds, 3)) if "start" in arguments.parts else {}
