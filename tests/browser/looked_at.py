"""This file makes what the tests in a browser look at: runs with made-up predictions, copies of them, and the dashboard."""

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MADE_UP = runpy.run_path(str(ROOT / "tests" / "unit" / "results" / "made_up_run.py"))
MODELS = ("cnn", "resnet", "svm", "vgg")

write_run: Callable[..., Path] = MADE_UP["write_run"]
made_up_folds: Callable[..., Any] = MADE_UP["made_up_folds"]
made_up_predictions: Callable[..., Any] = MADE_UP["made_up_predictions"]


def started(outputs: Path) -> tuple[subprocess.Popen[str], str]:
    """`fer dashboard` of a folder in a process of its own, and its address."""
    command = [sys.executable, "-m", "fer", "dashboard", str(outputs)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    return process, process.stdout.readline().split()[1]


def copy_run(first: Path, number: int, *, config: dict[str, Any], report: dict[str, Any]) -> None:
    """A run beside the first one, of another model, learning rate and accuracy; the files that are equal are linked."""
    model, protocol = MODELS[number % len(MODELS)], "official" if number % 3 == 0 else "subject_independent"
    run = first.with_name(f"synthetic-{model}-{protocol}-{number:08x}")
    (run / "folds" / "00").mkdir(parents=True)
    for name in ("folds.json", "provenance.json", "folds/00/predictions.csv", "folds/00/card.json", "folds/00/history.csv"):
        os.link(first / name, run / name)
    share = round(0.3 + 0.6 * (number * 0.618 % 1), 6)
    score = {"value": share, "low": round(share - 0.04, 6), "high": round(share + 0.04, 6)}
    test = {**report["tests"]["synthetic"], "accuracy": score, "uar": score, "macro_f1": score}
    written = {**report, "run": run.name, "origin": run.name, "model": model, "protocol": protocol, "tests": {"synthetic": test}}
    (run / "config.json").write_text(json.dumps({**config, "optim": {"lr": 0.1 / number}}))  # without it all are one experiment
    (run / "report.json").write_text(json.dumps(written))
