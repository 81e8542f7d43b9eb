"""This file has a program that leaves what train.py leaves, in milliseconds, and sweeps of it, for tests of sweeps.

The program takes run.output, x, and what is to become of it: end=done, error, crash, nothing, never, or
taken: left to whoever holds the lock of its fold. Its val_loss is (x - 3)² in the last of `epochs` epochs.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PROGRAM = """
import json, os, subprocess, sys, time
from pathlib import Path

given = dict(word.split("=", 1) for word in sys.argv[1:])
output, x, end, epochs = Path(given["run.output"]), float(given["x"]), given.get("end", "done"), int(given.get("epochs", 1))
run = output / f"run-{given['x']}"
run.mkdir(parents=True, exist_ok=True)
with (output / "starts").open("a") as file:
    file.write(given["x"] + "\\n")
if end == "error":
    print("ConfigError: x: found 1\\n    expected 2", file=sys.stderr)
    sys.exit(2)
if end == "crash" and not (run / "crashed").exists():
    (run / "crashed").touch()
    os.kill(os.getpid(), 9)
if end == "nothing":
    sys.exit(0)
if end == "taken" and (run / "folds" / ".00.ferlab-lock").exists():
    print("Taken: every fold that is left is being run by other processes", file=sys.stderr)
    sys.exit(2)
fold = {"name": "00", "seed": 0, "train": [], "val": [], "tests": {}}
(run / "folds.json").write_text(json.dumps({"folds": [fold]}))
(run / "config.json").write_text("{}")
working = run / "folds" / ".00.working"
working.mkdir(parents=True, exist_ok=True)
lines = ["epoch,val_loss,val_macro_f1"]
if end == "never":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    (output / "children").write_text(f"{os.getpid()} {child.pid}")
for epoch in range(epochs if end != "never" else 10 ** 6):
    lines.append(f"{epoch},{(x - 3) ** 2 + epochs - 1 - epoch},{x / 10}")
    (working / "h").write_text("\\n".join(lines) + "\\n")
    os.replace(working / "h", working / "history.csv")
    time.sleep(float(given.get("pause", 0)) * (10 if x > 100 else 1))
selection = {"monitor": "val_macro_f1", "value": x / 10, "epoch": epochs, "epochs": epochs}
(working / "card.json").write_text(json.dumps({"selection": selection}))
(working / "predictions.csv").write_text("")
os.replace(working, run / "folds" / "00")
"""


def write_sweep(folder: Path, *, words: Sequence[str] = (), **changed: Any) -> Path:
    """A sweep file over x = 1, 2, … of the program, or over what `changed` says instead."""
    import yaml

    (folder / "program.py").write_text(PROGRAM)
    content = {
        "program": str(folder / "program.py"),
        "method": "grid",
        "metric": {"name": "val_loss", "goal": "minimize"},
        "parameters": {"x": {"values": [1, 2, 3, 4]}},
        "command": ["${interpreter}", "${program}", f"run.output={folder / 'out'}", *words, "${args_no_hyphens}"],
        **changed,
    }
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump({key: value for key, value in content.items() if value is not None}, sort_keys=False))
    return path


def foresee(overrides: Sequence[str]) -> Any:
    """The run folder that the program will work in."""
    from fer.results.store import RunStore

    given = dict(word.split("=", 1) for word in overrides)
    return RunStore(Path(given["run.output"]) / f"run-{given['x']}")


def work_on(path: Path, *, url: str | None = None, workers: int = 1, retries: int = 1, trials: int | None = None) -> Any:
    """Carry out what is left of a sweep, as `fer sweep` does, and return its status."""
    from threading import Event

    from fer.sweeps.search_space import pruner
    from fer.sweeps.status import status
    from fer.sweeps.storage import parse
    from fer.sweeps.study import Study, number_of_trials
    from fer.sweeps.sweep_file import read_sweep
    from fer.sweeps.trial import Conditions
    from fer.sweeps.worker import work_together

    sweep = read_sweep(path)
    place = parse(url or f"sqlite:///{path.parent}/out/sweeps/small.db")
    planned = number_of_trials(sweep, trials, already=0)
    study = Study(sweep, place, trials=planned, pruner=pruner(sweep.stopping, epochs=9), retries=retries)
    conditions = Conditions(sweep, foresee, (), path.parent / "out" / "sweeps" / sweep.name, Event())
    work_together(study, conditions, workers, print)
    return status(sweep, study.trials, planned=planned)


if __name__ == "__main__":
    print(work_on(Path(sys.argv[1]), url=sys.argv[2]).counts)
