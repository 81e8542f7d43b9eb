"""This file runs one fold of a run in a process of its own: python -m fer.training.worker RUN FOLD HOW.

RUN describes itself; HOW is JSON with what no result depends on, such as where the databases lie on this machine.
Lightning starts the other ranks of a DDP training with the same command line, so there is no Hydra in it. Those ranks
train along; only the first locks the fold and writes.
"""

import contextlib
import os
import sys
from pathlib import Path

from fer.errors import EXIT_STATUS, FerError
from fer.orphans import end_with_parent, end_with_the_pipe
from fer.progress import RunProgress
from fer.results.store import RunStore, Taken
from fer.training.experiment import Experiment
from fer.training.fold import run_fold
from fer.training.how import How, fold_context
from fer.training.places import with_roots

#: The exit status of a worker that finds its fold taken, which is no error of the user's.
TAKEN_STATUS = 3


def main(run_folder: str, fold_name: str, how: str) -> None:
    """Run the fold; RunStore gives its folder the final name."""
    end_with_parent()
    end_with_the_pipe()
    store, asked = RunStore.open(Path(run_folder)), How.from_json(how)
    fold = next(fold for fold in store.folds() if fold.name == fold_name)
    experiment = Experiment.plan(with_roots(store.config, asked.roots))
    first = int(os.environ.get("LOCAL_RANK", "0")) == 0
    with store.work(fold.name) if first else contextlib.nullcontext():
        run_fold(fold, experiment.cohort, experiment.learner, fold_context(store, fold, asked, progress=RunProgress()))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Taken as taken:
        print(taken, file=sys.stderr)
        sys.exit(TAKEN_STATUS)
    except FerError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_STATUS)
