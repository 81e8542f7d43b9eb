"""This file foretells the next trials of a sweep, and creates nothing."""

from collections.abc import Sequence

import optuna
from optuna.trial import FrozenTrial, TrialState

from fer.sweeps.attempts import attempts_by_place
from fer.sweeps.search_space import STARTUP, Settings, distributions, grid, sampler, settings_of
from fer.sweeps.storage import quiet_optuna
from fer.sweeps.sweep_file import SweepFile


def next_settings(sweep: SweepFile, stored: Sequence[FrozenTrial], *, planned: int) -> list[Settings]:
    """The settings of the trials that were not begun: of bayes only those that no result that is still to come will change."""
    attempts = attempts_by_place(stored)
    left = [place for place in range(planned) if place not in attempts or attempts[place].last.state == TrialState.WAITING]
    if sweep.method == "grid":
        points = grid(sweep.parameters)
        return [settings_of(sweep.parameters, points[place]) for place in left]
    begun = sum(trial.state != TrialState.WAITING for trial in stored)
    known = len(left) if sweep.method == "random" else min(len(left), max(1, STARTUP - begun))
    return drawn(sweep, stored, known)


def drawn(sweep: SweepFile, stored: Sequence[FrozenTrial], number: int) -> list[Settings]:
    """What the next trials will be, drawn from a copy in memory."""
    quiet_optuna()
    maximise = sweep.objective is not None and sweep.objective.maximise
    copy = optuna.create_study(direction="maximize" if maximise else "minimize")
    copy.add_trials(sorted(stored, key=lambda trial: trial.number))
    space, found = distributions(sweep.parameters), []
    for _ in range(number):
        waiting = copy.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        copy.sampler = sampler(sweep, waiting[0].number if waiting else len(copy.trials))
        found.append(settings_of(sweep.parameters, copy.ask(space).params))
    return found
