"""This file tests the trained networks of a run again, on several views or elsewhere, and stores that as a run of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fer.data.database import Database
from fer.data.digest import file_digest
from fer.errors import ConfigError, DatabaseNotFound, RunError, WeightsError
from fer.files import read_json, write_json
from fer.machine import machine_failures
from fer.models.classical.classifier import Classifier
from fer.progress import RunProgress
from fer.protocols.base import Fold
from fer.results.predictions import REMEDY, write_predictions
from fer.results.store import RunStore, fingerprint
from fer.results.stored_run import StoredRun
from fer.training.elsewhere import Retest, plan_elsewhere
from fer.training.experiment import WHAT, Experiment
from fer.training.fold import predict
from fer.training.learner import Learner
from fer.training.places import with_roots
from fer.training.provenance import provenance
from fer.training.start import WEIGHTS
from fer.training.targets import name_of, names_a


@dataclass(frozen=True)
class Question:
    """What is asked of trained networks anew: several views of each face, and the faces of another database, or both.

    `views` is a name of fer.models.views; `on` the other database with its configuration.
    """

    views: str | None = None
    on: tuple[Database, Mapping[str, Any]] | None = None

    @property
    def title(self) -> str:
        """What the name of the run folder has of it."""
        return "".join(f"+{part}" for part in (self.views, self.on and f"on_{self.on[0].name}") if part)

    def config(self, run: StoredRun) -> dict[str, Any]:
        """The configuration of the evaluation: the run's own, what is asked, and the database that it is asked of."""
        asked = {key: value for key, value in (("views", self.views), ("on", self.on and self.on[0].name)) if value}
        if self.on is None:
            return {**run.config, "evaluation": asked}
        database, described = self.on
        data = {database.name: {key: value for key, value in described.items() if key != "root"}}
        content = {database.name: database.digest(), "trained": fingerprint(run.config)}
        return {**run.config, "data": data, "content": content, "evaluation": asked}


def evaluated_store(run: StoredRun, question: Question, *, output: Path) -> RunStore:
    """The run folder of an evaluation below `output`, whether or not it was begun; RunError where the run trained nothing."""
    require_trained(run)
    title = run.name.removesuffix(f"-{fingerprint(run.config)}")
    return RunStore.at(output, f"{title}{question.title}", question.config(run))


def require_trained(run: StoredRun) -> None:
    """RunError where the run has no networks of its own."""
    if members := run.config.get("ensemble"):
        raise RunError(
            f"{run.path} is an ensemble and has no networks of its own. Evaluate its members ({', '.join(members)}), "
            f"then average the results: fer ensemble RUN RUN."
        )
    if "evaluation" in run.config:
        raise RunError(f"{run.path} was made by fer evaluate and has no networks of its own. Give the run that was trained.")


def evaluate(run: StoredRun, store: RunStore, question: Question, *, roots: Mapping[str, str]) -> bool:
    """Test every fold that the run has trained and `store` has not done yet; says whether there was any.

    `roots` are the places of databases and weights where they differ from those that the run recorded.
    """
    if not run.folds:
        raise RunError(f"{run.path} has trained no fold yet. Give its training command again, then this one.")
    if not store.exists:
        require_network(run)
        require_views(question.views)
    require_same_weights(run, store)
    todo = [fold.name for fold in RunStore(run.path).folds() if is_done(run, fold) and not store.done(fold.name)]
    if todo:
        places = located(run, roots)
        plan = planned(run, places) if question.on is None else planned_elsewhere(run, question.on[0])
        create(store, run, question, plan.described, roots=places)
        with RunProgress() as progress:
            progress.start("folds", len(todo))
            for fold in (fold for fold in plan.folds if fold.name in todo):
                evaluate_fold(fold, plan, run, store, views=question.views)
                progress.advance("folds")
    return bool(todo)


def require_network(run: StoredRun) -> None:
    """RunError where what was trained is no network."""
    model = run.config["model"]
    if names_a(Classifier, model) or names_a(Learner, model):
        raise RunError(
            f"{run.path}: {name_of(model)} is no network: there are neither weights to restore nor views to average. "
            f"Give the run of a network."
        )


def require_views(name: str | None) -> None:
    """ConfigError where there are no views of this name, before anything is planned or written."""
    from fer.models.views import views_named

    if name is not None:
        views_named(name)


def is_done(run: StoredRun, fold: Fold) -> bool:
    """Whether the run has trained a fold."""
    return any(done.name == fold.name for done in run.folds)


