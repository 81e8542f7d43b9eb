"""This file damages what a user writes: sweep files, configurations and command lines, and judges the answers."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from mutated_databases import chosen_file
from mutated_files import HUGE, NAMES, NO_NUMBERS, TRICKS, mutate
from mutated_runs import ended_with, given, judge, redirected
from numpy.random import Generator
from tiny_run import ROOT, TINY

from fer.data.databases.jaffe import Jaffe
from fer.errors import FerError
from fer.results.store import RunStore

#: Command lines of train.py that are right.
OVERRIDES = (
    ("model=cnn", "data=synthetic", *TINY, "protocol.folds=2", "trainer.epochs=1", "seed=[0,1]"),
    (
        "model=svm",
        "features=hog",
        "data=synthetic",
        "protocol=leave_one_subject_out",
        "labels=basic6",
        "data.synthetic.subjects=4",
    ),
    (
        "model=resnet",
        "model.pretrained=false",
        "data=[synthetic,synthetic_wild]",
        "protocol=cross_database",
        "protocol.train=[synthetic]",
    ),
    ("experiment=demo", "loss=focal", "loss.gamma=2", "optim.optimizer.lr=0.01", "augment=faces_strong", "train_images=20"),
    (
        "model=cnn",
        "data=table",
        "data.table.root=nowhere",
        "data.table.columns={path: file}",
        "preprocess.margin=0.2",
        "run.shard=1/3",
    ),
)

#: A command line of train.py that is right, and that is carried out whole: below `data.jaffe.root` lie a few faces.
TRAINING = (
    *("model=nearest_neighbour", "features=pixels", "data=jaffe", "data.jaffe.root=faces"),
    *("protocol=subject_independent", "protocol.folds=2", "seed=0", "labels=own", "run.threads=1", "run.output=out"),
)

#: Command lines of `fer` that are right, or wrong in a way that is said at once; none serves, and none opens a camera.
WORDS = (
    ("data", "synthetic", "subjects=3", "takes=1"),
    ("data", "jaffe", "--root", "nowhere"),
    ("report", "nowhere"),
    ("compare", "a", "b", "--test", "wilcoxon", "--json"),
    ("ensemble", "a", "b", "--output", "c"),
    ("evaluate", "a", "--on", "jaffe", "--root", "jaffe=b"),
    ("predict", "nothing.png", "--model", "fer2013_small", "--every", "0.5", "--min-confidence", "0.3", "--json"),
    ("explain", "a", "b.png", "--sample", "3", "--seed", "1"),
    ("export", "a", "--to", "onnx", "--rounds", "2", "--seconds", "0.1"),
    ("log", "a", "logger=tensorboard"),
    ("sweep", str(ROOT / "sweeps/smoke.yaml"), "--workers", "2", "--dry-run"),
    ("models", "--json"),
)

#: What begins a server, looks at a camera or measures for minutes.
ENDLESS = {"serve", "demo", "dashboard", "bench"}

#: What has a meaning in overrides, shells or terminals.
SIGNS = (
    "=",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "+",
    "~",
    "'",
    '"',
    "\\",
    "$",
    "${",
    "${oc.env:HOME}",
    "${x}",
    "*",
    "(",
    "@",
    "\n",
    "\x1b[31m",
)


def damaged_words(words: Sequence[str], rng: Generator) -> list[str]:
    """The words with one to three things changed."""
    found = list(words)
    for _ in range(int(rng.integers(1, 4))):
        i = int(rng.integers(len(found)))
        word, place = found[i], int(rng.integers(len(found[i]) + 1))
        odd = [*SIGNS, *NAMES, *(text.decode("utf-8", "replace") for text in (*HUGE, *NO_NUMBERS, *TRICKS))]
        sign = odd[int(rng.integers(len(odd)))]
        key, equals, _ = word.partition("=")
        changes = (
            word[:place] + sign + word[place:],
            word[:place] + word[place + 1 :],
            word[:place],
            key + equals + sign,
            sign,
            word.swapcase(),
            key + equals + key,
        )
        found[i] = changes[int(rng.integers(len(changes)))] or "x"
        if rng.random() < 0.15:
            found.insert(i, found[int(rng.integers(len(found)))])
    return [word.replace("\0", "") for word in found]


def damage_overrides(folder: Path, rng: Generator) -> str:
    """Ask what train.py would do with damaged overrides, up to where it would begin to prepare faces."""
    from fer.cli.foreseen import foresee
    from fer.cli.mistakes import explain
    from fer.cli.train import CONF

    os.chdir(folder)
    words = damaged_words(OVERRIDES[int(rng.integers(len(OVERRIDES)))], rng)
    try:
        foresee([*words, "run.output=out"])
    except (FerError, OSError) as error:
        said = error if isinstance(error, FerError) else explain(error, CONF)
        return f"refused: words: {words}: {said}" if said else f"failed: {words}: {error!r}"
    return f"loaded: words: {words}"


def write_faces(folder: Path) -> str:
    """Make up the faces that are trained on."""
    Jaffe.write_sample(folder / "copy", subjects=4)
    return "loaded"


def damage_training(pristine: Path, folder: Path, rng: Generator) -> str:
    """Train on damaged faces, or with damaged overrides, from the command to the report."""
    faces, words = folder / "faces", list(TRAINING)
    shutil.copytree(pristine / "copy", faces, symlinks=True)
    if rng.random() < 0.5:
        path, named = chosen_file(faces, rng), ("faces", "jaffe")
        kind, done = mutate(path, rng)
    else:
        words = damaged_words(words, rng)
        kind, done, named = "words", str(words), ("",)  # a damaged word need not be repeated
    status, said = trained(words, folder)
    judge(status, said, named, f"train.py: {done}")
    for report in folder.glob("out/*/report.json"):
        for fold in RunStore(report.parent).folds():
            rows = (report.parent / "folds" / fold.name / "predictions.csv").read_text().splitlines()[1:]
            assert len(rows) == sum(map(len, fold.tests.values())), f"{done}: fold {fold.name} has {len(rows)} predictions"
    return f"{'refused' if status else 'loaded'}: {kind}: {done}: {said.strip()[-300:] if status else ''}"


def trained(words: Sequence[str], folder: Path) -> tuple[int, str]:
    """The status of train.py in this process, and what it wrote on standard error."""
    from fer.cli.train import main

    os.chdir(folder)
    sys.argv = ["train.py", *words]
    with (folder / "out.txt").open("w") as out, (folder / "err.txt").open("w") as err, redirected(out, err):
        status = ended_with(main, err)
    return status, (folder / "err.txt").read_text(errors="replace")


def damage_command(folder: Path, rng: Generator) -> str:
    """Give a damaged command line to `fer`."""
    words = damaged_words(WORDS[int(rng.integers(len(WORDS)))], rng)
    if ENDLESS & set(words) or any("camera" in word for word in words):
        return "loaded: nothing was asked"
    status, said = given(words, folder)
    assert "Traceback" not in said, f"{words}: {said}"
    assert status in (0, 1, 2), f"{words}: {status}: {said}"
    assert status == 0 or said.strip(), f"{words}: nothing is said"
    return f"{'refused' if status else 'loaded'}: words: {words}: {said[-300:]}"


def damage_sweep(folder: Path, rng: Generator) -> str:
    """Damage a sweep file, and ask what its next trials would be."""
    files = sorted((ROOT / "sweeps").glob("*.yaml"))
    path = folder / "given" / "sweep.yaml"
    path.parent.mkdir(parents=True)
    shutil.copyfile(files[int(rng.integers(len(files)))], path)
    kind, done = mutate(path, rng)
    os.symlink(ROOT / "train.py", folder / "train.py")
    status, said = given(["sweep", str(path), "--dry-run", "--output", str(folder / "out")], folder)
    judge(status, said, ("sweep.yaml", "--", *(word for word in said.split() if "=" in word)), f"sweep: {done}")
    return f"{'refused' if status else 'loaded'}: {kind}: {done}: {said[-300:]}"


def damage_config(folder: Path, rng: Generator) -> str:
    """Damage the YAML of a database or a model of the user's own, and ask for what it describes."""
    group, name = (("data", "synthetic"), ("model", "cnn"), ("protocol", "subject_independent"))[int(rng.integers(3))]
    path = folder / "own" / group / f"{name}.yaml"
    path.parent.mkdir(parents=True)
    shutil.copyfile(ROOT / "conf" / group / f"{name}.yaml", path)
    kind, done = mutate(path, rng)
    if group == "data":
        status, said = given(["data", name, "--config-dir", str(folder / "own")], folder)
        judge(status, said, (name, "data", str(path.parent)), f"config: {done}")
        return f"{'refused' if status else 'loaded'}: {kind}: {done}: {said[-300:]}"
    return foreseen_with(folder, group, name, f"{kind}: {done}")


def foreseen_with(folder: Path, group: str, name: str, done: str) -> str:
    """What train.py would do with a folder of configurations of the user's own."""
    from fer.cli.foreseen import foresee

    os.chdir(folder)
    own = f"hydra.searchpath=[file://{folder / 'own'}]"
    try:
        foresee([f"{group}={name}", "data=synthetic", "data.synthetic.subjects=4", "run.output=out", own])
    except FerError as error:
        return f"refused: {done}: {error}"
    return f"loaded: {done}"
