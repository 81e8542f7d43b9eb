"""This file damages what the project reads in a thousand ways, by number; all but reading and refusing it is a failure.

A number always stands for the same damage: FER_MUTATION=417 pytest tests/fuzz -m slow -k thousand repeats one that failed.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

import isolated
import mutated_databases as databases
import mutated_runs as runs
import mutated_words as words
import numpy as np
import pytest
from isolated import Ended, Job

#: How many mutations there are, and how many of them `make test` tries.
ALL, FEW = 1000, 40

#: What the parent imports, so that its children need not.
WARM = (
    *("fer.cli.train", "fer.training.lightning_learner", "fer.training.classical_learner", "fer.training.evaluation"),
    *("fer.deploy.predictor", "fer.deploy.export", "fer.explain.page", "fer.results.publish", "fer.sweeps.study"),
)

Target = Callable[[Path, Path, np.random.Generator], str]


def of_database(name: str) -> Target:
    return lambda made, folder, rng: databases.damage_and_read(name, made / name, folder, rng)


def of_run(command: str) -> Target:
    return lambda made, folder, rng: runs.damage_and_ask(command, made / "run", folder, rng)


def of_words(damage: Callable[[Path, np.random.Generator], str]) -> Target:
    return lambda made, folder, rng: damage(folder, rng)


DATABASES = {name: of_database(name) for name in databases.MADE}
PREDICTIONS: dict[str, Target] = {"predictions.csv": lambda made, folder, rng: runs.damage_predictions(made / "run", folder, rng)}
EXPORTED: dict[str, Target] = {"exported": lambda made, folder, rng: runs.damage_exported(made / "run", folder, rng)}
RUNS = {f"fer {command}": of_run(command) for command in runs.COMMANDS}
WORDS = {
    "train.py": of_words(words.damage_overrides),
    "fer": of_words(words.damage_command),
    "sweep file": of_words(words.damage_sweep),
    "configuration": of_words(words.damage_config),
}
TRAININGS: dict[str, Target] = {"training": lambda made, folder, rng: words.damage_training(made / "training", folder, rng)}
#: Databases and predictions three times as often as commands, which take seconds.
TARGETS = {**DATABASES, **PREDICTIONS, **EXPORTED, **RUNS, **WORDS, **TRAININGS}
ORDER = [*3 * [*DATABASES, *PREDICTIONS, "predictions.csv"], *RUNS, *EXPORTED, *EXPORTED, *WORDS, *TRAININGS, *TRAININGS]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that everybody may look into, as those of pytest are not, with the cache of all mutations."""
    made = Path(tempfile.mkdtemp(prefix="ferlab-fuzz-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_CACHE", str(made / "cache"))
        yield made
    remove(made)


@pytest.fixture(autouse=True)
def own_folders(folder: Path) -> None:
    """The cache is that of the module."""


def remove(folder: Path) -> None:
    """Delete a folder, whatever its permissions have become."""
    subprocess.run(["chmod", "-R", "u+rwX", str(folder)], check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)


def make(folder: Path, names: list[str]) -> None:
    """Make what is damaged later, undamaged."""
    jobs = [Job(name, folder / name, partial(databases.write_truth, name, folder / name)) for name in DATABASES if name in names]
    if "training" in names:
        jobs.append(Job("training", folder / "training", partial(words.write_faces, folder / "training")))
    if set(names) & {*PREDICTIONS, *EXPORTED, *RUNS}:
        jobs.append(Job("run", folder / "run", partial(runs.write_pristine, folder / "run"), patience=600))
    for ended in isolated.run_all(jobs, at_once=2):
        assert not ended.failed, ended.said


def mutations(folder: Path, numbers: list[int], order: list[str]) -> Iterator[Ended]:
    """The mutations of these numbers, each in a folder that is deleted afterwards."""
    jobs = []
    for number in numbers:
        name, own = order[number % len(order)], folder / "mutations" / str(number)
        work = partial(TARGETS[name], folder, own, np.random.default_rng(number))
        jobs.append(Job(f"{number} {name}", own, work))
    for ended in isolated.run_all(jobs, at_once=os.cpu_count() or 1):
        yield ended
        remove(folder / "mutations" / ended.name.partition(" ")[0])


def counted(found: Iterator[Ended]) -> Counter[str]:
    """How the mutations ended; fails with all that went wrong."""
    ends, failures, slowest = Counter[str](), [], 0.0
    for ended in found:
        ends["failed" if ended.failed else ended.said.partition(":")[0]] += 1
        slowest = max(slowest, ended.seconds)
        if ended.failed:
            failures.append(f"{ended.name}: {ended.said[-2000:]}")
    print(
        f"{ends.total()} mutations: {ends['loaded']} read, {ends['refused']} refused, {ends['failed']} wrong, "
        f"at most {slowest:.1f} s"
    )
    assert not failures, "\n\n".join(failures)
    return ends


def carried_out(folder: Path, numbers: list[int]) -> Counter[str]:
    """Make all that is damaged, and damage it, in a process that has computed nothing yet.

    Its children would wait for ever for the threads of libraries that their parent has used, torch's and those that draw charts.
    """
    for module in WARM:
        import_module(module)
    make(folder, ORDER)
    return counted(mutations(folder, numbers, ORDER))


def test_a_few_damaged_databases_are_read_as_they_are_or_refused_in_words(folder: Path) -> None:
    small = ["expw", "rafdb_folders", "fer2013"]
    make(folder, small)
    ends = counted(mutations(folder, list(range(FEW)), small))
    assert min(ends["loaded"], ends["refused"]) > FEW / 10


@pytest.mark.slow
def test_a_thousand_damaged_files_and_words_are_read_as_they_are_or_refused_in_words(folder: Path) -> None:
    numbers = [int(one) for one in os.environ.get("FER_MUTATION", "").split(",") if one] or list(range(ALL))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        ends = fresh.submit(carried_out, folder, numbers).result()
    assert len(numbers) < ALL or min(ends["loaded"], ends["refused"]) > ALL / 10


def test_a_mutation_that_hangs_crashes_or_takes_all_memory_is_caught(tmp_path: Path) -> None:
    def endless() -> str:
        while True:
            pass

    def killed() -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        return "loaded"

    def greedy() -> str:
        return f"loaded {len(bytearray(2**40))}"

    def forbidden() -> str:
        (tmp_path / "file").chmod(0)
        return f"loaded {(tmp_path / 'file').read_text()}"

    (tmp_path / "file").write_text("read")
    jobs = [Job(work.__name__, tmp_path / work.__name__, work, patience=1) for work in (endless, killed, greedy, forbidden)]
    assert all(ended.failed for ended in isolated.run_all(jobs, at_once=4))