def evaluate_fold(fold: Fold, plan: Retest, run: StoredRun, store: RunStore, *, views: str | None) -> None:
    """Restore the network of a fold, and store what it says of each test face."""
    from fer.models.views import one_look, views_named
    from fer.training.computing import compute_with
    from fer.training.lightning_learner import LightningLearner

    trained, learner = run.path / "folds" / fold.name, plan.learner
    assert isinstance(learner, LightningLearner), "other learners were refused"
    compute_with(int(run.provenance.get("threads", 1)))
    looks = one_look if views is None else views_named(views)
    described = {key: value for key, value in RunStore(run.path).card(fold.name).items() if key != "pictures"}
    evaluation = {
        "views": views,
        "run": run.name,
        "trained_on": sorted(run.config["data"]),
        "weights": weights_key(trained),
        "device": learner.settings.accelerator,
    }
    with store.work(fold.name) as folder, machine_failures(f"fold {fold.name}"):
        learner.restore(trained)
        predictions = predict(fold, plan.cohort, partial(learner.predict, views=looks))
        write_predictions(folder / "predictions.csv", predictions)
        write_json(folder / "card.json", {**described, "evaluation": evaluation})


def create(store: RunStore, run: StoredRun, question: Question, folds: Mapping[str, Any], *, roots: Mapping[str, str]) -> None:
    """Write what describes the evaluation: configuration, folds, and on what it is carried out."""
    recorded = {**provenance(threads=int(run.provenance.get("threads", 1))), "roots": dict(roots)}
    store.create(what=question.config(run), provenance=recorded, folds=folds)


def planned_elsewhere(run: StoredRun, database: Database) -> Retest:
    """The test of the run's networks on another database."""
    require_this_version(run)
    return plan_elsewhere(run, database, on_this_machine(run.config))


def require_this_version(run: StoredRun) -> None:
    """RunError where the run's configuration lacks what this version describes a run by."""
    if absent := [key for key in (*WHAT, "content") if key not in run.config]:
        raise RunError(
            f"{run.path} was trained by another version of this code: its config.json has no {', '.join(absent)}. "
            f"Train it again with this version, or evaluate it with that one ({run.provenance.get('commit')})."
        )


def planned(run: StoredRun, roots: Mapping[str, str]) -> Retest:
    """The run's experiment, planned again; raises what planning raises, and RunError where its folds would be others now."""
    require_this_version(run)
    try:
        experiment = Experiment.plan(on_this_machine(with_roots(run.config, roots)))
    except (DatabaseNotFound, WeightsError) as error:
        places = ", ".join(f"{name} in {place}" for name, place in roots.items()) or "nothing"
        raise type(error)(
            f"{error.args[0]}\n    {run.name} reads {places}. Put it back there, or say where it is now: --root NAME=PATH."
        ) from error
    if list(experiment.folds) != RunStore(run.path).folds():
        raise RunError(
            f"{run.path} was run with other folds, by another version of this code, so that its networks may have been trained "
            f"on what would be tested now. Train it again with this version."
        )
    return Retest(experiment.cohort, experiment.learner, experiment.folds, read_json(run.path / "folds.json"))


def located(run: StoredRun, given: Mapping[str, str]) -> dict[str, str]:
    """Where databases and weights lie: where the run recorded them, or where the user says; ConfigError for other names."""
    recorded = dict(run.provenance.get("roots") or {})
    if unknown := [name for name in given if name not in recorded]:
        reads = ", ".join(recorded) or "no files at all"
        raise ConfigError(f"--root: found {', '.join(unknown)}, but {run.name} reads {reads}")
    return recorded | {name: str(Path(place).absolute()) for name, place in given.items()}


def on_this_machine(what: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration for one process of this machine, on however many devices the networks were trained.

    The processor takes the place of an accelerator that is not here: predictions differ in last digits.
    """
    import torch

    here = {"cuda": torch.cuda.is_available(), "gpu": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    accelerator = what["trainer"]["accelerator"]
    alone = {"devices": 1, "nodes": 1, "strategy": "auto", "accelerator": accelerator if here.get(accelerator, True) else "cpu"}
    return {**what, "trainer": {**what["trainer"], **alone}}


def require_same_weights(run: StoredRun, store: RunStore) -> None:
    """RunError where a fold was evaluated with other weights than the run has now, or where its weights are gone."""
    for fold in run.folds:
        digest = weights_key(run.path / "folds" / fold.name)
        if store.done(fold.name) and store.card(fold.name)["evaluation"]["weights"] != digest:
            raise RunError(
                f"fold {fold.name} of {run.path} was trained again since {store.folder} was evaluated. "
                f"Delete the folder {store.folder}, and give this command again."
            )


def weights_key(folder: Path) -> str:
    """Sixteen hexadecimal digits of a fold's weights; RunError where there are none."""
    if not (folder / WEIGHTS).is_file():
        raise RunError(f"{folder / WEIGHTS} is missing, so that there is no network to test again. {REMEDY}")
    return file_digest(folder / WEIGHTS).hex()[:16]
