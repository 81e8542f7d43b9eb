"""This file reads sweeps out of their storages: the trials with their values on validation, and what the values depend on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState

from fer.sweeps.attempts import RUN, Attempts, attempts_by_place
from fer.sweeps.status import ORDER, STATES, State
from fer.sweeps.storage import open_for_reading, reachable, sqlite_file

#: Finished trials below which no importance is estimated: a forest over fewer points finds an order in anything.
FEWEST = 8

#: Trees of the forest that importance is read from; Optuna's 64 take some seconds for 200 trials, and say the same.
TREES = 24

Setting = str | int | float


@dataclass(frozen=True, slots=True)
class SweepTrial:
    """One trial: its number, state, value on validation where it has one, settings, run folder, and what went wrong."""

    number: int
    state: State
    value: float | None
    settings: Mapping[str, Setting]
    run: str | None
    errors: Sequence[str]


@dataclass(frozen=True)
class StoredSweep:
    """A sweep as its storage has it; `objective` is None where nothing is measured, `space` is what was searched."""

    name: str
    objective: str | None
    maximise: bool
    space: Mapping[str, BaseDistribution]
    trials: tuple[SweepTrial, ...]

    @property
    def counts(self) -> dict[State, int]:
        """The number of trials in each state that there is."""
        found = Counter(trial.state for trial in self.trials)
        return {state: found[state] for state in ORDER if found[state]}

    @property
    def done(self) -> list[SweepTrial]:
        """The trials that have come to their end, with a value."""
        return [trial for trial in self.trials if trial.state == "done" and trial.value is not None]

    @property
    def chosen(self) -> SweepTrial | None:
        """The best trial on validation, the first among equals."""
        sign = -1 if self.maximise else 1
        return min(self.done, key=lambda trial: (sign * (trial.value or 0.0), trial.number), default=None)

    @property
    def by_rank(self) -> list[SweepTrial]:
        """The trials as they stand: by state, then by value, then by number."""
        sign = -1 if self.maximise else 1
        return sorted(self.trials, key=lambda t: (ORDER.index(t.state), sign * (t.value or 0.0), t.number))


def names_of_sweeps(storage: Path) -> list[str]:
    """The names of the sweeps in a storage, the latest first; OutputError where it cannot be read."""
    with reachable(sqlite_file(storage)):
        opened = open_for_reading(sqlite_file(storage))
        return [] if opened is None else optuna.get_all_study_names(opened)[::-1]


def read_sweep(storage: Path, name: str) -> StoredSweep | None:
    """A sweep in a storage, in which nothing is written; None where there is none, OutputError where it cannot be read."""
    with reachable(sqlite_file(storage)):
        opened = open_for_reading(sqlite_file(storage))
        if opened is None or name not in optuna.get_all_study_names(opened):
            return None
        return sweep_of(optuna.load_study(study_name=name, storage=opened), opened)


def sweep_of(study: optuna.Study, storage: RDBStorage) -> StoredSweep:
    """A sweep as Optuna has it."""
    metrics = study.metric_names
    attempts = attempts_by_place(study.get_trials(deepcopy=False))
    space = {name: of for every in attempts.values() for name, of in every.last.distributions.items()}
    return StoredSweep(
        name=study.study_name,
        objective=metrics[0] if metrics else None,
        maximise=study.direction == StudyDirection.MAXIMIZE,
        space=space,
        trials=tuple(trial_of(place, every, measured=bool(metrics)) for place, every in attempts.items()),
    )


def trial_of(place: int, attempts: Attempts, *, measured: bool) -> SweepTrial:
    """A trial of the sweep as its last attempt left it."""
    last = attempts.last
    has_value = measured and last.state in (TrialState.COMPLETE, TrialState.PRUNED)
    return SweepTrial(
        number=place,
        state=STATES[last.state],
        value=last.value if has_value else None,
        settings=last.params,
        run=last.user_attrs.get(RUN),
        errors=attempts.errors,
    )


def importance(sweep: StoredSweep) -> dict[str, float]:
    """How much of the value's variance each parameter explains by itself (fANOVA, Hutter et al. 2014), the largest first.

    Shares that sum to 1; empty where there is one parameter, or too few finished trials, or all have the same value.
    """
    done = [trial for trial in sweep.done if trial.settings.keys() == sweep.space.keys()]
    if len(done) < FEWEST or len(sweep.space) < 2 or len({trial.value for trial in done}) < 2:
        return {}
    study = optuna.create_study(direction="maximize" if sweep.maximise else "minimize")
    space = {name: as_searched(searched) for name, searched in sweep.space.items()}
    for trial in done:
        settings = {name: position(value, sweep.space[name]) for name, value in trial.settings.items()}
        study.add_trial(optuna.trial.create_trial(params=settings, distributions=space, value=trial.value))
    shares = get_param_importances(study, evaluator=FanovaImportanceEvaluator(n_trees=TREES, seed=0))
    return {name: float(share) for name, share in shares.items()}


def as_searched(searched: BaseDistribution) -> BaseDistribution:
    """A range on a log scale as one of logarithms: Optuna's fANOVA would weigh a learning rate by its linear size."""
    if isinstance(searched, FloatDistribution | IntDistribution) and searched.log:
        return FloatDistribution(log10(searched.low), log10(searched.high))
    return searched


def position(value: Setting, searched: BaseDistribution) -> Setting:
    """A setting where the search sees it."""
    on_log_scale = isinstance(searched, FloatDistribution | IntDistribution) and searched.log
    return log10(float(value)) if on_log_scale else value
