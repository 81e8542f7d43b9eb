"""This file damages run folders, and judges what every command that reads them says: the same as before, or why it does not."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np
from mutated_files import OF_CONTENT, mutate
from numpy.random import Generator
from PIL import Image as Pillow
from portrait import portrait
from tiny_run import ROOT, TINY

from fer.errors import FerError
from fer.results.predictions import Predictions, read_predictions

#: What a command begins its one message with.
MESSAGE = re.compile(r"^(fer [a-z]+: error: |usage: |[A-Z][A-Za-z]*: )", re.MULTILINE)


def write_pristine(folder: Path) -> str:
    """Train two tiny runs of two folds, and export a network of the first; beside them lies a picture."""
    for seed in (0, 1):
        overrides = ["data=synthetic", "protocol.folds=2", "trainer.epochs=1", f"seed={seed}", f"run.output={folder / 'outputs'}"]
        subprocess.run([sys.executable, str(ROOT / "train.py"), "model=cnn", *TINY, *overrides], check=True, capture_output=True)
    first, second = sorted((folder / "outputs").glob("*/config.json"))
    first.parent.rename(folder / "outputs" / "first")
    second.parent.rename(folder / "outputs" / "second")
    for to in ("onnx", "torchscript"):
        briefly = ("--rounds", "1", "--seconds", "0.01")
        words = ("export", "outputs/first", "--to", to, "--fold", "00", *briefly, "--output", "exported")
        status, said = given(words, folder)
        assert status == 0, said
    Pillow.fromarray(portrait()).save(folder / "face.png")
    return "loaded"


def damage_exported(pristine: Path, folder: Path, rng: Generator) -> str:
    """Damage an exported network, and predict a picture with it."""
    found = sorted(path for path in (pristine / "exported").iterdir() if path.suffix in (".onnx", ".ts"))
    (folder / "copy").mkdir(parents=True)
    path = Path(shutil.copy(found[int(rng.integers(len(found)))], folder / "copy"))
    kind, done = mutate(path, rng)
    status, said = given(["predict", str(pristine / "face.png"), "--model", str(path), "--json"], folder)
    what = f"{path.suffix}: {done}"
    judge(status, said, (path.name,), what)
    if status == 0:
        judge_probabilities(folder, what)
    assert not Path("exploded").exists(), f"{what}: code of the file was run"
    return f"{'refused' if status else 'loaded'}: {kind}: {what}: {said.strip()[-300:] if status else ''}"


Command = Callable[[Path, Path, Path], Sequence[str]]

#: Of the damaged run, the folder that it lies in, and another run.
COMMANDS: dict[str, Command] = {
    "report": lambda run, outputs, other: ["report", str(run)],
    "leaderboard": lambda run, outputs, other: ["report", str(outputs)],
    "compare": lambda run, outputs, other: ["compare", str(run), "--versus", str(other)],
    "ensemble": lambda run, outputs, other: ["ensemble", str(run), str(other), "--output", str(outputs / "new")],
    "evaluate": lambda run, outputs, other: ["evaluate", str(run), "--tta", "flip", "--output", str(outputs / "new")],
    "predict": lambda run, outputs, other: [
        "predict",
        str(outputs.parent / "face.png"),
        "--run",
        str(run),
        "--fold",
        "00",
        "--json",
    ],
    "explain": lambda run, outputs, other: ["explain", str(run), "--sample", "1", "--output", str(outputs / "new")],
    "export": lambda run, outputs, other: [
        *("export", str(run), "--to", "torchscript", "--fold", "00", "--rounds", "1", "--seconds", "0.01"),
        *("--output", str(outputs / "new")),
    ],
    "log": lambda run, outputs, other: ["log", str(run), "logger=tensorboard"],
}


def damage_and_ask(command: str, pristine: Path, folder: Path, rng: Generator) -> str:
    """Damage a file of a run in `folder`, give a command that reads it, and judge what came of it."""
    shutil.copytree(pristine, folder / "copy", symlinks=True)
    outputs = folder / "copy" / "outputs"
    run = outputs / "first"
    path = chosen_file(run, rng)
    kind, done = mutate(path, rng)
    what = f"{command}: {path.relative_to(run)}: {done}"
    status, said = given(COMMANDS[command](run, outputs, outputs / "second"), folder)
    judge(status, said, (path.name, path.parent.name, "first", str(outputs), "synthetic has changed"), what)
    if status == 0 and command in ("report", "leaderboard"):
        judge_report(run, pristine / "outputs" / "first", path, what)
    if status == 0 and command == "predict":
        judge_probabilities(folder, what)
    assert not Path("exploded").exists(), f"{what}: code of the file was run"
    return f"{'refused' if status else 'loaded'}: {kind}: {what}: {said.strip()[-300:] if status else ''}"


def chosen_file(run: Path, rng: Generator) -> Path:
    """A file of the run, those that are data more often than those that are drawn from them."""
    files = sorted(path for path in run.rglob("*") if path.suffix in (".json", ".csv", ".npz", ".safetensors"))
    return files[int(rng.integers(len(files)))]


def given(words: Sequence[str], folder: Path) -> tuple[int, str]:
    """The status of a `fer` command in this process, and what it wrote on standard error."""
    from fer.cli.main import main

    os.chdir(folder)
    with (folder / "out.txt").open("w") as out, (folder / "err.txt").open("w") as err, redirected(out, err):
        status = ended_with(lambda: main(words), err)
    return status, (folder / "err.txt").read_text(errors="replace")


def ended_with(main: Callable[[], int | None], err: TextIO) -> int:
    """The exit status that a main function leads to."""
    try:
        return main() or 0
    except SystemExit as end:
        print(end.code if isinstance(end.code, str) else "", file=err)
        return end.code if isinstance(end.code, int) else 2


@contextlib.contextmanager
def redirected(out: TextIO, err: TextIO) -> Iterator[None]:
    """Send what is printed into files."""
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield


def judge(status: int, said: str, names: Sequence[str], what: str) -> None:
    """Fail unless a command ended well, or with one message that names one of these."""
    assert "Traceback" not in said, f"{what}: {said}"
    assert status in (0, 2), f"{what}: ended with {status}: {said}"
    if status == 2:
        assert MESSAGE.search(said), f"{what}: no message: {said}"
        assert any(name in said for name in names), f"{what}: names none of {names}: {said}"


def judge_report(run: Path, pristine: Path, path: Path, what: str) -> None:
    """Fail unless the scores are those of before, wherever nothing that they are computed from was damaged."""
    if path.name in ("predictions.csv", "folds.json") or "report" in path.name:
        return
    before, after = (json.loads((folder / "report.json").read_text())["tests"] for folder in (pristine, run))
    for name, test in before.items():
        for score in ("n", "accuracy", "uar", "macro_f1", "confusion"):
            assert after[name][score] == test[score], f"{what}: {score} of {name} is another"


def judge_probabilities(folder: Path, what: str) -> None:
    """Fail unless what was predicted are probabilities, and the label is the most probable one."""
    for line in (folder / "out.txt").read_text().splitlines():
        for face in json.loads(line)["faces"]:
            shares = face["probabilities"]
            assert np.isfinite(list(shares.values())).all(), f"{what}: {shares}"
            assert abs(sum(shares.values()) - 1) < 1e-3, f"{what}: {shares}"
            assert face["label"] == max(shares, key=shares.get), f"{what}: {face}"


def damage_predictions(pristine: Path, folder: Path, rng: Generator) -> str:
    """Damage predictions.csv, read it, and hold every row against what the text says."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "predictions.csv"
    shutil.copyfile(pristine / "outputs/first/folds/00/predictions.csv", path)
    kind, done = mutate(path, rng, OF_CONTENT)
    try:
        found = read_predictions(path)
    except FerError as error:
        said = str(error)
        assert "predictions.csv" in said
        return f"refused: {kind}: {done}: {said}"
    held_against_text(found, path, done)
    return f"loaded: {kind}: {done}"


def held_against_text(found: Predictions, path: Path, what: str) -> None:
    """Fail unless each row reads as it stands in the file."""
    header, *rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == len(found), f"{what}: {len(found)} of {len(rows)} rows"
    for i, row in enumerate(rows):
        said = [found.fold[i], found.test_set[i], found.id[i], found.subject[i], found.labels[found.target[i]]]
        assert said == row[:5], f"{what}: row {i + 2} is {said}, the file says {row[:5]}"
        assert row[5] == found.labels[found.predicted[i]]
        np.testing.assert_array_equal(found.probabilities[i], np.array(row[6:], np.float32), err_msg=what)
    assert tuple(header[6:]) == found.labels
