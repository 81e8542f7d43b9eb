"""This file shows runs in Weights & Biases: a run for every fold and one for the report, grouped by the run folder's name."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import wandb
from wandb.sdk.wandb_run import Run

from fer.results.set_report import SetReport
from fer.training.loggers.content import RunContent
from fer.training.loggers.examples import COLUMNS, Examples, examples
from fer.training.loggers.logger import RunLogger

PER_CLASS = ("recall", "precision", "f1")


class Wandb(RunLogger):
    """A run of W&B: curves by epoch; of a report also matrices, bars of the labels, a table of predictions and the files.

    The arguments are those of `wandb.init`, but for `predictions`, how many rows the table has at most, and `images`,
    whether the faces stand in it. Nothing is printed unless WANDB_SILENT=false.
    """

    def __init__(
        self,
        *,
        dir: str,
        project: str,
        group: str,
        name: str,
        id: str,
        job_type: str | None = None,
        mode: Literal["online", "offline", "disabled"] = "offline",
        entity: str | None = None,
        tags: Sequence[str] | None = None,
        notes: str | None = None,
        init_timeout: float = 30.0,
        predictions: int = 1000,
        images: bool = False,
    ) -> None:
        self.arguments: dict[str, Any] = {
            **{"dir": dir, "project": project, "entity": entity, "group": group, "job_type": job_type},
            **{"name": name, "id": id, "mode": mode, "tags": tags, "notes": notes},
        }
        self.init_timeout, self.predictions, self.images = init_timeout, predictions, images
        self._run: Run | None = None
        self._by_epoch: set[str] = set()

    @property
    def run(self) -> Run:
        """The open run."""
        assert self._run is not None, "begin comes first"
        return self._run

    def begin(self, config: Mapping[str, Any]) -> None:
        """Open the run, or go on with the one that has this id."""
        os.environ.setdefault("WANDB_SILENT", "true")
        settings = wandb.Settings(console="off", init_timeout=self.init_timeout)
        self._run = wandb.init(**self.arguments, resume="allow", settings=settings)
        self.run.config.update(dict(config), allow_val_change=True)  # type: ignore[no-untyped-call]

    def epoch(self, values: Mapping[str, float], epoch: int) -> None:
        """Show the values over epochs rather than over W&B's own count of calls."""
        for name in values.keys() - self._by_epoch:
            self.run.define_metric(name, step_metric="epoch")
            self._by_epoch.add(name)
        self.run.log({**values, "epoch": epoch})

    def scores(self, values: Mapping[str, float]) -> None:
        """Show final values; they stand in the summary."""
        self.run.log(dict(values))

    def show(self, content: RunContent) -> None:
        """Show the report: a matrix and bars for each test set, the table of predictions, and the files as an artifact."""
        for name, test in content.tests.items():
            self.run.log({f"{name}/confusion": confusion_chart(test, name), **class_bars(test, name)})
        artifact = wandb.Artifact(artifact_name(content.report.run), "report")
        for file in content.files:
            artifact.add_file(str(file))
        self.run.log_artifact(artifact)
        chosen = examples(content.run, self.predictions)
        self.run.summary["predictions_note"] = chosen.note
        self.run.log({"predictions": self.table(chosen, content)})

    def table(self, chosen: Examples, content: RunContent) -> wandb.Table:
        """The table of predictions."""
        if not self.images:
            return wandb.Table(columns=list(COLUMNS), data=[list(row) for row in chosen.rows])
        from fer.training.loggers.face_images import face_images

        faces = face_images(content.run, [row[COLUMNS.index("id")] for row in chosen.rows])
        rows = [[*row, wandb.Image(faces[row[COLUMNS.index("id")]])] for row in chosen.rows]
        return wandb.Table(columns=[*COLUMNS, "image"], data=rows)

    def end(self, *, failed: bool) -> None:
        """Finish the run, so that the next fold gets one of its own."""
        if self._run is not None:
            self._run.finish(exit_code=int(failed))
            self._run = None


def confusion_chart(test: SetReport, name: str) -> Any:
    """W&B's own chart of a confusion matrix; of several seeds it has the answers of all of them."""
    pairs = [(i, j) for i, row in enumerate(test.confusion.tolist()) for j, count in enumerate(row) for _ in range(count)]
    return wandb.plot.confusion_matrix(
        y_true=[target for target, _ in pairs],
        preds=[predicted for _, predicted in pairs],
        class_names=list(test.labels),
        title=f"{name}: target and predicted",
    )


def class_bars(test: SetReport, name: str) -> dict[str, Any]:
    """A chart of bars for recall, precision and F1 of the labels."""
    table = wandb.Table(
        columns=["label", "n", *PER_CLASS], data=[[s.name, s.n, s.recall, s.precision, s.f1] for s in test.per_class]
    )
    return {f"{name}/{score}": wandb.plot.bar(table, "label", score, title=f"{name}: {score}") for score in PER_CLASS}


def artifact_name(run: str) -> str:
    """The report's name among artifacts, whose names have letters, digits, dots, dashes and underscores alone."""
    return f"{re.sub(r'[^A-Za-z0-9._-]', '_', run)[:100]}-report"
