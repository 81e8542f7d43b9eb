"""This file shows runs in MLflow: a run for every fold and one for the report, on a server or in a local SQLite file."""

import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # before the import: it looks up a host otherwise
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")  # it has a note on every new table

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run
from mlflow.utils import mlflow_tags
from mlflow.utils.validation import MAX_METRICS_PER_BATCH, MAX_PARAM_VAL_LENGTH, MAX_PARAMS_TAGS_PER_BATCH
from PIL import Image

from fer.files import replacing
from fer.locks import lock_beside, own
from fer.results.predictions import concatenate, write_predictions
from fer.training.loggers.confusion_picture import confusion_picture
from fer.training.loggers.content import RunContent, class_scalars
from fer.training.loggers.flat import flat
from fer.training.loggers.logger import RunLogger

SQLITE = "sqlite:///"
FILES = "mlflow_files"  # beside the store
ID = "ferlab.id"  # the tag by which a fold that is taken up again finds its run


class Mlflow(RunLogger):
    """A run of MLflow: parameters and metrics; of a report also the labels' scores, and report, page and predictions as files.

    `id` is what a run is found by when a fold goes on. Files go beside a SQLite store, or to where the server keeps them.
    """

    def __init__(self, *, tracking_uri: str, experiment: str, group: str, name: str, id: str) -> None:
        self.uri, self.experiment = tracking_uri, experiment
        self.tags = {ID: id, "ferlab.run": group, mlflow_tags.MLFLOW_RUN_NAME: name}
        self._client: MlflowClient | None = None
        self._run, self._goes_on = "", False
        self._shown: dict[str, frozenset[int]] = {}

    @property
    def client(self) -> MlflowClient:
        """The open client."""
        assert self._client is not None, "begin comes first"
        return self._client

    def begin(self, config: Mapping[str, Any]) -> None:
        """Open the run, or go on with the one that has this id; the configuration becomes parameters."""
        commit, store = config["provenance"].get("commit"), local_store(self.uri)
        tags = {**self.tags, **({mlflow_tags.MLFLOW_GIT_COMMIT: commit} if commit else {})}
        with one_at_a_time(store) if store else nullcontext():
            if store and not store.exists():
                make_store(store)
            self._client = MlflowClient(self.uri)
            self._run, self._goes_on = self.found_or_made(tags)
        self.client.update_run(self._run, status="RUNNING")
        params = (Param(plain_name(key), str(value)[:MAX_PARAM_VAL_LENGTH]) for key, value in flat(config).items())
        for some in in_batches(params, MAX_PARAMS_TAGS_PER_BATCH):
            self.client.log_batch(self._run, params=some)

    def found_or_made(self, tags: Mapping[str, str]) -> tuple[str, bool]:
        """The id that MLflow gives the run, and whether the run was there."""
        experiment = self.client.get_experiment_by_name(self.experiment)
        store = local_store(self.uri)
        files = (store.parent / FILES).as_uri() if store else None  # a server has a place of its own
        number = experiment.experiment_id if experiment else self.client.create_experiment(self.experiment, files)
        found: Sequence[Run] = self.client.search_runs([number], f"tags.`{ID}` = '{tags[ID]}'", max_results=1)
        run = found[0] if found else self.client.create_run(number, tags=dict(tags))
        return str(run.info.run_id), bool(found)

    def epoch(self, values: Mapping[str, float], epoch: int) -> None:
        """Show one epoch, which is the step, unless the run has it from before an interruption."""
        self.log({name: value for name, value in values.items() if epoch not in self.shown(name)}, epoch)

    def scores(self, values: Mapping[str, float]) -> None:
        """Show final values; those of a report that has changed take the place of the older ones."""
        self.log(values, 0)

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Send values as metrics of a step."""
        now = int(time.time() * 1000)
        metrics = (Metric(plain_name(name), value, now, step) for name, value in values.items())
        for some in in_batches(metrics, MAX_METRICS_PER_BATCH):
            self.client.log_batch(self._run, metrics=some)

    def shown(self, name: str) -> frozenset[int]:
        """The epochs of which the run had this value when it was opened again."""
        if self._goes_on and name not in self._shown:
            history = self.client.get_metric_history(self._run, plain_name(name))
            self._shown[name] = frozenset(metric.step for metric in history)
        return self._shown.get(name, frozenset())

    def show(self, content: RunContent) -> None:
        """Show the labels' scores as metrics, and the report, its page, all predictions and the matrices as files."""
        for name, test in content.tests.items():
            self.scores({f"{name}/{key}": value for key, value in class_scalars(test).items()})
        for file in content.files:
            self.client.log_artifact(self._run, str(file))
        with tempfile.TemporaryDirectory() as made:
            write_predictions(Path(made) / "predictions.csv", concatenate([fold.predictions for fold in content.run.folds]))
            for name, test in content.tests.items():
                picture = Image.fromarray(confusion_picture(test.confusion, test.labels))
                picture.save(Path(made) / f"confusion_{plain_name(name).replace('/', '_')}.png")
            self.client.log_artifacts(self._run, made)

    def end(self, *, failed: bool) -> None:
        """Say that the run is over."""
        if self._client is not None and self._run:
            self._client.set_terminated(self._run, "FAILED" if failed else "FINISHED")
        self._client = None


def local_store(uri: str) -> Path | None:
    """The SQLite file of a store; None for a server's."""
    return Path(uri.removeprefix(SQLITE)).absolute() if uri.startswith(SQLITE) else None


def make_store(store: Path) -> None:
    """Make a store with its tables, which takes seconds; one that was killed meanwhile would never open again."""
    with replacing(store) as beside:
        MlflowClient(f"{SQLITE}{beside}").search_experiments(max_results=1)


@contextmanager
def one_at_a_time(store: Path) -> Iterator[None]:
    """Hold the lock of a SQLite store: two processes that make it, or an experiment in it, at once stop each other."""
    store.parent.mkdir(parents=True, exist_ok=True)
    with own(lock_beside(store)):
        yield


def in_batches(items: Iterator[Any], size: int) -> Iterator[list[Any]]:
    """The items, so many at a time."""
    while some := list(islice(items, size)):
        yield some


def plain_name(name: str) -> str:
    """The name with nothing in it that MLflow refuses, and no longer than it takes."""
    return re.sub(r"[^\w/. :-]", "_", name, flags=re.ASCII)[:250]
